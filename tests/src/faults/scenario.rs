//! Two months of collections: who owes what, and what happens when.

use jiff::{Timestamp, ToSpan, civil::Date};
use serde_json::{Value, json};

/// The tenant of every run.
pub const TENANT: &str = "acme";
/// The ladder: step and days past due. Five days lie between any two, so that what comes late does not meet the next step.
pub const STEPS: [(&str, i64); 5] = [("s1", 1), ("s2", 6), ("s3", 13), ("s4", 21), ("s5", 30)];
/// A payment comes on this day past due: long after one step, long before the next.
const PAID_DAYS: i64 = 17;
/// The first day.
pub const START: Date = Date::constant(2026, 3, 2);

/// When a run begins.
pub fn start() -> Timestamp {
    at(START, 6)
}

/// An hour of a day, UTC.
pub fn at(day: Date, hour: i8) -> Timestamp {
    day.at(hour, 30, 0, 0).in_tz("UTC").map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// Something that somebody outside does.
#[derive(Clone, Debug)]
pub enum Act {
    /// A webhook under an id.
    Post(String, Value),
    /// SES says that the last mail to an address bounced.
    Bounce(String),
    /// The last mail's one-click opt-out is followed.
    OptOut(String),
    /// A call of the admin API.
    Admin(&'static str, String, Value),
    /// A hold for the customer of an address, for some days.
    Hold(String, Date),
}

/// Few customers to whom everything happens that the story knows: paid, paid in part, bounced, opted out, on hold with two
/// bills, sent again. Three of them may be reached by SMS.
pub const FEW: [usize; 6] = [1, 3, 5, 7, 9, 11];

/// What happens to these customers, in the order of its time.
pub fn story(customers: &[usize]) -> Vec<(Timestamp, Act)> {
    let mut story = Vec::new();
    for &who in customers {
        let day = START + days(who % 10);
        let hour = i8::try_from(8 + who % 8).unwrap_or(8);
        for bill in 0..bills(who) {
            story.push((at(day, hour), post(&format!("in-{who}-{bill}"), who, bill, 1, 0)));
        }
        let later = |days_past: i64, hour: i8| at(due_on(who, 0) + days_past.days(), hour);
        // In the small hours, when nothing is sent: so whether it came before or after a message is never a matter of chance.
        match who % 12 {
            1 => story.push((later(PAID_DAYS, 2), post(&format!("paid-{who}"), who, 0, 2, total_minor(who)))),
            3 => story.push((later(4, 2), post(&format!("part-{who}"), who, 0, 2, total_minor(who) / 4))),
            5 => story.push((later(10, 2), Act::Bounce(address(who)))),
            7 => story.push((later(10, 3), Act::OptOut(address(who)))),
            9 => story.push((later(10, 4), Act::Hold(address(who), due_on(who, 0) + 25.days()))),
            11 => story.push((later(3, 2), post(&format!("again-{who}"), who, 0, 1, 0))),
            _ => {}
        }
    }
    for (number, day) in [12, 25, 40].into_iter().enumerate() {
        let body = json!({ "subject": null, "body": format!("Note {number}: please pay {{{{ invoices[0].number }}}}.") });
        story.push((at(START + days(day), 1), Act::Admin("PUT", "/v1/templates/unused/en/sms".to_owned(), body)));
    }
    story.sort_by_key(|(at, _)| *at);
    story
}

/// Every fifth customer has two bills, so that messages merge.
fn bills(who: usize) -> usize {
    if is_single(who) { 1 } else { 2 }
}

/// Whether a customer owes one invoice only, so that a message's template tells its step.
pub fn is_single(who: usize) -> bool {
    who % 5 != 4
}

fn total_minor(who: usize) -> i64 {
    100_000 + 100 * i64::try_from(who).unwrap_or(0)
}

fn days(number: usize) -> jiff::Span {
    i64::try_from(number).unwrap_or(0).days()
}

fn due_on(who: usize, bill: usize) -> Date {
    START + days(11 + who % 10 + 2 * bill)
}

/// A customer's email address.
pub fn address(who: usize) -> String {
    format!("ap@c{who}.example")
}

fn phone(who: usize) -> String {
    format!("+49301{:07}", 1_000_000 + who)
}

/// Who an address or number belongs to.
pub fn owner(to: &str, customers: &[usize]) -> Option<usize> {
    customers.iter().copied().find(|who| address(*who) == to || phone(*who) == to)
}

fn post(id: &str, who: usize, bill: usize, version: i64, paid_minor: i64) -> Act {
    let mut contact = json!({"external_id": "p1", "name": format!("Person {who}"), "roles": ["billing"], "email": address(who)});
    if who.is_multiple_of(3) {
        contact["phone"] = json!(phone(who));
        contact["consents"] = json!(["sms"]);
    }
    let body = json!({
        "type": "invoice.upserted",
        "customer": {
            "external_id": format!("C-{who}"), "source_version": 1, "name": format!("Customer {who}"), "kind": "company",
            "language": "en", "country": "DE", "region": "BE", "time_zone": "Europe/Berlin", "contacts": [contact],
        },
        "invoice": {
            "external_id": format!("INV-{who}-{bill}"), "source_version": version, "number": format!("N{who}x{bill}"),
            "currency": "EUR", "total_minor": total_minor(who), "issued_on": START, "due_on": due_on(who, bill),
            "status": "open", "paid_minor": paid_minor,
        },
    });
    Act::Post(id.to_owned(), body)
}

/// The tenant as `POST /_local/tenants` takes it.
pub fn tenant() -> Value {
    let list = "{% for invoice in invoices %}{{ invoice.number }} {% endfor %}";
    let mut templates = Vec::new();
    let mut steps = Vec::new();
    for (id, offset) in STEPS {
        templates.push(json!({
            "id": id, "language": "en", "channel": "email", "subject": format!("{id} {list}"),
            "body": format!("{id} {list}\n\nPlease see {{{{ links.portal }}}}.\n\n{{{{ links.opt_out }}}}"),
        }));
        templates.push(
            json!({ "id": id, "language": "en", "channel": "sms", "body": format!("{id} {list} {{{{ links.opt_out }}}}") }),
        );
        let channels = if id == "s3" { json!(["sms", "email"]) } else { json!(["email"]) };
        steps.push(json!({
            "id": id, "at": {"anchor": "due_date", "offset": format!("P{offset}D")},
            "action": {"send": {"channels": channels, "template": id, "to": ["billing"]}},
        }));
    }
    steps.push(json!({
        "id": "review", "at": {"anchor": "due_date", "offset": "P36D"}, "action": {"task": {"title": "Call them"}},
    }));
    json!({
        "tenant": TENANT,
        "settings": {
            "name": "Acme", "country": "DE", "time_zone": "Europe/Berlin", "language": "en",
            "sender": {"email": "acme@dunlin.example", "sms": "ACME"},
            "breaker": {"factor": 1000, "minimum": 100_000}, "caps": {"per_person": {"count": 3, "days": 7}},
        },
        "workflows": [{"id": "five", "name": "Five steps", "scope": "customer", "steps": steps}],
        "templates": templates,
    })
}
