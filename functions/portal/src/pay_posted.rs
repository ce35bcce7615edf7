//! The form of paying as it was sent: what is paid, and what is wrong with it.

use std::collections::BTreeMap;

use domain::{BasketLine, Facts, InvoiceId, PaymentId, id::digest};

use crate::{
    pay_labels::PayLabels,
    payable::{PayGroup, PayWay, paid_there},
    request::PortalRequest,
    typed::{TypedFields, amount, shown_again},
    visit::Visit,
};

/// Longest text that tells one form from another.
const FORM_CHARS_MAX: usize = 40;
/// Longest amount that is shown again.
const AMOUNT_CHARS_MAX: usize = 40;

/// What a payer sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PayPosted {
    /// What tells the form from others.
    pub(crate) form: String,
    /// The invoices to be paid, as they were sent.
    pub(crate) chosen: Vec<String>,
    /// What was typed for each.
    pub(crate) typed: BTreeMap<String, String>,
    /// The way, as forms have it.
    pub(crate) way: Option<String>,
}

/// What is wrong with what was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PayProblems {
    /// Of the whole.
    pub(crate) whole: Vec<String>,
    /// By invoice.
    pub(crate) of_invoice: BTreeMap<InvoiceId, String>,
}

impl PayProblems {
    pub(crate) fn is_none(&self) -> bool {
        self.whole.is_empty() && self.of_invoice.is_empty()
    }

    /// One problem of the whole.
    pub(crate) fn whole(text: &str) -> Self {
        Self { whole: vec![text.to_owned()], of_invoice: BTreeMap::new() }
    }
}

impl PayPosted {
    /// What a request says; `None` where it says of no form.
    pub(crate) fn read(request: &PortalRequest) -> Option<Self> {
        let form = field(request, "form")?.to_owned();
        if !(1..=FORM_CHARS_MAX).contains(&form.len()) || !form.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let chosen: Vec<String> = TypedFields::of(request).all("pay").map(str::to_owned).collect();
        let typed = chosen.iter().map(|invoice| {
            let typed = TypedFields::of(request).one(&format!("amount_{invoice}"));
            (invoice.clone(), shown_again(typed).chars().take(AMOUNT_CHARS_MAX).collect())
        });
        Some(Self { typed: typed.collect(), form, way: field(request, "way").map(str::to_owned), chosen })
    }

    /// The way that was chosen, if it is offered.
    pub(crate) fn way_of<'w>(&self, ways: &'w [PayWay]) -> Option<&'w PayWay> {
        let chosen = self.way.as_deref()?;
        ways.iter().find(|way| way.value() == chosen)
    }

    /// The lines that were chosen.
    ///
    /// # Errors
    ///
    /// What is wrong with them by themselves; whether they can be paid is looked at by the facts.
    pub(crate) fn lines(&self, visit: &Visit, facts: &Facts, group: &PayGroup) -> Result<Vec<BasketLine>, PayProblems> {
        let labels = PayLabels::of(visit.words.language);
        let mut problems = PayProblems::default();
        let mut lines = Vec::new();
        if self.chosen.is_empty() {
            problems.whole.push(labels.choose.to_owned());
        }
        for chosen in &self.chosen {
            let Some(invoice) = InvoiceId::parse(chosen) else {
                return Err(PayProblems::whole(labels.form_is_old));
            };
            let typed = self.typed.get(chosen).map(String::as_str).unwrap_or_default();
            let known = facts.invoices.iter().map(|fact| &fact.invoice).find(|known| known.id == invoice);
            if known.is_some_and(|known| paid_there(facts, known.url.as_deref()).is_some()) {
                problems.of_invoice.insert(invoice, labels.elsewhere.to_owned());
                continue;
            }
            match amount(typed, group.currency, visit.locale.decimal_mark()) {
                Some(amount_minor) => {
                    let number = known.map(|known| known.number.clone()).unwrap_or_default();
                    lines.push(BasketLine { invoice, number, amount_minor });
                }
                None => {
                    problems.of_invoice.insert(invoice, labels.no_amount.to_owned());
                }
            }
        }
        if problems.is_none() { Ok(lines) } else { Err(problems) }
    }

    /// The id of the basket: the same form with the same choice has the same, whatever else was written meanwhile.
    pub(crate) fn basket(&self, whose: [&str; 2], group: &PayGroup, lines: &[BasketLine], way: &PayWay) -> PaymentId {
        let lines: Vec<String> = lines.iter().map(|line| format!("{} {}", line.invoice, line.amount_minor)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let [tenant, customer] = whose;
        let value = way.value();
        let digested = digest(&lines);
        let entity = group.legal_entity.as_str();
        PaymentId::of_basket(&[tenant, customer, &self.form, group.currency.code(), entity, &value, &digested])
    }
}

/// A value of the form that was sent; `None` where it has none.
pub(crate) fn field<'r>(request: &'r PortalRequest, name: &str) -> Option<&'r str> {
    request.form()?.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
}
