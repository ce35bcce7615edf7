use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, RuleInput, channel::Collecting, phone, settings::CollectorRole};

/// Carriers in the United States take no text messages by which somebody collects for others or under another name, and WhatsApp none of
/// those who collect for others, whatever the debt is.
pub(super) const RULE: Rule = Rule {
    id: "collector-channels",
    version: 1,
    citation: "carriers' 10DLC rules: third-party debt collection is a forbidden use; WhatsApp Business Messaging Policy: debt collection",
    authority: Authority::Statute,
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    let number = ask.contact.address(ask.channel).and_then(phone::country).unwrap_or("none");
    vec![
        RuleInput::setting("collector_role", ask.policy.settings.collector_role.as_str()),
        ask.of_profile("country of the number", number),
    ]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    let role = ask.policy.settings.collector_role;
    let number = ask.contact.address(ask.channel).and_then(phone::country);
    let whose = match ask.channel.facts().collecting {
        Collecting::Anybody => None,
        Collecting::OwnNameInUnitedStates => {
            (!role.is_creditor_in_own_name() && number == Some("US")).then(|| "carriers in the United States take".to_owned())
        }
        Collecting::NotForOthers(platform) => match role {
            CollectorRole::ThirdParty | CollectorRole::DebtBuyer => Some(format!("{platform} takes")),
            CollectorRole::FirstParty | CollectorRole::FirstPartyOtherName => None,
        },
    };
    whose.map_or(Verdict::Allow, |whose| {
        Verdict::Block(format!("settings.collector_role is {}, and {whose} no such messages", role.as_str()))
    })
}
