//! What the task says by which somebody looks at an answer: never a word of the answer itself.

use domain::{HeardReply, NewTask, ReplyRead, Suspicion, TaskKind, UnkeptFile};
use jiff::civil::Date;
use store::{UNMATCHED_PER_DAY_MAX, UnmatchedCount};

/// The one task of a day that counts the answers of nobody who is known.
pub(crate) fn strangers_task(heard: &HeardReply, day: Date, count: UnmatchedCount, said: &str) -> NewTask {
    let UnmatchedCount { first, last } = count;
    let (title, many) = match last - first + 1 {
        1 => ("An answer came that is nobody's who is known".to_owned(), "One came".to_owned()),
        some => (format!("{some} answers came that are nobody's who is known"), format!("{some} came")),
    };
    let full = if last < UNMATCHED_PER_DAY_MAX {
        String::new()
    } else {
        format!(" These are as many as are kept of a day ({UNMATCHED_PER_DAY_MAX}): what comes after them today is in no list.")
    };
    let detail = format!("{many} on {day}: GET /v1/replies lists them.{full} The last of them: {said}");
    task_of(heard, TaskKind::AnswerUnmatched, &title, format!("strangers:{day}:{first}"), detail)
}

/// A task about an answer.
pub(crate) fn task_of(heard: &HeardReply, kind: TaskKind, title: &str, key: String, detail: String) -> NewTask {
    NewTask {
        kind,
        key,
        title: title.to_owned(),
        detail,
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: heard.about.case.clone(),
    }
}

/// What a person has to know, without a word of what the answer says: `GET /v1/replies/{id}` has those, and the draft of an answer.
pub(crate) fn said_of(heard: &HeardReply, read: Option<&ReplyRead>) -> String {
    let mut said = vec![format!("Answer {} came by {}: GET /v1/replies/{} shows it.", heard.id(), heard.channel, heard.id())];
    match heard.suspect {
        Some(Suspicion::Virus) => {
            said = vec![format!(
                "Answer {} came by {}. A scan found something harmful in it: do not open it.",
                heard.id(),
                heard.channel
            )]
        }
        Some(Suspicion::Spam) => {
            said = vec![format!("Answer {} came by {}. A scan holds it for unsolicited.", heard.id(), heard.channel)]
        }
        Some(Suspicion::Forged) => {
            said = vec![format!(
                "Answer {} came by {}. It may not be from where it says: it names several senders, or the domain of its sender asks that such mails are not believed. \
                 Ask them another way whether they wrote it; nothing was done that it says.",
                heard.id(),
                heard.channel
            )]
        }
        None => {}
    }
    if let Some(read) = read {
        said.push(format!("Its class is {} ({}).", read.class, read.certainty));
        if let Some(chosen) = &read.chosen_by {
            said.push(format!("A model chose that ({}); the rules held it for {}, unclear.", chosen.model, chosen.instead_of));
        }
        if let Some(portal) = &read.portal {
            said.push(format!("The portal {} says {}: that is a hint.", portal.name, portal.state));
        }
        for (what, on) in
            [("It names the day", read.promised_on), ("It says it was paid on", read.paid_on), ("Back on", read.back_on)]
        {
            said.extend(on.map(|on| format!("{what} {on}.")));
        }
        if !read.amounts.is_empty() {
            let amounts: Vec<String> = read.amounts.iter().take(5).map(ToString::to_string).collect();
            said.push(format!("It names {}.", amounts.join(", ")));
        }
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
