//! What keeps messages of many customers back at once, and only a person can mend: one exception tells of it, not one a customer.

use serde::{Deserialize, Serialize};

use crate::{Channel, Identities, NewTask, ProviderProblem, Settings, TaskKind};

/// Why messages cannot be sent, whoever they are for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// The settings name no sender for a channel that needs one.
    NoSender {
        /// On which channel.
        #[serde(default = "email")]
        channel: Channel,
        /// Of which legal entity; empty for the tenant's own.
        legal_entity: String,
    },
    /// The operator did not list the sender, or where replies go, for the tenant.
    UnlistedSender {
        /// On which channel.
        channel: Channel,
        /// Of which legal entity; empty for the tenant's own.
        legal_entity: String,
    },
    /// A template cannot be rendered, or has no text.
    NoText {
        /// Its id.
        template: String,
        /// Its channel.
        channel: Channel,
    },
    /// A channel's provider takes nothing before people mend how it is set up.
    ProviderSetUp {
        /// Which channel.
        channel: Channel,
        /// What is to be mended.
        problem: ProviderProblem,
    },
    /// One of a later release.
    #[serde(other)]
    Later,
}

/// The channel of a cause that was kept before channels stood in it.
fn email() -> Channel {
    Channel::Email
}

impl Cause {
    /// What tells it from others of a tenant.
    pub fn key(&self) -> String {
        match self {
            Self::NoSender { channel, legal_entity } if legal_entity.is_empty() => format!("sender/{channel}"),
            Self::NoSender { channel, legal_entity } => format!("sender/{channel}/{legal_entity}"),
            Self::UnlistedSender { channel, legal_entity } => format!("sender/unlisted/{}/{legal_entity}", channel.as_str()),
            Self::NoText { template, channel } => format!("render/{template}/{}", channel.as_str()),
            Self::ProviderSetUp { channel, problem } => format!("provider/{channel}/{}", problem.as_str()),
            Self::Later => "later".to_owned(),
        }
    }

    /// The exception, which `said` may tell more of; `opening` tells it from the one of an earlier time.
    pub fn task(&self, said: &str, opening: &str) -> NewTask {
        let (title, detail) = match self {
            Self::NoSender { channel, legal_entity } => {
                let own = match legal_entity.as_str() {
                    "" => String::new(),
                    id => format!(", or settings.legal_entities['{id}'].sender.{channel},"),
                };
                let wanted = channel.facts().sender_form.wanted();
                (format!("No sender for {channel}"), format!("set settings.sender.{channel}{own} to {wanted}"))
            }
            Self::UnlistedSender { .. } => {
                let detail = format!(
                    "'{said}' is not among the senders that the operator listed for this tenant; name one in the settings that is, or have \
                     it listed with PUT /v1/tenants/{{tenant}}/senders"
                );
                ("A sender is not the tenant's".to_owned(), detail)
            }
            Self::NoText { .. } => ("A message could not be rendered".to_owned(), format!("{said}; publish the template again")),
            Self::ProviderSetUp { channel, problem } => {
                (format!("The provider of {channel} takes no messages"), format!("{}; it said: {said}", problem.remedy()))
            }
            Self::Later => ("Messages are kept back".to_owned(), said.to_owned()),
        };
        let until_then = match self {
            Self::NoText { .. } => {
                "until then no message that needs it is sent; each is tried again within a day, and another version of the template closes this"
            }
            Self::ProviderSetUp { .. } => {
                "each message is tried again within hours, eight times in all, and then by the next way that its step names; this closes with the first that is taken"
            }
            Self::NoSender { .. } | Self::UnlistedSender { .. } | Self::Later => {
                "until then no message that needs it is sent; each is tried again within a day, and this closes by itself"
            }
        };
        NewTask {
            kind: TaskKind::NeedsReview,
            key: format!("{}/{opening}", self.key()),
            title,
            detail: format!("{detail}; {until_then}"),
            to: None,
            due_on: None,
            step: None,
            currency: None,
            case: None,
        }
    }

    /// Why it is gone, where these settings, or the senders that are listed, take it away.
    pub fn mended_by(&self, settings: &Settings, listed: Option<&Identities>) -> Option<String> {
        match self {
            Self::UnlistedSender { channel, legal_entity } => {
                let missing = listed.and_then(|listed| listed.missing(settings, legal_entity, *channel));
                missing.is_none().then(|| "the sender is listed".to_owned())
            }
            Self::NoSender { channel, legal_entity } => {
                let sender = settings.sender_of(legal_entity, *channel);
                sender.map(|_| format!("the settings name a sender for {channel}"))
            }
            Self::NoText { .. } | Self::ProviderSetUp { .. } | Self::Later => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::LegalEntity;

    #[test]
    fn a_sender_mends_what_lacked_one() {
        let cause = |entity: &str| Cause::NoSender { channel: Channel::Email, legal_entity: entity.to_owned() };
        let mut settings = Settings::named("Acme");
        settings.legal_entities.insert("berlin".to_owned(), LegalEntity::default());
        assert_eq!((cause("").mended_by(&settings, None), cause("berlin").mended_by(&settings, None)), (None, None));
        let own = settings.legal_entities.get_mut("berlin").expect("it is listed");
        own.sender.insert(Channel::Email, "berlin@acme.example".to_owned());
        assert_eq!((cause("").mended_by(&settings, None), cause("berlin").mended_by(&settings, None).is_some()), (None, true));
        settings.sender.insert(Channel::Email, "ar@acme.example".to_owned());
        assert!(cause("").mended_by(&settings, None).is_some());
        assert!(cause("paris").mended_by(&settings, None).is_some(), "what one has not of its own is the tenant's");
    }

    #[test]
    fn a_list_mends_a_sender_that_was_not_on_it() {
        let cause = Cause::UnlistedSender { channel: Channel::Email, legal_entity: String::new() };
        let mut settings = Settings::named("Acme");
        settings.sender.insert(Channel::Email, "ar@acme.example".to_owned());
        let mut listed = Identities::default();
        assert_eq!(cause.mended_by(&settings, Some(&listed)), None);
        listed.senders.insert(Channel::Email, vec!["acme.example".to_owned()]);
        assert!(cause.mended_by(&settings, Some(&listed)).is_some());
    }

    #[test]
    fn each_cause_is_told_by_itself_and_each_time_anew() {
        let causes = [
            Cause::NoSender { channel: Channel::Email, legal_entity: String::new() },
            Cause::NoSender { channel: Channel::Email, legal_entity: "berlin".to_owned() },
            Cause::UnlistedSender { channel: Channel::Email, legal_entity: String::new() },
            Cause::NoText { template: "reminder".to_owned(), channel: Channel::Email },
            Cause::NoText { template: "reminder".to_owned(), channel: Channel::Sms },
            Cause::ProviderSetUp { channel: Channel::Sms, problem: ProviderProblem::Sandbox },
            Cause::ProviderSetUp { channel: Channel::Sms, problem: ProviderProblem::SpendLimit },
        ];
        let keys: std::collections::BTreeSet<_> =
            causes.iter().flat_map(|cause| ["1", "2"].map(|opening| cause.task("x", opening).key)).collect();
        assert_eq!(keys.len(), 14);
        for cause in causes {
            let text = serde_json::to_string(&cause).expect("it is plain JSON");
            assert_eq!(serde_json::from_str::<Cause>(&text).expect("it reads"), cause);
        }
        assert_eq!(serde_json::from_str::<Cause>(r#"{"kind": "of_2031", "more": 1}"#).expect("it reads"), Cause::Later);
    }
}
