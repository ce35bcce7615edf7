use super::{ContactQuestion, Reach, Rule, Verdict};
use crate::{
    Authority, Contact, Customer, RuleInput,
    customer::{CustomerKind, DebtPurpose},
    phone,
};

/// Who collects for others, or under another name than its own, is a debt collector to a consumer in the United States. It owes the person
/// the validation information (12 CFR 1006.34) and says in each message that it is one (1006.18(e)). Dunlin sends neither, so it sends nothing.
/// The frequency of calls (1006.14(b)) and the hours (1006.6(b)) are not reached.
pub(super) const RULE: Rule = Rule {
    id: "debt-collector",
    version: 1,
    citation: "15 USC 1692a(5), (6); 12 CFR 1006.2(h), (i), 1006.18(e), 1006.34",
    authority: Authority::Statute,
    effective_from: None,
    effective_until: None,
    reach: Reach::ContactAndChannel,
    inputs,
    check,
};

fn inputs(ask: &ContactQuestion<'_>) -> Vec<RuleInput> {
    let customer = &ask.facts.customer;
    vec![
        RuleInput::setting("collector_role", ask.policy.settings.collector_role.as_str()),
        ask.of_profile("debt_purpose", customer.debt_purpose.as_ref().map_or("none", DebtPurpose::as_str)),
        ask.of_profile("kind", customer.kind.as_ref().map_or("none", CustomerKind::as_str)),
        ask.of_profile("country", ask.place.country()),
    ]
}

fn check(ask: &ContactQuestion<'_>) -> Verdict {
    let role = ask.policy.settings.collector_role;
    if role.is_creditor_in_own_name() || !is_consumer(&ask.facts.customer) || !is_in_us(ask.place.country(), ask.contact) {
        return Verdict::Allow;
    }
    Verdict::Block(format!(
        "settings.collector_role is {}, and the person may owe a personal debt in the United States: as a debt collector's, a message needs the \
         validation information and disclosures of Regulation F, which are not sent yet; if the debt is a business's, have the source say so \
         (debt_purpose)",
        role.as_str()
    ))
}

/// Whether the debt may be a person's own. What nobody said is taken for one, but for a company's.
fn is_consumer(customer: &Customer) -> bool {
    match customer.debt_purpose {
        Some(DebtPurpose::Business) => false,
        Some(DebtPurpose::Personal) => true,
        Some(DebtPurpose::Later(_)) | None => match customer.kind {
            Some(CustomerKind::Company) => false,
            Some(CustomerKind::SoleTrader | CustomerKind::Person | CustomerKind::Later(_)) | None => true,
        },
    }
}

/// Whether the customer or the person's number is in the United States, or in one of its territories.
fn is_in_us(country: &str, contact: &Contact) -> bool {
    const US: [&str; 6] = ["US", "AS", "GU", "MP", "PR", "VI"];
    let of_number = contact.phone.as_deref().and_then(phone::country);
    US.contains(&country) || of_number.is_some_and(|country| US.contains(&country))
}
