use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    Case, Currency, Customer, Facts, Mode, Policy, Workflow,
    before::ladder::{History, Rungs},
    book::Book,
    calendar::{Calendar, Place, Spread, tenant_zone},
    condition::{ConditionFacts, CustomerFacts, ExposureFacts, HistoryFacts, InvoiceFacts, RiskFacts},
    customer::{CustomerKind, DebtPurpose},
};

/// Everything that a decision looks at, reckoned once for one instant.
pub struct View<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// What the tenant decides by.
    pub policy: &'a Policy,
    /// Now.
    pub now: Timestamp,
    /// The book at `now`.
    pub book: Book<'a>,
    /// The marks that count in the tenant's mode.
    pub history: History,
    /// Where the customer's people are.
    pub place: Place,
    /// Where the tenant is.
    pub home: Place,
    /// The customer's fixed fraction of the window.
    pub spread: Spread,
}

impl<'a> View<'a> {
    /// Reckons the view.
    pub fn new(facts: &'a Facts, policy: &'a Policy, now: Timestamp) -> Self {
        let settings = &policy.settings;
        Self {
            facts,
            policy,
            now,
            book: Book::reckon(facts, &tenant_zone(settings), now),
            history: History::of(facts, settings.mode),
            place: Place::of_customer(&facts.customer, settings),
            home: Place::of_tenant(settings),
            spread: Spread::of(&facts.tenant, &facts.customer.id),
        }
    }

    /// The ledger that this decision belongs to.
    pub fn mode(&self) -> Mode {
        self.policy.settings.mode
    }

    /// The allowed days and hours where the customer's people are.
    pub fn calendar(&self) -> Calendar<'_> {
        let settings = &self.policy.settings;
        Calendar::new(&self.place, &settings.window, &settings.calendar.closed)
    }

    /// The tenant's own business days.
    pub fn home_calendar(&self) -> Calendar<'_> {
        let settings = &self.policy.settings;
        Calendar::new(&self.home, &settings.window, &settings.calendar.closed)
    }

    /// Runs `look` with the rungs of a case.
    pub fn with_rungs<T>(&self, workflow: &Workflow, case: &Case, history: &History, look: impl FnOnce(&Rungs<'_>) -> T) -> T {
        let (calendar, tenant_calendar) = (self.calendar(), self.home_calendar());
        look(&Rungs {
            facts: self.facts,
            book: &self.book,
            history,
            workflow,
            case,
            place: &self.place,
            calendar: &calendar,
            tenant_calendar: &tenant_calendar,
        })
    }

    /// What conditions see: of a currency, and of the due item that drives, if one does.
    pub fn condition_facts(
        &self,
        currency: Currency,
        driver: Option<&crate::book::DueItem<'_>>,
        history: &History,
    ) -> ConditionFacts {
        let today = self.book.today;
        let days = |item: &crate::book::DueItem| item.days_past_due(today);
        let contact_days = self
            .facts
            .last_contact
            .in_mode(self.mode())
            .map(|at| crate::book::days_between(self.place.date_of(at), self.place.date_of(self.now)));
        let case_messages = self.facts.coverage.iter().filter(|coverage| {
            coverage.message.is_some()
                && coverage.outcome.satisfies()
                && crate::before::ladder::counts(coverage.mode, self.mode())
        });
        ConditionFacts {
            customer: customer_facts(&self.facts.customer).into(),
            invoice: driver.map_or_else(InvoiceFacts::default, |item| InvoiceFacts {
                number: item.number.to_owned(),
                currency: item.currency.code().to_owned(),
                purchase_order: item.purchase_order.unwrap_or_default().to_owned(),
                total_minor: item.total_minor,
                open_minor: item.open_minor,
                due_now_minor: item.due_now_minor,
                days_past_due: days(item),
                instalments: item.instalment.map_or(0, |(_, of)| i64::try_from(of).unwrap_or(i64::MAX)),
            }),
            exposure: ExposureFacts {
                currency: currency.code().to_owned(),
                open_minor: self.book.open_minor(currency),
                due_now_minor: self.book.exposure_minor(currency),
                overdue_minor: self.book.overdue_minor(currency),
                due_items: i64::try_from(self.book.in_currency(currency).count()).unwrap_or(i64::MAX),
                oldest_days_past_due: self.book.in_currency(currency).map(days).max().unwrap_or(0),
            }
            .into(),
            history: HistoryFacts {
                contacts: i64::try_from(case_messages.count()).unwrap_or(i64::MAX),
                days_since_contact: contact_days.unwrap_or(crate::condition::NEVER),
                replied_since: self.replied_since(driver, history),
                satisfied: driver.map(|item| satisfied_steps(history, item)).unwrap_or_default(),
            },
            risk: RiskFacts { score: -1 },
        }
    }

    /// The steps since whose message the customer has replied.
    fn replied_since(&self, driver: Option<&crate::book::DueItem<'_>>, history: &History) -> BTreeSet<String> {
        let (Some(replied_at), Some(item)) = (self.facts.replied_at, driver) else { return BTreeSet::new() };
        let before = history.marks(&item.key).iter().filter(|mark| mark.at <= replied_at);
        before.map(|mark| mark.step.clone()).collect()
    }
}

fn satisfied_steps(history: &History, item: &crate::book::DueItem) -> BTreeSet<String> {
    history.marks(&item.key).iter().filter(|mark| mark.outcome.satisfies()).map(|mark| mark.step.clone()).collect()
}

fn customer_facts(customer: &Customer) -> CustomerFacts {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    CustomerFacts {
        external_id: customer.external_id.clone(),
        name: customer.name.clone(),
        kind: match customer.kind {
            Some(CustomerKind::Company) => "company",
            Some(CustomerKind::SoleTrader) => "sole_trader",
            Some(CustomerKind::Person) => "person",
            None => "",
        }
        .to_owned(),
        segment: text(&customer.segment),
        language: text(&customer.language),
        country: text(&customer.country),
        region: text(&customer.region),
        debt_purpose: match customer.debt_purpose {
            Some(DebtPurpose::Business) => "business",
            Some(DebtPurpose::Personal) => "personal",
            None => "",
        }
        .to_owned(),
        legal_entity: text(&customer.legal_entity),
    }
}
