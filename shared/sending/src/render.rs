use std::collections::{BTreeMap, BTreeSet};

use channels::{
    AccountInMail, Attachment, Brand, CODE_IMAGE, InvoiceRow, Links, RenderError, RenderInput, Rendered, RowKind, Template,
    UPCOMING_LISTED_MAX,
};
use domain::{
    Action, CaseKey, Channel, Contact, Covered, CustomerId, Facts, ItemOf, Money, Occurrence, Outcome, PaymentPlan, Pending,
    PlanStatus, Policy, Scope, Standing, TenantId, Terms,
    decide::{Situation, case_by_item, promised_on},
    is_statement, language,
    own_message::is_own_message,
    pay_sources::paid_at_source,
    receivables::DueItem,
};
use jiff::{Timestamp, civil::Date};

use crate::attached::MakeTransferCode;

/// The page of a customer, and that of stopping one address: in the language of the message, or where each character is paid for by short addresses
/// that lead there.
pub(crate) fn links(portal_url: &str, code: &str, stop: &str, channel: Channel, language: &str) -> Links {
    if channel.facts().segments_max.is_some() {
        let portal = format!("{portal_url}/s/{code}");
        return Links { opt_out: format!("{portal}/stop"), portal, pay: None };
    }
    let primary =
        language.split('-').next().filter(|tag| tag.bytes().all(|byte| byte.is_ascii_alphanumeric())).unwrap_or_default();
    let opt_out = format!("{portal_url}/p/{stop}/opt-out?l={primary}");
    Links { portal: format!("{portal_url}/p/{code}"), opt_out, pay: None }
}

/// The template's text that the customer reads, by [`language::choose`].
pub(crate) fn choose<'a>(
    templates: &'a [store::StoredTemplate],
    customer: Option<&str>,
    tenant: Option<&str>,
) -> Option<&'a store::StoredTemplate> {
    let languages: Vec<&str> = templates.iter().map(|template| template.language.as_str()).collect();
    language::choose(&languages, customer, tenant).and_then(|at| templates.get(at))
}

/// A message in words.
pub(crate) struct Made {
    pub(crate) rendered: Rendered,
    /// The code of the transfer that its HTML shows, where it shows one.
    pub(crate) code: Option<Attachment>,
}

/// What a message has beside what is due.
pub(crate) struct Beside<'a> {
    pub(crate) links: Links,
    /// What makes the code of a transfer.
    pub(crate) codes: Option<&'a MakeTransferCode>,
    pub(crate) brand: &'a Brand,
    /// What the documents are called that it carries.
    pub(crate) carried: Vec<String>,
}

/// Renders a message for its contact from what is due now; with the code of a transfer where one can be made.
pub(crate) fn render(
    situation: &Situation<'_>,
    policy: &Policy,
    pending: &Pending,
    rows: &[Covered],
    contact: &Contact,
    template: &store::StoredTemplate,
    beside: Beside<'_>,
) -> Result<Made, RenderError> {
    let facts: &Facts = situation.facts;
    let today = situation.receivables.today;
    let mut by_age: Vec<(&DueItem, &Covered)> =
        rows.iter().filter_map(|row| Some((situation.receivables.item(&row.item)?, row))).collect();
    by_age.sort_by_key(|(item, _)| (item.due_on, item.issued_on, item.number));
    let covered: Vec<&DueItem> = by_age.iter().map(|(item, _)| *item).collect();
    let own = own_steps(situation, pending);
    let is_stated = is_statement(&pending.rows);
    let money = |minor| Money::from_minor(minor, pending.case.currency());
    let covering = |(item, row_of): &(&DueItem, &Covered)| InvoiceRow {
        is_own: is_own_message(&pending.template) || is_stated || own.contains(row_of.step.as_str()),
        // A statement reminds of nothing.
        reminded: if is_stated { 0 } else { reminded(situation, item, row_of) },
        // Of a reminder of a promise, what was promised.
        due_now: money(row_of.due_now_minor),
        ..row(item, today)
    };
    let coming = |item: &&DueItem| row(item, today);
    // A statement is about all that the balance has, by whichever workflow it is chased.
    let of_case = if is_stated {
        situation.receivables.items.iter().filter(|item| item.is_of(&pending.case.balance)).collect()
    } else {
        of_case(situation, &pending.case)
    };
    let driving = situation.facts.cases.get(&pending.case).and_then(|case| policy.driving(case));
    let promised_on = driving.and_then(|workflow| promised_on(facts, workflow, rows));
    let entity = pending.case.balance.legal_entity.as_str();
    let due_now = |items: &mut dyn Iterator<Item = &&DueItem>| items.map(|item| item.due_now_minor).fold(0, i64::saturating_add);
    let mut input = RenderInput {
        language: facts.customer.language.clone().unwrap_or_else(|| template.language.clone()),
        country: facts.customer.country.clone(),
        customer_name: facts.customer.name.clone(),
        contact_name: contact.name.clone(),
        case_id: facts.cases.get(&pending.case).map(|case| case.id.to_string()).unwrap_or_default(),
        invoices: by_age.iter().map(covering).collect(),
        more: 0,
        covered_due_now: money(by_age.iter().map(|(_, row)| row.due_now_minor).fold(0, i64::saturating_add)),
        promised_on,
        upcoming: upcoming(situation, pending, &of_case, &covered).iter().take(UPCOMING_LISTED_MAX).map(coming).collect(),
        exposure_total: money(due_now(&mut of_case.iter())),
        exposure_overdue: money(due_now(&mut of_case.iter().filter(|item| item.days_past_due(today) > 0))),
        pay_by: pending.pay_by,
        payment_details: policy.settings.how_to_pay(entity, Some(pending.case.currency()), &template.language),
        bank: policy.settings.bank_account_of(entity, pending.case.currency()).map(AccountInMail::of),
        has_code: false,
        several_currencies: situation.receivables.currencies().len() > 1,
        broken_plans: broken_plans(situation, &covered),
        carried: beside.carried,
        links: beside.links,
    };
    let code = beside.codes.and_then(|make| transfer_code(situation, policy, (pending, covered.as_slice()), &input, make));
    input.has_code = code.is_some();
    let template = Template {
        id: template.id.clone(),
        language: template.language.clone(),
        channel: template.channel,
        subject: template.subject.clone(),
        body: template.body.clone(),
        version: template.version,
    };
    let rendered = channels::render(&template, &input, beside.brand)?;
    Ok(Made { rendered, code })
}

/// The code of the transfer that a mail asks for: to the account that it names, of all that it asks for, naming its invoices. Where the tenant says in
/// its own words how to pay, or an invoice is paid where its source says, the mail shows none.
fn transfer_code(
    situation: &Situation<'_>,
    policy: &Policy,
    (pending, covered): (&Pending, &[&DueItem<'_>]),
    input: &RenderInput,
    make: &MakeTransferCode,
) -> Option<Attachment> {
    let entity = pending.case.balance.legal_entity.as_str();
    let source = situation.facts.customer.source.as_str();
    let is_elsewhere = covered.iter().any(|item| paid_at_source(source, item.url).is_some());
    if pending.channel != Channel::Email || policy.settings.payment_details_of(entity).is_some() || is_elsewhere {
        return None;
    }
    let account = policy.settings.bank_account_of(entity, pending.case.currency())?;
    let bytes = make(account, input.covered_due_now, &input.reference()?)?;
    let (name, content_type) = ("transfer-code.png".to_owned(), "image/png".to_owned());
    Some(Attachment { name, content_type, bytes, shown_as: Some(CODE_IMAGE.to_owned()) })
}

/// A due item as a message shows it.
fn row(item: &DueItem<'_>, today: Date) -> InvoiceRow {
    let money = |minor| Money::from_minor(minor, item.currency);
    InvoiceRow {
        kind: match (&item.key.of, item.instalment) {
            (ItemOf::Invoice(_), None) => RowKind::Invoice,
            (ItemOf::Invoice(_), Some(_)) => RowKind::Instalment,
            (ItemOf::Plan(_), _) => RowKind::PlanPart,
            (ItemOf::Charge(_), _) => RowKind::Charge,
        },
        number: item.number.to_owned(),
        instalment: item.instalment.and_then(|(n, of)| Some((u32::try_from(n).ok()?, u32::try_from(of).ok()?))),
        purchase_order: item.purchase_order.map(str::to_owned),
        total: money(item.total_minor),
        amount: money(item.amount_minor),
        paid: money(item.paid_minor),
        open: money(item.open_minor),
        due_now: money(item.due_now_minor),
        issued_on: item.issued_on,
        due_on: item.due_on,
        days_past_due: i32::try_from(item.days_past_due(today)).unwrap_or(i32::MAX),
        url: item.url.map(str::to_owned),
        is_own: true,
        reminded: 0,
    }
}

/// The steps whose text the message has.
fn own_steps<'s>(situation: &'s Situation<'_>, pending: &Pending) -> BTreeSet<&'s str> {
    let case = situation.facts.cases.get(&pending.case);
    let workflow = case.and_then(|case| situation.policy.driving(case));
    let of_template = |step: &&domain::Step| match &step.action {
        Action::Send(send) => send.template == pending.template,
        Action::Task(_)
        | Action::Notify(_)
        | Action::Escalate(_)
        | Action::CreditHold(_)
        | Action::ChangeTerms(_)
        | Action::HandOff(_)
        | Action::Fee(_) => false,
    };
    workflow.map(|workflow| workflow.steps.iter().filter(of_template).map(|step| step.id.as_str()).collect()).unwrap_or_default()
}

/// How many messages about an item left after it fell due, for other steps than the row's own: a message and its copies are one.
fn reminded(situation: &Situation<'_>, item: &DueItem<'_>, row: &Covered) -> u32 {
    let results = situation.history.results_of(&situation.receivables, &item.key);
    let left = results.iter().filter(|result| result.way.is_some() && result.outcome == Outcome::Sent && result.on > item.due_on);
    // One message counts once, also where a later version of the workflow has several steps for its step.
    let by_instant: BTreeMap<Timestamp, (&str, &Occurrence)> =
        left.map(|result| (result.at, (result.step, &result.occurrence))).collect();
    let steps: BTreeSet<(&str, &Occurrence)> = by_instant.into_values().collect();
    let others = steps.iter().filter(|(step, occurrence)| *step != row.step || **occurrence != row.occurrence);
    u32::try_from(others.count()).unwrap_or(u32::MAX)
}

/// The plans that were broken and of which no message about their invoices has told since, by what they are called.
fn broken_plans(situation: &Situation<'_>, covered: &[&DueItem<'_>]) -> Vec<String> {
    let as_they_are = situation.receivables.agreements_of(situation.facts);
    let broken = as_they_are.filter_map(|agreement| match &agreement.terms {
        Terms::Plan(plan) if plan.status == PlanStatus::Broken => Some((agreement.status_at, plan)),
        Terms::Plan(_) | Terms::Promise(_) | Terms::Dispute(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
    });
    let is_news = |(since, plan): &(Timestamp, &PaymentPlan)| {
        covered.iter().any(|item| {
            let is_of = item.key.invoice().is_some_and(|invoice| plan.of.iter().any(|stood| stood.invoice == *invoice));
            let results = situation.history.results_of(&situation.receivables, &item.key);
            let in_words = |way: Option<&(Channel, String)>| {
                way.is_some_and(|(channel, _)| matches!(channel, Channel::Email | Channel::Sms))
            };
            let told =
                results.iter().any(|result| in_words(result.way) && result.outcome == Outcome::Sent && result.at >= *since);
            is_of && !told
        })
    };
    broken.filter(is_news).map(|(_, plan)| plan.name.clone()).collect()
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
    let scope = case.and_then(|case| situation.policy.driving(case)).map(|workflow| workflow.scope);
    // Where each item is chased by itself, a message speaks of nothing but its own.
    let speaks_alone = |item: &&DueItem<'_>| ahead(item) || item.due_now_minor == 0;
    if is_statement(&pending.rows) || scope != Some(Scope::Customer) || covered.iter().any(speaks_alone) {
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
            (Some("fr"), Some("de"), "en"),
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
            let links = links("https://x.example", "code", "stop", Channel::Email, language);
            assert_eq!(links.opt_out, format!("https://x.example/p/stop/opt-out?l={said}"));
        }
        let links = links("https://x.example", "code", "stop", Channel::Sms, "de");
        assert_eq!((&*links.portal, &*links.opt_out), ("https://x.example/s/code", "https://x.example/s/code/stop"));
    }
}
