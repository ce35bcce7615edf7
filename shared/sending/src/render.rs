use channels::{
    Brand, INVOICES_LISTED_MAX, InvoiceRow, Links, RenderError, RenderInput, Rendered, Template, UPCOMING_LISTED_MAX,
};
use domain::{
    CaseKey, Contact, Covered, CustomerId, Facts, Money, Pending, Policy, Scope, Standing, TenantId,
    decide::{Situation, case_by_item},
    receivables::DueItem,
};
use jiff::civil::Date;

/// The page of a customer, and of stopping one address, in the language of the message.
pub(crate) fn links(portal_url: &str, token: &str, stop: &str, language: &str) -> Links {
    let primary =
        language.split('-').next().filter(|tag| tag.bytes().all(|byte| byte.is_ascii_alphanumeric())).unwrap_or_default();
    let opt_out = format!("{portal_url}/p/{stop}/opt-out?l={primary}");
    Links { portal: format!("{portal_url}/p/{token}"), opt_out, pay: None }
}

/// The template's text in the customer's language, else the tenant's, else English, else any that it has.
pub(crate) fn choose<'a>(
    templates: &'a [store::StoredTemplate],
    customer: Option<&str>,
    tenant: Option<&str>,
) -> Option<&'a store::StoredTemplate> {
    let primary = |language: &str| language.split('-').next().unwrap_or_default().to_lowercase();
    let exact = |wanted: &str| templates.iter().find(|template| template.language.eq_ignore_ascii_case(wanted));
    let near = |wanted: &str| templates.iter().find(|template| primary(&template.language) == primary(wanted));
    [customer, tenant, Some("en")]
        .into_iter()
        .flatten()
        .find_map(|wanted| exact(wanted).or_else(|| near(wanted)))
        .or_else(|| templates.first())
}

/// Renders a message for its contact from what is due now.
pub(crate) fn render(
    situation: &Situation<'_>,
    policy: &Policy,
    pending: &Pending,
    rows: &[Covered],
    contact: &Contact,
    template: &store::StoredTemplate,
    links: Links,
) -> Result<Rendered, RenderError> {
    let facts: &Facts = situation.facts;
    let today = situation.receivables.today;
    let mut covered: Vec<&DueItem> = rows.iter().filter_map(|row| situation.receivables.item(&row.item)).collect();
    covered.sort_by_key(|item| (item.due_on, item.issued_on, item.number));
    let money = |minor| Money::from_minor(minor, pending.case.currency());
    let listed = |item: &&DueItem| row(item, today);
    let of_case = of_case(situation, &pending.case);
    let due_now = |items: &mut dyn Iterator<Item = &&DueItem>| items.map(|item| item.due_now_minor).fold(0, i64::saturating_add);
    let input = RenderInput {
        language: facts.customer.language.clone().unwrap_or_else(|| template.language.clone()),
        country: facts.customer.country.clone(),
        customer_name: facts.customer.name.clone(),
        contact_name: contact.name.clone(),
        case_id: facts.cases.get(&pending.case).map(|case| case.id.to_string()).unwrap_or_default(),
        invoices: covered.iter().take(INVOICES_LISTED_MAX).map(listed).collect(),
        more: covered.len().saturating_sub(INVOICES_LISTED_MAX),
        covered_due_now: money(covered.iter().map(|item| item.due_now_minor).fold(0, i64::saturating_add)),
        upcoming: upcoming(situation, pending, &of_case, &covered).iter().take(UPCOMING_LISTED_MAX).map(listed).collect(),
        exposure_total: money(due_now(&mut of_case.iter())),
        exposure_overdue: money(due_now(&mut of_case.iter().filter(|item| item.days_past_due(today) > 0))),
        pay_by: pending.pay_by,
        links,
    };
    let template = Template {
        id: template.id.clone(),
        language: template.language.clone(),
        channel: template.channel,
        subject: template.subject.clone(),
        body: template.body.clone(),
        version: template.version,
    };
    channels::render(
        &template,
        &input,
        &Brand { name: policy.settings.name_of(&pending.case.balance.legal_entity).to_owned(), two_way_sms: false },
    )
}

/// A due item as a message shows it.
fn row(item: &DueItem<'_>, today: Date) -> InvoiceRow {
    let money = |minor| Money::from_minor(minor, item.currency);
    InvoiceRow {
        number: item.number.to_owned(),
        instalment: item.instalment.and_then(|(n, of)| Some((u32::try_from(n).ok()?, u32::try_from(of).ok()?))),
        total: money(item.total_minor),
        open: money(item.open_minor),
        due_now: money(item.due_now_minor),
        issued_on: item.issued_on,
        due_on: item.due_on,
        days_past_due: i32::try_from(item.days_past_due(today)).unwrap_or(i32::MAX),
        url: item.url.map(str::to_owned),
    }
}

/// What falls due later than today, beside a message about what is due: shown, not asked for. A message about what is itself
/// to come shows nothing but that.
fn upcoming<'s>(
    situation: &Situation<'_>,
    pending: &Pending,
    of_case: &[&'s DueItem<'s>],
    covered: &[&DueItem<'_>],
) -> Vec<&'s DueItem<'s>> {
    let ahead = |item: &DueItem<'_>| item.standing(situation.receivables.today) == Standing::Ahead;
    let case = situation.facts.cases.get(&pending.case);
    let scope = case.and_then(|case| situation.policy.workflow(&case.workflow, case.version)).map(|workflow| workflow.scope);
    // Where each item is chased by itself, a message speaks of nothing but its own.
    if scope != Some(Scope::Customer) || covered.iter().any(|item| ahead(item)) {
        return Vec::new();
    }
    of_case.iter().copied().filter(|item| ahead(item) && item.due_now_minor > 0).collect()
}

/// The due items of a case.
fn of_case<'s>(situation: &'s Situation<'_>, case: &CaseKey) -> Vec<&'s DueItem<'s>> {
    case_by_item(situation).items(case).into_iter().filter_map(|at| situation.receivables.items.get(at)).collect()
}

/// What names one try of one message: the message and the instant, so that a second environment never finds its own.
pub(crate) fn attempt_id(tenant: &TenantId, customer: &CustomerId, order: &str, request: &str) -> String {
    domain::id::digest(&[tenant.as_str(), customer.as_str(), order, request])
}

#[cfg(test)]
mod tests {
    use domain::Channel;

    use super::*;

    #[test]
    fn the_customers_language_wins() {
        let template = |language: &str| store::StoredTemplate {
            id: "reminder".to_owned(),
            channel: Channel::Email,
            language: language.to_owned(),
            version: 1,
            subject: None,
            body: String::new(),
        };
        let templates = [template("de"), template("en"), template("pt-br")];
        for (customer, tenant, chosen) in [
            (Some("de"), None, "de"),
            (Some("de-at"), Some("en"), "de"),
            (Some("fr"), Some("de"), "de"),
            (Some("pt"), None, "pt-br"),
            (None, None, "en"),
            (Some("ja"), Some("ko"), "en"),
        ] {
            assert_eq!(
                choose(&templates, customer, tenant).map(|t| t.language.as_str()),
                Some(chosen),
                "{customer:?} {tenant:?}"
            );
        }
    }

    #[test]
    fn links_are_of_one_address_and_language() {
        for (language, said) in [("pt-br", "pt"), ("de", "de"), ("d&e", "")] {
            let links = links("https://x.example", "tok", "stop", language);
            assert_eq!(links.opt_out, format!("https://x.example/p/stop/opt-out?l={said}"));
        }
    }
}
