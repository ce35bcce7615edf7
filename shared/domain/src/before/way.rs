use std::collections::BTreeSet;

use jiff::Timestamp;

use super::View;
use crate::{
    Channel, Contact, Mode, RuleTrace, Workflow,
    guard::{self, Ask, Verdict},
    workflow::Send,
};

/// Whom a step's message can go to, and how.
#[derive(Debug)]
pub(super) enum Way {
    /// To this contact by this channel.
    Free(Channel, String),
    /// Not before this instant.
    Later(Timestamp),
    /// Something about the tenant as a whole stops it; nothing is missed.
    Stopped(Verdict),
    /// A person has to look first.
    Review(String),
    /// Nobody can be reached.
    Nobody,
}

/// Looks for a way: roles in order, channels in order, contacts in order; the first that the guard allows.
pub(super) fn find(
    view: &View<'_>,
    workflow: &Workflow,
    send: &Send,
    tried: &BTreeSet<(Channel, String)>,
    trace: &mut Vec<RuleTrace>,
) -> Way {
    let mut later: Option<Timestamp> = None;
    let mut review = None;
    for role in &send.to {
        let people: Vec<&Contact> = view.facts.customer.contacts.iter().filter(|contact| contact.roles.contains(role)).collect();
        for channel in &send.channels {
            let usable = |reason: &str, contact: &str, trace: &mut Vec<RuleTrace>| {
                note(trace, "way", 1, *channel, contact, reason.to_owned());
            };
            if !view.policy.templates.contains_key(&(send.template.clone(), *channel)) {
                usable("passed over: there is no template for this channel", "", trace);
                continue;
            }
            if !view.policy.senders.contains(channel) {
                usable("passed over: this deployment has no sender for this channel", "", trace);
                continue;
            }
            if people.is_empty() {
                usable("passed over: the customer has nobody in this role", "", trace);
            }
            for contact in &people {
                if contact.address(*channel).is_none() {
                    usable("passed over: no address", &contact.external_id, trace);
                    continue;
                }
                if tried.contains(&(*channel, contact.external_id.clone())) {
                    usable("passed over: it was tried and not delivered", &contact.external_id, trace);
                    continue;
                }
                let answer = ask(view, workflow, *channel, contact, view.mode(), view.now);
                for (rule, verdict) in &answer.against {
                    note(trace, rule.id, rule.version, *channel, &contact.external_id, verdict.to_string());
                }
                if answer.tenant != Verdict::Allow {
                    return Way::Stopped(answer.tenant);
                }
                match answer.verdict {
                    Verdict::Allow => return Way::Free(*channel, contact.external_id.clone()),
                    Verdict::Defer(until) => later = Some(later.map_or(until, |so_far| so_far.min(until))),
                    Verdict::NeedsReview(why) => review = Some(why),
                    Verdict::Block(_) => {}
                }
            }
        }
    }
    match (later, review) {
        (Some(until), _) => Way::Later(until),
        (None, Some(why)) => Way::Review(why),
        (None, None) => Way::Nobody,
    }
}

/// Asks the guard about one way.
pub(super) fn ask(
    view: &View<'_>,
    workflow: &Workflow,
    channel: Channel,
    contact: &Contact,
    mode: Mode,
    decided_at: Timestamp,
) -> guard::Answer {
    let calendar = view.calendar();
    guard::ask(&Ask {
        facts: view.facts,
        policy: view.policy,
        place: &view.place,
        calendar: &calendar,
        min_gap_days: i64::from(workflow.min_gap.0),
        mode,
        decided_at,
        channel,
        contact,
        now: view.now,
    })
}

fn note(trace: &mut Vec<RuleTrace>, rule: &str, version: u32, channel: Channel, contact: &str, said: String) {
    let line = RuleTrace { rule: rule.to_owned(), version, channel, contact: contact.to_owned(), said };
    if trace.len() < 24 && !trace.contains(&line) {
        trace.push(line);
    }
}
