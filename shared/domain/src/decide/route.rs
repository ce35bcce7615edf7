//! Whom a step's message can go to, and by which channel.

use jiff::Timestamp;

use super::Situation;
use crate::{
    Channel, Contact, Mode, RuleTrace, Workflow,
    guard::{self, Ask, Verdict},
    workflow::Send,
};

/// Most lines that a trace keeps of rules and of ways that were passed over.
const RULES_MAX: usize = 24;

/// Whom a step's message can go to, and how.
#[derive(Debug)]
pub(super) enum Route {
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

/// Looks for a route: roles in order, channels in order, contacts in order; the first that the guard allows. The second value
/// is `notes` with what was said against the others.
pub(super) fn find(
    situation: &Situation<'_>,
    workflow: &Workflow,
    send: &Send,
    lifted: Lifted,
    tried: &[&(Channel, String)],
    notes: Vec<RuleTrace>,
) -> (Route, Vec<RuleTrace>) {
    let mut notes = notes;
    let mut later: Option<Timestamp> = None;
    let mut review = None;
    for role in &send.to {
        let people: Vec<&Contact> =
            situation.facts.customer.contacts.iter().filter(|contact| contact.roles.contains(role)).collect();
        for channel in &send.channels {
            let passed_over = |contact: &str, reason: &str| note("way", 1, *channel, contact, format!("passed over: {reason}"));
            if !situation.policy.templates.contains_key(&(send.template.clone(), *channel)) {
                notes = noted(notes, passed_over("", "there is no template for this channel"));
                continue;
            }
            if !situation.policy.senders.contains(channel) {
                notes = noted(notes, passed_over("", "this deployment has no sender for this channel"));
                continue;
            }
            if people.is_empty() {
                notes = noted(notes, passed_over("", "the customer has nobody in this role"));
            }
            for contact in &people {
                if contact.address(*channel).is_none() {
                    notes = noted(notes, passed_over(&contact.external_id, "no address"));
                    continue;
                }
                if tried.iter().any(|(by, whom)| by == channel && *whom == contact.external_id) {
                    notes = noted(notes, passed_over(&contact.external_id, "it was tried and not delivered"));
                    continue;
                }
                let answer = ask_lifted(situation, workflow, lifted, *channel, contact, situation.mode(), situation.now);
                for (rule, verdict) in &answer.against {
                    notes = noted(notes, note(rule.id, rule.version, *channel, &contact.external_id, verdict.to_string()));
                }
                if answer.tenant != Verdict::Allow {
                    return (Route::Stopped(answer.tenant), notes);
                }
                match answer.verdict {
                    Verdict::Allow => return (Route::Free(*channel, contact.external_id.clone()), notes),
                    Verdict::Defer(until) => later = Some(later.map_or(until, |so_far| so_far.min(until))),
                    Verdict::NeedsReview(why) => review = Some(why),
                    Verdict::Block(_) => {}
                }
            }
        }
    }
    let route = match (later, review) {
        (Some(until), _) => Route::Later(until),
        (None, Some(why)) => Route::Review(why),
        // What was not there in the night may be there by the morning: nothing is missed before it could have been sent.
        (None, None) if !situation.calendar().allows(situation.now) => {
            Route::Later(situation.calendar().next_allowed(situation.now))
        }
        (None, None) => Route::Nobody,
    };
    (route, notes)
}

/// What people lifted for a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lifted {
    /// The plan's gap between contacts: it is to be sent now.
    pub(super) gap: bool,
    /// The cap of contacts a person.
    pub(super) cap: bool,
}

/// Asks the guard about one way to reach one person, where nobody lifted anything.
#[cfg(test)]
pub(super) fn ask(
    situation: &Situation<'_>,
    workflow: &Workflow,
    channel: Channel,
    contact: &Contact,
    mode: Mode,
    decided_at: Timestamp,
) -> guard::Answer {
    ask_lifted(situation, workflow, Lifted::default(), channel, contact, mode, decided_at)
}

/// Asks the guard about one way to reach one person.
pub(super) fn ask_lifted(
    situation: &Situation<'_>,
    workflow: &Workflow,
    lifted: Lifted,
    channel: Channel,
    contact: &Contact,
    mode: Mode,
    decided_at: Timestamp,
) -> guard::Answer {
    let calendar = situation.calendar();
    guard::ask(&Ask {
        facts: situation.facts,
        policy: situation.policy,
        place: &situation.place,
        calendar: &calendar,
        min_gap_days: if lifted.gap { 0 } else { i64::from(workflow.min_gap.0) },
        cap_lifted: lifted.cap,
        mode,
        decided_at,
        channel,
        contact,
        now: situation.now,
    })
}

fn note(rule: &str, version: u32, channel: Channel, contact: &str, said: String) -> RuleTrace {
    RuleTrace { rule: rule.to_owned(), version, channel, contact: contact.to_owned(), said }
}

fn noted(mut notes: Vec<RuleTrace>, line: RuleTrace) -> Vec<RuleTrace> {
    if notes.len() < RULES_MAX && !notes.contains(&line) {
        notes.push(line);
    }
    notes
}
