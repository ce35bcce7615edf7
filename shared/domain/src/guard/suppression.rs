use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, Channel, RuleInput, Suppression, SuppressionReason, facts::address_key};

/// A suppressed address is never used; a cease reaches every address of the person, and the contact whatever addresses it gets.
pub(super) const RULE: Rule = Rule {
    id: "suppression",
    version: 1,
    citation: "12 CFR 1006.6(c), (e); provider policies on bounces and complaints",
    authority: Authority::Statute,
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    inputs,
    check,
};

/// What stands against the address of the person on a channel.
fn suppressed<'a>(ask: &ContactQuestion<'a>, channel: Channel) -> Option<&'a Suppression> {
    let address = ask.contact.address(channel)?;
    ask.facts.addresses.get(&address_key(channel, address))?.suppressed.as_ref()
}

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    let stopped = Channel::ALL.into_iter().filter_map(|channel| {
        let found = suppressed(ask, channel)?;
        Some(format!("{} by {} since {}", found.reason.as_str(), channel.as_str(), found.at))
    });
    let mut stopped: Vec<String> = stopped.collect();
    // It may stand at the mailbox, or at the contact, and at none of the addresses that the contact has now.
    let ceased = ask.facts.ceased(ask.contact).filter(|_| stopped.is_empty());
    stopped.extend(ceased.map(|found| format!("{} of the person since {}", found.reason.as_str(), found.at)));
    let said = if stopped.is_empty() { "none".to_owned() } else { stopped.join("; ") };
    vec![RuleInput::of("suppressions of the person's addresses", said, "suppressions")]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    let of_person = ask.facts.ceased(ask.contact).map(|found| found.reason);
    match of_person.or_else(|| suppressed(ask, ask.channel).map(|found| found.reason)) {
        None => Verdict::Allow,
        Some(SuppressionReason::Bounce) => Verdict::Block("the address bounced for good".to_owned()),
        Some(SuppressionReason::Complaint) => Verdict::Block("the address complained".to_owned()),
        Some(SuppressionReason::OptOut) => Verdict::Block("the address opted out".to_owned()),
        Some(SuppressionReason::Cease) => Verdict::Block("the person asked for all contact to cease".to_owned()),
        Some(SuppressionReason::Later(word)) => {
            Verdict::Block(format!("the address is suppressed by a later release, for '{word}'"))
        }
    }
}
