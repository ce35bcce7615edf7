//! What a tenant needs before its messages may leave, and what of its settings lets nothing leave.

use std::collections::BTreeSet;

use crate::{Action, Channel, Settings, Workflow};

/// What is missing before messages of these workflows can leave: a JSON pointer into the settings and how to mend it, for each.
pub fn missing(settings: &Settings, published: &[Workflow]) -> Vec<(String, String)> {
    let mut missing = Vec::new();
    let mut lacks = |pointer: &str, detail: &str| missing.push((pointer.to_owned(), detail.to_owned()));
    if published.is_empty() {
        lacks(
            "/mode",
            "no workflow is published, so that nobody would be written to; publish one with PUT /v1/workflows/{id} first",
        );
    }
    let channels = channels(published);
    let of_each = !settings.legal_entities.is_empty()
        && settings.legal_entities.keys().all(|entity| settings.sender_of(entity, Channel::Email).is_some());
    if channels.contains(&Channel::Email) && settings.sender_of("", Channel::Email).is_none() && !of_each {
        lacks(
            "/sender/email",
            "a live tenant needs the address that its mail comes from, of a domain that SES has verified: {\"sender\": {\"email\": \
             \"ar@acme.example\"}}",
        );
    }
    missing
}

/// What is allowed, and keeps every message back or some.
pub fn held_back(settings: &Settings) -> Vec<(String, String)> {
    let mut held = Vec::new();
    let mut says = |holds: bool, pointer: &str, detail: &str| {
        if holds {
            held.push((pointer.to_owned(), detail.to_owned()));
        }
    };
    let nothing = "0 lets nothing leave; raise it, or set paused if that is meant";
    says(settings.paused, "/paused", "nothing is decided or sent while this is true; POST /v1/resume lifts it");
    says(settings.caps.per_hour == Some(0), "/caps/per_hour", nothing);
    says(settings.caps.per_day == Some(0), "/caps/per_day", nothing);
    says(settings.caps.per_person.is_some_and(|cap| cap.count == 0), "/caps/per_person/count", nothing);
    held
}

/// The channels that steps of workflows name.
fn channels(workflows: &[Workflow]) -> BTreeSet<Channel> {
    let steps = workflows.iter().flat_map(|workflow| &workflow.steps);
    steps
        .flat_map(|step| match &step.action {
            Action::Send(send) => send.channels.clone(),
            Action::Task(_)
            | Action::Notify(_)
            | Action::Escalate(_)
            | Action::CreditHold(_)
            | Action::HandOff(_)
            | Action::Fee(_) => Vec::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Caps, PersonCap};

    fn workflow(channels: &str) -> Workflow {
        let text = format!(
            r#"{{"id": "w", "name": "W", "scope": "customer", "steps": [{{"id": "s", "at": {{"anchor": "due_date", "offset": "P1D"}},
            "action": {{"send": {{"channels": {channels}, "template": "t", "to": ["billing"]}}}}}}]}}"#
        );
        serde_json::from_str(&text).expect("a workflow")
    }

    fn pointers(found: Vec<(String, String)>) -> String {
        found.into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_sender_is_needed_where_mail_is_sent_and_a_workflow_in_any_case() {
        let bare = Settings::named("Acme");
        let mut with = bare.clone();
        with.sender.insert(Channel::Email, "ar@acme.example".to_owned());
        for (settings, workflows, expected) in [
            (&bare, vec![], "/mode"),
            (&bare, vec![workflow(r#"["sms"]"#)], ""),
            (&bare, vec![workflow(r#"["sms"]"#), workflow(r#"["sms", "email"]"#)], "/sender/email"),
            (&with, vec![workflow(r#"["email"]"#)], ""),
            (&with, vec![], "/mode"),
        ] {
            assert_eq!(pointers(missing(settings, &workflows)), expected);
        }
    }

    #[test]
    fn what_lets_nothing_leave_is_said() {
        let mut settings = Settings::named("Acme");
        assert_eq!(pointers(held_back(&settings)), "");
        settings.paused = true;
        settings.caps = Caps { per_person: Some(PersonCap { count: 0, days: 7 }), per_hour: Some(0), per_day: Some(0) };
        assert_eq!(pointers(held_back(&settings)), "/paused /caps/per_hour /caps/per_day /caps/per_person/count");
    }
}
