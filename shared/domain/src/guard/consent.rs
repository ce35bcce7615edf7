use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::Channel;

/// Text messages, calls and WhatsApp go only to people who agreed to them.
pub(super) const RULE: Rule = Rule {
    id: "consent",
    version: 1,
    citation: "47 USC 227(b); 47 CFR 64.1200(a)(1); carrier and platform opt-in policies",
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    check,
};

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    match ask.channel {
        Channel::Email | Channel::Letter => Verdict::Allow,
        Channel::Sms | Channel::Voice | Channel::Whatsapp | Channel::Later(_) if ask.contact.consented(ask.channel) => {
            Verdict::Allow
        }
        Channel::Sms | Channel::Voice | Channel::Whatsapp | Channel::Later(_) => {
            Verdict::Block(format!("the person has not agreed to {}", ask.channel.as_str()))
        }
    }
}
