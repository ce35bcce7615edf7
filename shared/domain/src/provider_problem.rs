//! What is wrong with how a channel's provider is set up, so that it takes messages of nobody: people mend it in the account of AWS.

use serde::{Deserialize, Serialize};

/// What people have to mend at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderProblem {
    /// The account is in the sandbox, which lets messages go to verified numbers alone.
    Sandbox,
    /// The sender is not there, is not active, or cannot send such messages to that country.
    Sender,
    /// The month's spending limit is reached.
    SpendLimit,
    /// The account is stopped.
    Account,
    /// The function may not send.
    Rights,
    /// A protect configuration of the account keeps messages from being sent.
    Protect,
    /// One of a later release.
    #[serde(other)]
    Later,
}

impl ProviderProblem {
    /// Those of this release.
    pub const ALL: [Self; 6] = [Self::Sandbox, Self::Sender, Self::SpendLimit, Self::Account, Self::Rights, Self::Protect];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Sender => "sender",
            Self::SpendLimit => "spend_limit",
            Self::Account => "account",
            Self::Rights => "rights",
            Self::Protect => "protect",
            Self::Later => "later",
        }
    }

    /// What to do.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Sandbox => {
                "the account is in the sandbox of AWS End User Messaging: ask AWS to move it out, or verify the number"
            }
            Self::Sender => {
                "the sender in the settings, or SmsOriginationIdentity or SmsConfigurationSet of the deployment, is not active in this account and region, \
                 or cannot send transactional text messages to that country"
            }
            Self::SpendLimit => {
                "the month's spending limit of text messages is reached: ask AWS for a higher one, and raise what you set yourself"
            }
            Self::Account => "AWS stopped the account's text messages: ask its support why",
            Self::Rights => {
                "the function may not send: look at the policies of the account and at the resources that its role names"
            }
            Self::Protect => "a protect configuration of the account blocks such messages: change its rules for that country",
            Self::Later => "a later release says why",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_stored_as_it_is_said() {
        for problem in ProviderProblem::ALL {
            assert_eq!(serde_json::to_value(problem).expect("a word"), problem.as_str());
            assert!(!problem.remedy().is_empty());
        }
        assert_eq!(serde_json::from_str::<ProviderProblem>("\"of_2031\"").expect("it reads"), ProviderProblem::Later);
    }
}
