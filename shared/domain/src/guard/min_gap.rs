use jiff::Timestamp;

use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, MessageId, RuleInput, dates::add_days, mode::counts, own_message::is_own_message};

/// Positions that a decision may have messages at, and more.
const POSITIONS: u32 = 256;

/// Civil days between two contacts of a customer, and of the person, whichever customers they are about. Messages of one decision,
/// and of one civil day, count as one contact; what people wrote or logged since that decision is another.
pub(super) const RULE: Rule = Rule {
    id: "min-gap",
    version: 2,
    citation: "house rule: the workflow's min_gap",
    authority: Authority::Setting,
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    let day = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| ask.place.date_of(at).to_string());
    let log = ask.contact.person().and_then(|person| ask.facts.contact_log.get(&person));
    let elsewhere = log.and_then(|log| log.last_elsewhere(&ask.facts.customer.id, ask.mode));
    vec![
        RuleInput::of("min_gap in days", ask.min_gap_days, "workflow"),
        RuleInput::of("last contact of the customer", day(ask.facts.last_contact.in_mode(ask.mode)), "records"),
        RuleInput::of("last contact of the person about another customer", day(elsewhere), "contact log of the person"),
    ]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    let today = ask.place.date_of(ask.now);
    let of_one_decision = |last: &Timestamp| *last >= ask.decided_at && ask.decided_at < ask.now;
    let here = ask.facts.last_contact.in_mode(ask.mode).filter(|last| !of_one_decision(last)).or_else(|| contacted_since(ask));
    let log = ask.contact.person().and_then(|person| ask.facts.contact_log.get(&person));
    let elsewhere = log.and_then(|log| log.last_elsewhere(&ask.facts.customer.id, ask.mode));
    let last_on = [here, elsewhere].into_iter().flatten().map(|last| ask.place.date_of(last)).filter(|on| *on != today);
    match last_on.max().map(|on| add_days(on, ask.min_gap_days)) {
        Some(free_on) if today < free_on => {
            Verdict::Defer(ask.calendar.roll(free_on, crate::calendar::Spread::of(&ask.facts.tenant, &ask.facts.customer.id)))
        }
        Some(_) | None => Verdict::Allow,
    }
}

/// The last contact of the customer, since the message was decided, that is of no message of the same decision.
fn contacted_since(ask: &ContactQuestion<'_>) -> Option<Timestamp> {
    let (tenant, customer) = (&ask.facts.tenant, &ask.facts.customer.id);
    let mut decided = ask.facts.pending.iter().filter(|pending| !is_own_message(&pending.template));
    let number = decided.find(|pending| pending.decided_at == ask.decided_at)?.number;
    let is_sibling =
        |message: &MessageId| (0..POSITIONS).any(|at| MessageId::of_decision(tenant, customer, number, at) == *message);
    let logged = ask.facts.contact_log.values().flat_map(|log| &log.attempts);
    let others = logged.filter(|attempt| {
        attempt.customer == *customer
            && counts(attempt.mode, ask.mode)
            && attempt.at >= ask.decided_at
            && !is_sibling(&attempt.message)
    });
    others.map(|attempt| attempt.at).max()
}
