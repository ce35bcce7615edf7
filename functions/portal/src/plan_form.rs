//! A customer agrees to pay in parts: what, in how many, from which day on, how far apart. The page says each part to the cent before anybody
//! agrees, and agreeing needs a code. What is beyond the tenant's bounds is for a person.

use std::collections::BTreeSet;

use domain::{
    Agreement, Facts, InvoiceId, PlanRhythm, PlanStatus, PlanWish, PlanWishFlaw, Terms, WishedPlan,
    calendar::tenant_zone,
    dates::{add_days, days_between},
    plan_wish::{first_days, wish_plan},
    receivables::{DueItem, Receivables, ReceivablesRules},
};
use jiff::civil::Date;
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use service::link_plans::{PLAN_CHANGED, seen_parts};
use store::Result;

use crate::{
    access_labels::AccessLabels,
    choices::chosen_invoices,
    code_form::{code_needed_keeping, gate_keeping, with_status},
    confirmed::{ReturnTo, is_confirmed},
    form_labels::FormLabels,
    form_visit::{FormVisit, Taken, WrongFields, amounts_of, form_page},
    kept_choice::{CHOSEN, kept_plan, read_plan},
    page::PortalPage,
    plan_labels::PlanLabels,
    plan_statement::{offers_shown, parts_shown},
    typed::{TypedFields, shown_again},
    visit::{Visit, addresses_of},
};

/// The fields of the form.
const FIELDS: [&str; 6] = ["invoice", "parts", "first_on", "rhythm", "act", "seen"];
/// Most invoices of a form.
const CHOICES_MAX: usize = 100;
/// In how many parts a plan is offered where nothing was chosen.
const PARTS_USUAL: u8 = 3;
/// After how many days its first part is.
const FIRST_DAYS_USUAL: i64 = 7;

/// An invoice that can be paid in parts.
#[derive(Serialize)]
struct ChoiceShown {
    id: String,
    number: String,
    due_on: String,
    late: bool,
    status: String,
    open: String,
    chosen: bool,
}

/// What a page is made from, beside what was typed.
struct PlanPage<'p> {
    form: &'p FormVisit<'p>,
    visit: &'p Visit,
    facts: &'p Facts,
    today: Date,
    is_confirmed: bool,
    offers: Vec<Value>,
    /// What was chosen before a code was asked for.
    kept: Option<PlanWish>,
}

/// The form, the parts that it comes to, or what became of a plan; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table and of KMS.
pub(crate) async fn plan(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    if let Some(made) = form.request.query("made").filter(|_| !form.is_sent()) {
        return said(form, made).await;
    }
    let facts = form.store.facts_to_show(form.opened.tenant, form.opened.head);
    let offers = form.store.plan_offers_to_show(form.opened.tenant, &form.opened.head.customer);
    let (facts, offers) = tokio::try_join!(facts, offers)?;
    if !addresses_of(&facts).contains(form.opened.address) {
        return Ok(None);
    }
    let visit = form.opened.visit(&facts);
    let today = form.now.to_zoned(tenant_zone(&visit.settings)).date();
    let offers = offers_shown(&visit, &offers, today);
    let are_open = visit.settings.plans.are_open();
    if !are_open && offers.is_empty() && !form.is_sent() {
        return Ok(Some(PortalPage::See(format!("{}/write?for=plan", visit.path))));
    }
    let is_confirmed = is_confirmed(form.vault, form.request, form.found, form.now).await?;
    let chosen = form.request.query(CHOSEN).filter(|_| are_open && !form.is_sent());
    let kept = chosen.and_then(read_plan);
    let page = PlanPage { form, visit: &visit, facts: &facts, today, is_confirmed, offers, kept };
    let mut wrong = WrongFields::default();
    if !form.is_sent() {
        let plan = page.kept.as_ref().and_then(|wish| page.plan_of(wish, &mut wrong));
        // What does not fit any more is no flaw of whoever only looks.
        return Ok(Some(with_status(page.shown(page.kept.as_ref().zip(plan.as_ref()), &wrong), 200)));
    }
    let labels = PlanLabels::of(visit.words);
    let typed = TypedFields::of(form.request);
    let Some(wish) = page.read(typed, &mut wrong) else { return Ok(Some(page.shown(None, &wrong))) };
    if typed.one("act") == "agree" {
        if !is_confirmed {
            return Ok(Some(with_status(gate_keeping(form, &visit, ReturnTo::Plan, &kept_plan(&wish)), 403)));
        }
        match Taken::of(form.holder.agree_plan(form.store, &wish, typed.one("seen"), form.now).await)? {
            Taken::Done(made) => return Ok(Some(PortalPage::See(format!("{}/plan?made={}", visit.path, made.id)))),
            Taken::Wrong(pointers) if pointers.iter().any(|at| at == PLAN_CHANGED) => wrong.add("form", labels.changed),
            Taken::Again => wrong.add("form", FormLabels::of(visit.words).not_now),
            Taken::Gone => return Ok(None),
            // What is wrong is said below.
            Taken::Wrong(_) => {}
        }
    }
    let plan = page.plan_of(&wish, &mut wrong);
    if plan.is_some() && wrong.is_empty() && typed.one("act") == "agree" {
        // What stood against it a moment ago does not any more.
        wrong.add("form", labels.changed);
    }
    Ok(Some(page.shown(plan.as_ref().map(|plan| (&wish, plan)), &wrong)))
}

impl PlanPage<'_> {
    /// What was chosen, as far as it reads.
    fn read(&self, typed: TypedFields<'_>, wrong: &mut WrongFields) -> Option<PlanWish> {
        let words = PlanLabels::of(self.visit.words);
        if typed.has_others(&FIELDS) || !["look", "agree"].contains(&typed.one("act")) {
            wrong.add("form", self.visit.words.wrong_text);
        }
        let invoices = chosen_invoices(self.visit, typed, FormLabels::of(self.visit.words).wrong_invoices, wrong);
        let parts = typed.one("parts").parse::<u8>().ok();
        if parts.is_none() {
            wrong.add("count", words.wrong_parts.replace("{}", &self.most().to_string()));
        }
        let first_on = typed.one("first_on").parse::<Date>().ok();
        if first_on.is_none() {
            wrong.add("first_on", self.first_in_words(words.wrong_first_on));
        }
        let rhythm = PlanRhythm::read(typed.one("rhythm"));
        if rhythm.is_none() {
            wrong.add("rhythm", words.wrong_rhythm);
        }
        let (Some(parts), Some(first_on), Some(rhythm), true) = (parts, first_on, rhythm, wrong.is_empty()) else { return None };
        Some(PlanWish { invoices, parts, first_on, rhythm })
    }

    /// The plan that a wish comes to now; what is wrong with it is said.
    fn plan_of(&self, wish: &PlanWish, wrong: &mut WrongFields) -> Option<WishedPlan> {
        match wish_plan(wish, self.facts, &self.visit.settings, self.form.now) {
            Ok(plan) => Some(plan),
            Err(flaws) => {
                flaws.iter().for_each(|flaw| self.name(flaw, wrong));
                None
            }
        }
    }

    /// Says in the customer's language why a plan is not agreed to here.
    fn name(&self, flaw: &PlanWishFlaw, wrong: &mut WrongFields) {
        let words = PlanLabels::of(self.visit.words);
        match flaw {
            PlanWishFlaw::Closed => wrong.add("form", words.closed),
            PlanWishFlaw::BrokenBefore => wrong.add("invoice", words.broken_before),
            PlanWishFlaw::Parts { most } => wrong.add("count", words.wrong_parts.replace("{}", &most.to_string())),
            PlanWishFlaw::FirstDay { .. } => wrong.add("first_on", self.first_in_words(words.wrong_first_on)),
            PlanWishFlaw::TooLong { last } => {
                wrong.add("count", words.too_long.replace("{}", &self.visit.locale.date(*last)));
            }
            PlanWishFlaw::PartTooSmall { least_minor, currency } => {
                wrong.add("count", words.too_small.replace("{}", &self.visit.money(*least_minor, *currency)));
            }
            PlanWishFlaw::NotPossible(_) => wrong.add("invoice", words.not_possible),
        }
    }

    fn most(&self) -> u8 {
        self.visit.settings.plans.max_parts
    }

    fn first_in_words(&self, text: &str) -> String {
        let (first, last) = first_days(&self.visit.settings, self.today);
        text.replace("{first}", &self.visit.locale.date(first)).replace("{last}", &self.visit.locale.date(last))
    }

    /// The invoices that can be paid in parts, each once, the oldest first, and how many more there are. Chosen is what was chosen before, else
    /// what somebody came from, else what is past due in the first currency and of the first company.
    fn choices(&self) -> (Vec<ChoiceShown>, usize) {
        let visit = self.visit;
        let zone = tenant_zone(&visit.settings);
        let receivables = Receivables::at(self.facts, ReceivablesRules::of(&visit.settings, &zone), self.form.now);
        let mut choices: Vec<(&InvoiceId, i64, &DueItem<'_>)> = Vec::new();
        let planned: BTreeSet<&InvoiceId> =
            receivables.items.iter().filter(|item| item.planned_minor > 0).filter_map(|item| item.key.invoice()).collect();
        for item in &receivables.items {
            let Some(invoice) = item.key.invoice().filter(|invoice| !planned.contains(invoice)) else { continue };
            match choices.iter_mut().find(|(known, ..)| *known == invoice) {
                Some((_, open_minor, _)) => *open_minor = open_minor.saturating_add(item.open_minor),
                None => choices.push((invoice, item.open_minor, item)),
            }
        }
        let late = choices.iter().find(|(.., item)| days_between(item.due_on, self.today) > 0);
        let first = late.or(choices.first()).map(|(.., item)| item.balance());
        let mut asked = self.form.asked_about();
        asked.extend(self.kept.iter().flat_map(|wish| wish.invoices.iter().map(InvoiceId::as_str)));
        let begins = asked.is_empty() && !self.form.is_sent();
        let not_listed = choices.len().saturating_sub(CHOICES_MAX);
        let shown = |(invoice, open_minor, item): &(&InvoiceId, i64, &DueItem<'_>)| {
            let past = days_between(item.due_on, self.today);
            ChoiceShown {
                id: invoice.as_str().to_owned(),
                number: item.number.to_owned(),
                due_on: visit.locale.date(item.due_on),
                late: past > 0,
                status: visit.words.days_past_due(past),
                open: visit.money(*open_minor, item.currency),
                chosen: asked.contains(invoice.as_str()) || begins && past > 0 && first.as_ref() == Some(&item.balance()),
            }
        };
        (choices.iter().take(CHOICES_MAX).map(shown).collect(), not_listed)
    }

    fn shown(&self, plan: Option<(&PlanWish, &WishedPlan)>, wrong: &WrongFields) -> PortalPage {
        let (visit, form) = (self.visit, self.form);
        let labels = PlanLabels::of(visit.words);
        let typed = TypedFields::of(form.request);
        let are_open = visit.settings.plans.are_open();
        let (choices, not_listed) = if are_open { self.choices() } else { (vec![], 0) };
        let (first, last) = first_days(&visit.settings, self.today);
        let kept = self.kept.as_ref();
        let count = typed.one("parts").parse::<u8>().ok().or(kept.map(|wish| wish.parts));
        let count = count.unwrap_or(PARTS_USUAL.min(self.most()));
        let counts = (2..=self.most().max(2)).map(|number| context! { number, chosen => number == count });
        let rhythm = PlanRhythm::read(typed.one("rhythm")).or(kept.map(|wish| wish.rhythm)).unwrap_or(PlanRhythm::Monthly);
        let rhythms =
            PlanRhythm::ALL.map(|each| context! { word => each.as_str(), name => labels.rhythm(each), chosen => each == rhythm });
        let usual = add_days(self.today, FIRST_DAYS_USUAL).min(last).to_string();
        let begun = kept.map_or(usual, |wish| wish.first_on.to_string());
        let first_on = if form.is_sent() { shown_again(typed.one("first_on")) } else { begun };
        let keep = plan.map(|(wish, _)| kept_plan(wish)).unwrap_or_default();
        let needs_code = if plan.is_some() { labels.needs_code } else { labels.code_first };
        let parts = plan.map(|(_, plan)| parts_shown(visit, &plan.parts, plan.currency)).unwrap_or_default();
        let hidden = plan.map(|(wish, plan)| fields_of(wish, plan)).unwrap_or_default();
        let values = context! {
            l => Value::from(Serde(labels)),
            a => Value::from(Serde(AccessLabels::of(visit.words))),
            action => format!("{}/plan", visit.path),
            ask => format!("{}/write?for=plan", visit.path),
            code => code_needed_keeping(form, visit, (ReturnTo::Plan, &keep), needs_code),
            is_confirmed => self.is_confirmed,
            offers => self.offers.clone(),
            has_form => are_open,
            choices => Value::from(Serde(&choices)),
            not_listed => (not_listed > 0).then(|| labels.not_listed.replace("{}", &not_listed.to_string())),
            counts => counts.collect::<Vec<_>>(),
            how_many_hint => labels.how_many_hint.replace("{}", &self.most().to_string()),
            first => first.to_string(),
            last => last.to_string(),
            first_on,
            first_on_hint => self.first_in_words(labels.first_on_hint),
            rhythms => rhythms.to_vec(),
            parts => Value::from(Serde(&parts)),
            total => plan.map(|(_, plan)| visit.money(plan.total_minor, plan.currency)),
            hidden => Value::from(Serde(&hidden)),
        };
        form_page(visit, "plan", labels.plan, wrong, values)
    }
}

/// What the form that agrees sends: the wish again, and what was shown of it.
fn fields_of(wish: &PlanWish, plan: &WishedPlan) -> Vec<(&'static str, String)> {
    let invoices = wish.invoices.iter().map(|id| ("invoice", id.as_str().to_owned()));
    let others = [
        ("parts", wish.parts.to_string()),
        ("first_on", wish.first_on.to_string()),
        ("rhythm", wish.rhythm.as_str().to_owned()),
        ("seen", seen_parts(&plan.parts)),
        ("act", "agree".to_owned()),
    ];
    invoices.chain(others).collect()
}

/// What became of a plan.
async fn said(form: &FormVisit<'_>, made: &str) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let agreement = form.agreement(made).await?;
    let Some((agreement, plan)) = agreement.as_ref().and_then(planned) else {
        return Ok(Some(PortalPage::Plain(404, visit.words)));
    };
    let labels = PlanLabels::of(visit.words);
    let says = labels.made_says.replace("{amount}", &amounts_of(&visit, agreement));
    let mut lines = vec![says.replace("{count}", &plan.parts.len().to_string())];
    let money = |minor| visit.money(minor, plan.currency);
    lines.extend(plan.parts.iter().map(|part| {
        labels.made_part.replace("{day}", &visit.locale.date(part.due_on)).replace("{amount}", &money(part.amount_minor))
    }));
    lines.push(
        match plan.status {
            PlanStatus::Running if agreement.ended_at.is_none() => labels.made_runs,
            PlanStatus::Completed => labels.made_completed,
            PlanStatus::Broken => labels.made_broken,
            PlanStatus::Running | PlanStatus::Cancelled | PlanStatus::Later(_) => labels.made_over,
        }
        .to_owned(),
    );
    let invoices: Vec<InvoiceId> = plan.of.iter().map(|stood| stood.invoice.clone()).collect();
    let named = form.named(&invoices).await?;
    let note = (!named.is_empty()).then(|| FormLabels::of(visit.words).invoices_of.replace("{}", &named));
    Ok(Some(form_page(&visit, "said", labels.made, &WrongFields::default(), context! { lines, note })))
}

fn planned(agreement: &Agreement) -> Option<(&Agreement, &domain::PaymentPlan)> {
    match &agreement.terms {
        Terms::Plan(plan) => Some((agreement, plan)),
        Terms::Promise(_) | Terms::Dispute(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
    }
}
