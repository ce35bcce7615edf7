//! What is done with an answer that came in: the one place to which what hears mails, and what hears text messages, hand over.

use domain::{HeardReply, MachineWritten, NewTask, Suspicion, TaskKind, UnkeptFile};
use jiff::{Timestamp, tz::TimeZone};
use store::{Result, Store};

use crate::outcome::FeedbackOutcome;

/// Takes an answer. The same again changes nothing.
///
/// # Errors
///
/// Those of the table; then it may come again.
// JOIN p13hear: in the place of this body, its one function, which classifies and acts. What it needs is in `heard`.
pub async fn take(store: &Store, heard: &HeardReply, now: Timestamp) -> Result<FeedbackOutcome> {
    let (tenant, customer) = (&heard.about.tenant, heard.about.customer.as_ref());
    if let (Some(machine), None) = (heard.machine, heard.suspect) {
        tracing::info!(tenant.id = %tenant, reply.id = %heard.id(), machine = machine_word(machine), "no person wrote what came in");
        return Ok(FeedbackOutcome::Noted);
    }
    if let (Some(customer), None) = (customer, heard.suspect) {
        store.replied(tenant, customer, heard.received_at).await?;
    }
    let (kind, title, key) = match (heard.suspect, customer) {
        // Of unsolicited mails that are nobody's, one task a day says that they come.
        (Some(Suspicion::Spam), None) => (
            TaskKind::AnswerUnmatched,
            "Mails came that are held for unsolicited",
            format!("spam:{}", now.to_zoned(TimeZone::UTC).date()),
        ),
        (Some(_), _) => (TaskKind::AnswerUnmatched, "A mail came that nobody is shown", heard.id().to_string()),
        (None, None) => (TaskKind::AnswerUnmatched, "An answer came that is nobody's who is known", heard.id().to_string()),
        (None, Some(_)) => (TaskKind::CustomerAsked, "A customer answered", heard.id().to_string()),
    };
    let task = NewTask {
        kind,
        key,
        title: title.to_owned(),
        detail: detail(heard),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: heard.about.case.clone(),
    };
    store.raise(tenant, customer, &task, now).await?;
    Ok(FeedbackOutcome::Raised)
}

fn machine_word(machine: MachineWritten) -> &'static str {
    match machine {
        MachineWritten::AutoReply => "auto_reply",
        MachineWritten::Bounce => "bounce",
        MachineWritten::ReadReceipt => "read_receipt",
        MachineWritten::Robot => "robot",
    }
}

/// What a person has to know and do, without what the answer says.
fn detail(heard: &HeardReply) -> String {
    let mut said = vec![format!("Answer {} came by {}.", heard.id(), heard.channel)];
    match heard.suspect {
        Some(Suspicion::Virus) => said.push("A scan found something harmful in it: do not open it.".to_owned()),
        Some(Suspicion::Spam) => said.push("A scan holds it for unsolicited.".to_owned()),
        None => {}
    }
    if !heard.is_whole {
        said.push("Not all of it could be read.".to_owned());
    }
    if heard.about.customer.is_none() {
        said.push(
            "Nothing says beyond doubt whose it is: look at it, and write down what it says at the customer that it is of."
                .to_owned(),
        );
    }
    if let Some(message) = &heard.about.message {
        said.push(format!("It answers message {message}."));
    }
    if !heard.files.is_empty() {
        said.push(format!("Files that came along and are kept: {}.", heard.files.len()));
    }
    said.extend(
        heard.unkept.iter().map(|UnkeptFile { name, because }| format!("A file is not kept: '{name}' {}.", because.words())),
    );
    if let Some(key) = &heard.original {
        said.push(format!("All of it lies in the bucket under {key}, for as many days as InboundDays of the deployment says."));
    }
    said.join(" ")
}
