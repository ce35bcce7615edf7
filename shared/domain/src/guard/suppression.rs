use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, Channel, RuleInput, Suppression, SuppressionReason, facts::address_key};

/// A suppressed address is never used; a cease reaches every address of the person.
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

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    let stopped = Channel::ALL.into_iter().filter_map(|channel| {
        let address = ask.contact.address(channel)?;
        let found = ask.facts.addresses.get(&address_key(channel, address))?.suppressed.as_ref()?;
        Some(format!("{} by {} since {}", found.reason.as_str(), channel.as_str(), found.at))
    });
    let stopped: Vec<String> = stopped.collect();
    let said = if stopped.is_empty() { "none".to_owned() } else { stopped.join("; ") };
    vec![RuleInput::of("suppressions of the person's addresses", said, "suppressions")]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    let suppressed = |channel: Channel| {
        let address = ask.contact.address(channel)?;
        ask.facts.addresses.get(&address_key(channel, address))?.suppressed.as_ref()
    };
    let everywhere = |found: &&Suppression| reaches_every_address(found.reason);
    let found = Channel::ALL.into_iter().filter_map(suppressed).find(everywhere).or_else(|| suppressed(ask.channel));
    match found.map(|found| found.reason) {
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

/// Whether a suppression of one address is one of every address of the person.
fn reaches_every_address(reason: SuppressionReason) -> bool {
    match reason {
        SuppressionReason::Bounce | SuppressionReason::Complaint | SuppressionReason::OptOut => false,
        SuppressionReason::Cease | SuppressionReason::Later(_) => true,
    }
}
