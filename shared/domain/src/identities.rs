//! Whom a tenant may send as. An operator lists it, because the addresses and numbers of a deployment are verified for all of its tenants
//! together: settings are held to the list when they are stored, and each message before it is sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Channel, Mailbox, Settings,
    mailbox::{is_address, is_domain},
    word,
};

/// Most senders of one channel.
const EACH_MAX: usize = 200;
/// Longest sender, in characters.
const CHARS_MAX: usize = 254;

/// The senders that an operator lists for a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identities {
    /// By channel. Of email an address (`ar@acme.example`), or a domain (`acme.example`), which stands for every address of exactly that domain;
    /// of SMS a sender id or a number. Letters count whatever their case.
    #[serde(deserialize_with = "word::known_keys")]
    pub senders: BTreeMap<Channel, Vec<String>>,
}

impl Identities {
    /// What is wrong with the list: a JSON pointer and a sentence for each.
    pub fn check(&self) -> Vec<(String, String)> {
        let mut wrong = Vec::new();
        for (channel, listed) in &self.senders {
            let pointer = format!("/senders/{}", channel.as_str());
            if listed.len() > EACH_MAX {
                wrong.push((pointer.clone(), format!("at most {EACH_MAX} senders of a channel are listed")));
            }
            for (at, sender) in listed.iter().enumerate() {
                let chars = sender.chars().count();
                let is_line =
                    (1..=CHARS_MAX).contains(&chars) && sender.trim() == sender && !sender.chars().any(char::is_control);
                let detail = if *channel == Channel::Email && !is_address(sender) && !is_domain(sender) {
                    "is neither an address such as 'ar@acme.example' nor a domain such as 'acme.example'".to_owned()
                } else if !is_line {
                    format!("has 1 to {CHARS_MAX} characters, and neither begins nor ends with a blank")
                } else {
                    continue;
                };
                wrong.push((format!("{pointer}/{at}"), detail));
            }
        }
        wrong
    }

    /// Whether a sender of settings is listed.
    pub fn has(&self, channel: Channel, sender: &str) -> bool {
        let listed = self.senders.get(&channel).map(Vec::as_slice).unwrap_or_default();
        if channel != Channel::Email {
            return listed.iter().any(|known| known.eq_ignore_ascii_case(sender.trim()));
        }
        let Ok(Mailbox { address, .. }) = Mailbox::parse(sender) else { return false };
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        listed.iter().any(|known| known.eq_ignore_ascii_case(&address) || known.eq_ignore_ascii_case(domain))
    }

    /// What a message of a legal entity would be sent from, or answered to, and is not listed.
    pub fn missing<'a>(&self, settings: &'a Settings, legal_entity: &str, channel: Channel) -> Option<&'a str> {
        let reply_to = settings.reply_to_of(legal_entity).filter(|_| channel == Channel::Email);
        settings.sender_of(legal_entity, channel).into_iter().chain(reply_to).find(|sender| !self.has(channel, sender))
    }
}

/// What settings name as sender, or as where replies go, and may not: a JSON pointer and a sentence for each. While nothing is listed for a
/// tenant, what its settings said `before` stands.
pub fn unlisted(settings: &Settings, listed: Option<&Identities>, before: Option<&Settings>) -> Vec<(String, String)> {
    let stood: BTreeMap<String, (Channel, &str)> = before.map(senders).unwrap_or_default();
    let wrong = senders(settings).into_iter().filter(|(pointer, (channel, sender))| match listed {
        // What stood before stays, so that everything else can still be set: no message leaves with it.
        Some(listed) => !listed.has(*channel, sender) && stood.get(pointer) != Some(&(*channel, *sender)),
        None => stood.get(pointer) != Some(&(*channel, *sender)),
    });
    wrong
        .map(|(pointer, (channel, sender))| {
            let detail = format!(
                "'{sender}' is not among the senders of {} that the operator listed for this tenant; have it listed with PUT \
                 /v1/tenants/{{tenant}}/senders",
                channel.as_str()
            );
            (pointer, detail)
        })
        .collect()
}

/// Every sender that settings name, by its JSON pointer.
fn senders(settings: &Settings) -> BTreeMap<String, (Channel, &str)> {
    let mut all = of("", &settings.sender, settings.reply_to.as_deref());
    for (id, entity) in &settings.legal_entities {
        let own = format!("/legal_entities/{}", id.replace('~', "~0").replace('/', "~1"));
        all.extend(of(&own, &entity.sender, entity.reply_to.as_deref()));
    }
    all
}

fn of<'a>(
    pointer: &str,
    senders: &'a BTreeMap<Channel, String>,
    reply_to: Option<&'a str>,
) -> BTreeMap<String, (Channel, &'a str)> {
    let by_channel =
        senders.iter().map(|(channel, sender)| (format!("{pointer}/sender/{}", channel.as_str()), (*channel, sender.as_str())));
    let reply_to = reply_to.map(|address| (format!("{pointer}/reply_to"), (Channel::Email, address)));
    by_channel.chain(reply_to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(email: &[&str], sms: &[&str]) -> Identities {
        let own = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        Identities { senders: BTreeMap::from([(Channel::Email, own(email)), (Channel::Sms, own(sms))]) }
    }

    #[test]
    fn who_is_listed() {
        let listed = listed(&["ar@acme.example", "mail.acme.example"], &["ACME", "+14155550100"]);
        for (channel, sender, expected) in [
            (Channel::Email, "ar@acme.example", true),
            (Channel::Email, "Acme <AR@Acme.example>", true),
            (Channel::Email, "other@acme.example", false),
            (Channel::Email, "anyone@mail.acme.example", true),
            (Channel::Email, "anyone@x.mail.acme.example", false),
            (Channel::Email, "ar@acme.example.evil.example", false),
            (Channel::Email, "\"ar@acme.example\" <ar@evil.example>", false),
            (Channel::Email, "acme.example", false),
            (Channel::Email, "", false),
            (Channel::Sms, "Acme", true),
            (Channel::Sms, "+14155550100", true),
            (Channel::Sms, "ar@acme.example", false),
            (Channel::Voice, "+14155550100", false),
        ] {
            assert_eq!(listed.has(channel, sender), expected, "{channel} {sender}");
        }
    }

    #[test]
    fn settings_are_held_to_the_list() {
        let mut settings = Settings::named("Acme");
        settings.sender.insert(Channel::Email, "ar@acme.example".to_owned());
        settings.reply_to = Some("desk@acme.example".to_owned());
        let mut entity = crate::settings::LegalEntity::default();
        entity.sender.insert(Channel::Sms, "Berlin".to_owned());
        settings.legal_entities.insert("a/b".to_owned(), entity);
        let pointers = |listed: Option<&Identities>, before: Option<&Settings>| {
            let found = unlisted(&settings, listed, before);
            found.into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>().join(" ")
        };
        let all = "/legal_entities/a~1b/sender/sms /reply_to /sender/email";
        assert_eq!(pointers(None, None), all, "nothing is listed");
        assert_eq!(pointers(None, Some(&settings)), "", "what stood before anything was listed stands");
        assert_eq!(pointers(None, Some(&Settings::named("Acme"))), all, "and nothing new comes beside it");
        assert_eq!(pointers(Some(&Identities::default()), None), all, "an empty list is one");
        assert_eq!(pointers(Some(&Identities::default()), Some(&settings)), "", "what stood stays, and sends nothing");
        assert_eq!(pointers(Some(&Identities::default()), Some(&Settings::named("Acme"))), all);
        assert_eq!(pointers(Some(&listed(&["acme.example"], &["berlin"])), None), "");
        let some = listed(&["ar@acme.example"], &[]);
        assert_eq!(pointers(Some(&some), None), "/legal_entities/a~1b/sender/sms /reply_to");
        assert_eq!(some.missing(&settings, "", Channel::Email), Some("desk@acme.example"));
        assert_eq!(some.missing(&settings, "a/b", Channel::Sms), Some("Berlin"));
        assert_eq!(some.missing(&settings, "", Channel::Sms), None, "there is none to be listed");
    }

    #[test]
    fn lists_have_a_form() {
        let pointers = |list: Identities| list.check().into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>();
        assert!(pointers(listed(&["acme.example", "ar@acme.example"], &["ACME", "+14155550100"])).is_empty());
        let bad = listed(&["acme", "a b@acme.example", "*"], &[" ACME", ""]);
        assert_eq!(
            pointers(bad),
            ["/senders/email/0", "/senders/email/1", "/senders/email/2", "/senders/sms/0", "/senders/sms/1"]
        );
        assert_eq!(pointers(listed(&["acme.example"; 201], &[])), ["/senders/email"]);
    }
}
