//! Calls and letters that people made themselves: written down with what came of them, and counted as contacts.

use domain::{
    Channel, CustomerId, MessageId, People,
    own_message::{CALL, LETTER},
};
use jiff::Timestamp;
use serde_json::json;
use store::{LoggedContact, OwnText, Store};

use crate::{Actor, Done, NotDone, Operation, actor::noted_contact, customers::no_customer, matter, messages};

/// Longest note, in characters.
const NOTE_MAX: usize = 4_000;

/// Words, and whether somebody was contacted.
type Outcomes = &'static [(&'static str, bool)];

/// What came of a call, and whether somebody was contacted by it, or may have been.
pub const CALL_OUTCOMES: &[(&str, bool)] = &[
    ("reached", true),
    ("promised", true),
    ("disputed", true),
    ("callback", true),
    ("refused", true),
    ("voicemail", true),
    ("no_answer", true),
    ("wrong_number", false),
    ("other", true),
];
/// What came of a letter.
pub const LETTER_OUTCOMES: &[(&str, bool)] = &[("posted", true), ("handed_over", true)];

/// A call or a letter as a person tells of it.
#[derive(Clone, Debug, Default)]
pub struct ContactMade {
    /// The customer.
    pub customer: String,
    /// `call` or `letter`.
    pub kind: String,
    /// What came of it.
    pub outcome: String,
    /// Whom, by the contact's id.
    pub contact: Option<String>,
    /// The case that it is about; the first that is not closed when left out.
    pub case: Option<String>,
    /// What there is to say of it.
    pub note: Option<String>,
}

/// Writes down a call or a letter. Where somebody was contacted, gaps and caps count it from now on.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], and those of the table.
pub async fn log(store: &Store, actor: &Actor, made: &ContactMade, now: Timestamp) -> Done<(CustomerId, MessageId)> {
    let tenant = actor.may(Operation::LogContact)?;
    let customer = CustomerId::parse(&made.customer).ok_or_else(no_customer)?;
    let facts = matter::facts(store, tenant, &customer).await?;
    let mut flaws = Vec::new();
    let kind: Option<(&'static str, Channel, Outcomes)> = match made.kind.as_str() {
        "call" => Some((CALL, Channel::Voice, CALL_OUTCOMES)),
        "letter" => Some((LETTER, Channel::Letter, LETTER_OUTCOMES)),
        _ => None,
    };
    let outcome = kind.and_then(|(.., all)| all.iter().find(|(word, _)| *word == made.outcome).copied());
    match (kind, outcome) {
        (None, _) => flaws.push(("/kind".to_owned(), "a kind is call or letter".to_owned())),
        (Some((.., all)), None) => {
            let words: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
            flaws.push(("/outcome".to_owned(), format!("an outcome of it is one of {}", words.join(", "))));
        }
        (Some(_), Some(_)) => {}
    }
    let people = People::of(&facts);
    let contact = made.contact.as_deref().and_then(|id| people.contact(id).map(|contact| (id, contact)));
    if made.contact.is_some() && contact.is_none() {
        flaws.push(("/contact".to_owned(), "the customer has no contact of this id".to_owned()));
    }
    let case = messages::case(made.case.as_deref(), &facts, &mut flaws);
    let note = matter::text("/note", made.note.as_deref(), NOTE_MAX, &mut flaws);
    let (Some((template, channel, _)), Some((word, is_contact)), Some(case), true) = (kind, outcome, case, flaws.is_empty())
    else {
        return Err(NotDone::Fields(flaws));
    };
    let logged = LoggedContact {
        template,
        channel,
        contact: contact.map_or_else(String::new, |(id, _)| id.to_owned()),
        person: contact.and_then(|(_, contact)| contact.person()),
        case_id: facts.cases.get(&case).map(|case| case.id.clone()),
        case,
        outcome: word.to_owned(),
        is_contact,
        text: OwnText { body: note.unwrap_or_default(), by: actor.by().to_owned(), ..OwnText::default() },
    };
    let what = json!({ "kind": made.kind, "outcome": word, "contact": noted_contact(&logged.contact) });
    let entry = actor.entry(Operation::LogContact, now).about(&customer).with(what);
    let id = store.acting(entry).log_own_contact(tenant, &customer, &logged, now).await?;
    Ok((customer, id))
}
