//! Who wrote an answer: what proves it, and what follows for a channel that it closes where nothing does.
//!
//! An opt-out acts at once, whoever wrote it: to be late with a real one is worse than to be early with a forged one. A forged one would silence somebody
//! for good, though. So a person is asked to look where nothing proves who wrote it, and opens the channel again by one call
//! ([`crate::replies::undo`]). Whoever asks for the same after that, in whatever way, takes its place, and then it is not undone.

use domain::{Channel, HeardReply, ReplyId, ReplyProof};
use store::{AddressId, PortalLink};

/// What came of a wish for no more messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// Nobody wished it.
    None,
    /// The channel is closed to its sender, whom something proves, or it was closed before.
    Proven,
    /// So it is, because of this answer alone, of which nothing proves who wrote it.
    Unproven,
}

/// What proves who sent an answer. A mark says that whoever answers read the mail that it is of: that proves the sender where the mail was for them. `link` is
/// that of the address to which it went.
pub(crate) fn proof_of(heard: &HeardReply, link: Option<&PortalLink>) -> ReplyProof {
    match heard.channel {
        Channel::Sms | Channel::Voice | Channel::Whatsapp | Channel::Letter | Channel::Later(_) => return ReplyProof::Carrier,
        Channel::Email => {}
    }
    let is_of_mark = heard.about.by.is_proven() && heard.about.link.is_some();
    let sender = AddressId::of(heard.channel, &heard.from);
    if is_of_mark && link.is_some_and(|link| link.channel == heard.channel && link.address == sender) {
        return ReplyProof::Mark;
    }
    if heard.is_of_domain || heard.dkim_domain.is_some() { ReplyProof::Domain } else { ReplyProof::Nothing }
}

/// What a person has to know of a channel that was closed without proof.
pub(crate) fn said_of_unproven(id: &ReplyId) -> String {
    format!(
        "The channel is closed to its sender, and nothing proves that they wrote it: anybody can write any sender into a mail. Ask them another way. If they \
         did not write it, POST /v1/replies/{id}/undo opens the channel again; if they did, end this task."
    )
}

#[cfg(test)]
mod tests {
    use domain::{FoundBy, HeardAbout, LinkId, TenantId};
    use jiff::Timestamp;

    use super::*;

    fn heard(by: FoundBy, has_link: bool) -> HeardReply {
        HeardReply {
            channel: Channel::Email,
            provider_id: "1".to_owned(),
            received_at: Timestamp::UNIX_EPOCH,
            from: "ap@acme.example".to_owned(),
            to: "acme@answers.dunlin.example".to_owned(),
            subject: None,
            text: "Please unsubscribe me.".to_owned(),
            files: vec![],
            unkept: vec![],
            is_whole: true,
            machine: None,
            suspect: None,
            dkim_domain: None,
            is_of_domain: false,
            original: None,
            about: HeardAbout {
                tenant: TenantId::parse("acme").expect("a tenant"),
                customer: None,
                link: has_link.then(|| LinkId::derive(&["1"])),
                case: None,
                message: None,
                service_mail: None,
                by,
            },
        }
    }

    fn link_of(address: &str) -> PortalLink {
        PortalLink {
            id: LinkId::derive(&["1"]),
            address: AddressId::of(Channel::Email, address),
            generation: 1,
            earlier: vec![],
            revoked_earlier: vec![],
            channel: Channel::Email,
            contact: "p1".to_owned(),
            person: None,
            shown: "a…@acme.example".to_owned(),
            made_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
            revoked_at: None,
        }
    }

    #[test]
    fn a_mark_proves_whoever_its_mail_was_for_and_a_domain_its_own() {
        let (own, other) = (link_of("ap@acme.example"), link_of("somebody@else.example"));
        let by_mark = heard(FoundBy::ReplyAddress, true);
        assert_eq!(proof_of(&by_mark, Some(&own)), ReplyProof::Mark);
        assert_eq!(proof_of(&by_mark, Some(&other)), ReplyProof::Nothing, "a mark of a mail of one's own proves no other sender");
        assert_eq!(proof_of(&heard(FoundBy::Sender, false), Some(&own)), ReplyProof::Nothing);
        let signed = HeardReply { dkim_domain: Some("acme.example".to_owned()), ..heard(FoundBy::Sender, false) };
        let aligned = HeardReply { is_of_domain: true, ..heard(FoundBy::Nothing, false) };
        assert_eq!((proof_of(&signed, None), proof_of(&aligned, None)), (ReplyProof::Domain, ReplyProof::Domain));
        let by_text = HeardReply { channel: Channel::Sms, ..heard(FoundBy::Nothing, false) };
        assert_eq!(proof_of(&by_text, None), ReplyProof::Carrier);
    }
}
