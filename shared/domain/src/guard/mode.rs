use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{Authority, Mode, RuleInput};

/// A message leaves only in the mode that it was decided in, and of a training tenant none does.
pub(super) const RULE: Rule = Rule {
    id: "mode",
    version: 2,
    citation: "house rule: safe to switch on",
    authority: Authority::Setting,
    effective_from: None,
    effective_until: None,
    reach: Reach::Tenant,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    let mut inputs = vec![
        RuleInput::setting("mode", ask.policy.settings.mode.as_str()),
        RuleInput::of("mode of the decision", ask.mode.as_str(), "decision"),
    ];
    if ask.policy.settings.training {
        inputs.push(RuleInput::setting("training", true));
    }
    inputs
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    match (ask.policy.settings.mode, ask.mode) {
        (Mode::Off | Mode::Later(_), _) => Verdict::Block("the tenant is switched off".to_owned()),
        (_, Mode::Live) if ask.policy.settings.training => {
            Verdict::Block("the tenant is for training, and nothing of it is sent".to_owned())
        }
        (now, decided) if now != decided => Verdict::Block("the tenant's mode changed since this was decided".to_owned()),
        (Mode::Shadow | Mode::Live, _) => Verdict::Allow,
    }
}
