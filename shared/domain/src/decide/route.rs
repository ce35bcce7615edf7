//! Whom a step's message can go to, and by which channel.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Situation;
use crate::{
    Channel, Contact, Mode, Role, RuleTrace, Workflow,
    guard::{self, ContactQuestion, Verdict},
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

/// A question after ways to reach people.
pub(super) struct Ways<'s, 'a> {
    pub(super) situation: &'s Situation<'a>,
    pub(super) workflow: &'s Workflow,
    pub(super) send: &'s Send,
    /// The id of whom the covered invoices name for themselves.
    pub(super) own: Option<&'s str>,
    /// What a person lifted for it.
    pub(super) lifted: Lifted,
    /// Ways that proved not to deliver.
    pub(super) tried: BTreeSet<&'s (Channel, String)>,
    /// Channels by which the message left and did not arrive in time.
    pub(super) overdue: BTreeSet<Channel>,
}

/// What asking about one way came to.
enum Reachable {
    /// There is none.
    None,
    /// What the guard says of it.
    Asked(guard::GuardAnswer),
}

impl<'s> Ways<'s, '_> {
    /// Looks for a route: the invoices' own contact first, then roles in order; channels in order, contacts in order; the first
    /// that the guard allows. The second value is `notes` with what was said against the others.
    pub(super) fn select_contact_and_channel(&self, notes: Vec<RuleTrace>) -> (Route, Vec<RuleTrace>) {
        let situation = self.situation;
        let mut notes = notes;
        let mut later: Option<Timestamp> = None;
        let mut review = None;
        for people in self.people() {
            for (rank, of_step) in self.send.channels.iter().enumerate() {
                if people.is_empty() {
                    notes = noted(notes, passed_over(*of_step, "", "the customer has nobody in this role"));
                }
                for (id, contact) in &people {
                    let Some(channel) = self.channels_of(contact).get(rank).copied() else { continue };
                    let way;
                    (way, notes) = self.ask(channel, id, contact, notes);
                    let Reachable::Asked(answer) = way else { continue };
                    if answer.tenant != Verdict::Allow {
                        return (Route::Stopped(answer.tenant), notes);
                    }
                    match answer.verdict {
                        Verdict::Allow => return (Route::Free(channel, (*id).to_owned()), notes),
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

    /// Whether somebody can be written to, now or once a rule that only delays lets it pass.
    pub(super) fn reach_somebody(&self) -> bool {
        let is_free = |(channel, id, contact): (Channel, &str, &Contact)| match self.ask(channel, id, contact, Vec::new()).0 {
            Reachable::None => false,
            Reachable::Asked(answer) => {
                answer.tenant == Verdict::Allow && matches!(answer.verdict, Verdict::Allow | Verdict::Defer(_))
            }
        };
        self.existing().into_iter().any(is_free)
    }

    /// Further people of the roles who get a message of their own: as many as the step wants, each by the first channel that the guard
    /// allows now, nobody twice, and nobody who is among `others`. Whom nothing reaches now gets none, and the notes say why.
    pub(super) fn copies(&self, others: &[&str], notes: Vec<RuleTrace>) -> (Vec<(Channel, String)>, Vec<RuleTrace>) {
        let mut notes = notes;
        let person = |id: &str| self.situation.people.contact(id).and_then(Contact::person);
        let mut persons: Vec<Option<String>> = others.iter().map(|id| person(id)).collect();
        let wanted = usize::try_from(self.send.copies).unwrap_or(usize::MAX);
        let mut copies = Vec::new();
        for (id, contact) in self.people().into_iter().flatten() {
            if copies.len() >= wanted || persons.contains(&contact.person()) {
                continue;
            }
            for channel in self.channels_of(contact).into_iter().filter(|channel| channel.facts().carries_copies) {
                let way;
                (way, notes) = self.ask(channel, id, contact, notes);
                if matches!(way, Reachable::Asked(answer) if answer.verdict == Verdict::Allow) {
                    copies.push((channel, id.to_owned()));
                    persons.push(contact.person());
                    break;
                }
            }
        }
        (copies, notes)
    }

    /// The step's channels in the order in which they are tried for somebody: the one that the person prefers first, where it is among them.
    fn channels_of(&self, contact: &Contact) -> Vec<Channel> {
        let preferred = self.situation.facts.by_hand.preferred(contact);
        let mut channels = self.send.channels.clone();
        channels.sort_by_key(|channel| preferred != Some(*channel));
        channels
    }

    /// Those whom the step writes to, with their ids, in the order in which they are tried.
    fn people(&self) -> Vec<Vec<(&'s str, &'s Contact)>> {
        let situation = self.situation;
        let own = self.own.and_then(|id| Some(vec![(id, situation.people.contact(id)?)]));
        let contacts = &situation.facts.customer.contacts;
        let in_role = |role: &Role| {
            let people = contacts.iter().filter(|contact| contact.roles.contains(role));
            people.map(|contact| (contact.external_id.as_str(), contact)).collect()
        };
        own.into_iter().chain(self.send.to.iter().map(in_role)).collect()
    }

    /// The ways that there are, in the order in which they are tried, whatever the guard says of them.
    pub(super) fn existing(&self) -> Vec<(Channel, &'s str, &'s Contact)> {
        let policy = self.situation.policy;
        let mut ways: Vec<(Channel, &str, &Contact)> = Vec::new();
        for people in self.people() {
            for rank in 0..self.send.channels.len() {
                for (id, contact) in &people {
                    let Some(channel) = self.channels_of(contact).get(rank).copied() else { continue };
                    let is_ready = policy.templates.contains_key(&(self.send.template.clone(), channel))
                        && policy.senders.contains(&channel);
                    let is_new = !ways.iter().any(|(known, whom, _)| *known == channel && whom == id);
                    if is_ready && is_new && contact.address(channel).is_some() {
                        ways.push((channel, *id, *contact));
                    }
                }
            }
        }
        ways
    }

    /// Asks about one person and channel.
    fn ask(&self, channel: Channel, id: &str, contact: &Contact, notes: Vec<RuleTrace>) -> (Reachable, Vec<RuleTrace>) {
        let situation = self.situation;
        if !situation.policy.templates.contains_key(&(self.send.template.clone(), channel)) {
            return (Reachable::None, noted(notes, passed_over(channel, "", "there is no template for this channel")));
        }
        if !situation.policy.senders.contains(&channel) {
            return (Reachable::None, noted(notes, passed_over(channel, "", "this deployment has no sender for this channel")));
        }
        if contact.address(channel).is_none() {
            return (Reachable::None, noted(notes, passed_over(channel, id, "no address")));
        }
        if self.tried.iter().any(|(by, whom)| *by == channel && whom == id) {
            return (Reachable::None, noted(notes, passed_over(channel, id, "it was tried and not delivered")));
        }
        if self.overdue.contains(&channel) {
            return (Reachable::None, noted(notes, passed_over(channel, id, "it was tried and no receipt came in time")));
        }
        let answer = ask_lifted(situation, self.workflow, self.lifted, channel, contact, situation.mode(), situation.now);
        let calendar = situation.calendar();
        let today = situation.place.date_of(situation.now);
        let off = calendar.days_off(today, today.tomorrow().unwrap_or(today));
        let against = answer.against.iter().map(|(rule, verdict)| {
            let why = off.first().filter(|_| rule.id == guard::WINDOW).map_or_else(String::new, |off| format!(": {off}"));
            note(rule.id, rule.version, channel, id, format!("{verdict}{why}"))
        });
        (Reachable::Asked(answer.clone()), against.fold(notes, noted))
    }
}

fn passed_over(channel: Channel, contact: &str, reason: &str) -> RuleTrace {
    note("way", 1, channel, contact, format!("passed over: {reason}"))
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
) -> guard::GuardAnswer {
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
) -> guard::GuardAnswer {
    with_question(situation, workflow, (lifted, mode, decided_at), channel, contact, guard::ask)
}

/// Asks something about one way to reach one person: what a person lifted for it, the mode that it is decided in, and when.
pub(super) fn with_question<R>(
    situation: &Situation<'_>,
    workflow: &Workflow,
    (lifted, mode, decided_at): (Lifted, Mode, Timestamp),
    channel: Channel,
    contact: &Contact,
    ask: impl FnOnce(&ContactQuestion<'_>) -> R,
) -> R {
    let calendar = situation.calendar();
    ask(&ContactQuestion {
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

/// A line of a trace.
pub(super) fn note(rule: &str, version: u32, channel: Channel, contact: &str, said: String) -> RuleTrace {
    RuleTrace { rule: rule.to_owned(), version, channel, contact: contact.to_owned(), said }
}

fn noted(mut notes: Vec<RuleTrace>, line: RuleTrace) -> Vec<RuleTrace> {
    if notes.len() < RULES_MAX && !notes.contains(&line) {
        notes.push(line);
    }
    notes
}
