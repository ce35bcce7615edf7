//! What a tenant needs before its messages may leave, and what of its settings lets nothing leave.

use std::collections::BTreeSet;

use crate::{Action, Channel, Settings, Workflow, workflow::Flaw};

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
    for channel in channels(published).into_iter().filter(|channel| lacks_sender(settings, *channel)) {
        let detail = format!(
            "a published workflow sends by {channel}, and a live tenant needs a sender for it: name {}, which the operator listed for \
             the tenant; or publish the workflow without the channel",
            channel.facts().sender_form.wanted()
        );
        lacks(&format!("/sender/{channel}"), &detail);
    }
    missing
}

/// Whether this release sends by a channel and the settings name no sender for it: neither the tenant's own, nor one of each legal entity.
pub fn lacks_sender(settings: &Settings, channel: Channel) -> bool {
    let of_each = !settings.legal_entities.is_empty()
        && settings.legal_entities.keys().all(|entity| settings.sender_of(entity, channel).is_some());
    let facts = channel.facts();
    facts.has_sender && facts.needs_sender && settings.sender_of("", channel).is_none() && !of_each
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
    let consumers = "a message to somebody who may owe a personal debt in the United States, and a text message to a number there, is blocked: as a \
                     debt collector's it needs what Dunlin does not send yet";
    says(!settings.collector_role.is_creditor_in_own_name(), "/collector_role", consumers);
    says(settings.paused, "/paused", "nothing is decided or sent while this is true; POST /v1/resume lifts it");
    says(settings.caps.per_hour == Some(0), "/caps/per_hour", nothing);
    says(settings.caps.per_day == Some(0), "/caps/per_day", nothing);
    says(settings.caps.per_person.is_some_and(|cap| cap.count == 0), "/caps/per_person/count", nothing);
    held
}

/// Where steps of a workflow send by a channel that [`lacks_sender`]: the channel, and what is wrong at the step.
pub fn steps_without_sender(settings: &Settings, workflow: &Workflow) -> Vec<(Channel, Flaw)> {
    let mut found = Vec::new();
    for (position, step) in workflow.steps.iter().enumerate() {
        let named = sent_by(&step.action).iter().enumerate();
        for (at, channel) in named.filter(|(_, channel)| lacks_sender(settings, **channel)) {
            let detail = format!(
                "step '{}' sends by {channel}, and the settings name no sender for it: set sender.{channel} with PATCH /v1/settings to {}, \
                 which the operator listed for the tenant, or leave the channel out",
                step.id,
                channel.facts().sender_form.wanted()
            );
            found.push((*channel, Flaw { pointer: format!("/steps/{position}/action/send/channels/{at}"), detail }));
        }
    }
    let stated = workflow.statement.iter().flat_map(|plan| plan.channels.iter().enumerate());
    for (at, channel) in stated.filter(|(_, channel)| lacks_sender(settings, **channel)) {
        let detail = format!(
            "statements are sent by {channel}, and the settings name no sender for it: set sender.{channel} with PATCH /v1/settings to {}, \
             which the operator listed for the tenant, or leave the channel out",
            channel.facts().sender_form.wanted()
        );
        found.push((*channel, Flaw { pointer: format!("/statement/channels/{at}"), detail }));
    }
    found
}

/// The channels that steps and statements of workflows name.
pub fn channels(workflows: &[Workflow]) -> BTreeSet<Channel> {
    let steps = workflows.iter().flat_map(|workflow| &workflow.steps);
    let stated = workflows.iter().filter_map(|workflow| workflow.statement.as_ref()).flat_map(|plan| &plan.channels);
    steps.flat_map(|step| sent_by(&step.action)).chain(stated).copied().collect()
}

fn sent_by(action: &Action) -> &[Channel] {
    match action {
        Action::Send(send) => &send.channels,
        Action::Task(_)
        | Action::Notify(_)
        | Action::Escalate(_)
        | Action::CreditHold(_)
        | Action::ChangeTerms(_)
        | Action::HandOff(_)
        | Action::Fee(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Caps, CollectorRole, PersonCap};

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
    fn a_sender_is_needed_of_each_channel_that_is_sent_by_and_a_workflow_in_any_case() {
        let bare = Settings::named("Acme");
        let mut with = bare.clone();
        with.sender.insert(Channel::Email, "ar@acme.example".to_owned());
        let mut both = with.clone();
        both.sender.insert(Channel::Sms, "ACME".to_owned());
        let mut of_each = with.clone();
        let berlin = crate::settings::LegalEntity { sender: both.sender.clone(), ..Default::default() };
        of_each.legal_entities.insert("berlin".to_owned(), berlin);
        let mut of_some = of_each.clone();
        of_some.legal_entities.insert("paris".to_owned(), crate::settings::LegalEntity::default());
        for (settings, workflows, expected) in [
            (&bare, vec![], "/mode"),
            (&bare, vec![workflow(r#"["sms"]"#)], "/sender/sms"),
            (&bare, vec![workflow(r#"["sms"]"#), workflow(r#"["sms", "email"]"#)], "/sender/email /sender/sms"),
            (&bare, vec![workflow(r#"["voice", "letter"]"#)], ""),
            (&with, vec![workflow(r#"["email"]"#)], ""),
            (&with, vec![workflow(r#"["email", "sms"]"#)], "/sender/sms"),
            (&both, vec![workflow(r#"["email", "sms"]"#)], ""),
            (&of_each, vec![workflow(r#"["email", "sms"]"#)], ""),
            (&of_some, vec![workflow(r#"["email", "sms"]"#)], "/sender/sms"),
            (&with, vec![], "/mode"),
        ] {
            assert_eq!(pointers(missing(settings, &workflows)), expected);
        }
    }

    #[test]
    fn a_step_without_a_sender_is_named() {
        let mut settings = Settings::named("Acme");
        settings.sender.insert(Channel::Email, "ar@acme.example".to_owned());
        let workflow = workflow(r#"["email", "voice", "sms"]"#);
        let found = steps_without_sender(&settings, &workflow);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].0, found[0].1.pointer.as_str()), (Channel::Sms, "/steps/0/action/send/channels/2"));
        assert!(found[0].1.detail.contains("step 's' sends by sms"), "{found:?}");
        settings.sender.insert(Channel::Sms, "ACME".to_owned());
        assert!(steps_without_sender(&settings, &workflow).is_empty());
        assert_eq!(channels(&[workflow]), [Channel::Email, Channel::Voice, Channel::Sms].into());
    }

    #[test]
    fn a_statement_without_a_sender_is_named() {
        let mut stating = workflow(r#"["email"]"#);
        stating.statement = Some(
            serde_json::from_value(serde_json::json!({"every": "week", "on": "monday", "channels": ["sms"]})).expect("a plan"),
        );
        let mut settings = Settings::named("Acme");
        settings.sender.insert(Channel::Email, "ar@acme.example".to_owned());
        let found = steps_without_sender(&settings, &stating);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].0, found[0].1.pointer.as_str()), (Channel::Sms, "/statement/channels/0"));
        assert_eq!(channels(&[stating]), [Channel::Email, Channel::Sms].into());
    }

    #[test]
    fn what_lets_nothing_leave_is_said() {
        let mut settings = Settings::named("Acme");
        assert_eq!(pointers(held_back(&settings)), "");
        settings.collector_role = CollectorRole::FirstPartyOtherName;
        settings.paused = true;
        settings.caps = Caps { per_person: Some(PersonCap { count: 0, days: 7 }), per_hour: Some(0), per_day: Some(0) };
        assert_eq!(pointers(held_back(&settings)), "/collector_role /paused /caps/per_hour /caps/per_day /caps/per_person/count");
    }
}
