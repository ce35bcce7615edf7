//! The figures of many customers: of a tenant, a segment, an owner or a legal entity.
//!
//! Totals are put together from rows of customers, and from totals of others: in any order, in any grouping. A customer may be in one of them
//! only. So a tenant's totals are those of a bounded number of shards.

use std::collections::BTreeMap;

use compact_str::CompactString;
use domain::{Currency, CustomerId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    contact_flow::ContactFlow,
    customer_figures::{CustomerFigures, MonthFigures},
    exact::{Figure, Sum, Undefined},
    flow::Flow,
    measures::{self, Countback, Effectiveness, SalesMonth},
    month::{Month, Period},
    stock::Stock,
};

/// Of how many customers totals keep what is open: those that owe most.
pub const LARGEST_KEPT: usize = 20;

/// The customers that owe most in one currency, the largest first, at most [`LARGEST_KEPT`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Largest {
    /// What is open of each, minor units.
    all: Vec<(Sum, CustomerId)>,
}

impl Largest {
    fn add(&mut self, open: Sum, customer: &CustomerId) {
        if open > Sum::ZERO {
            self.all.push((open, customer.clone()));
            self.all.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
            self.all.truncate(LARGEST_KEPT);
        }
    }

    /// Those that owe most, the largest first.
    pub fn iter(&self) -> impl Iterator<Item = (&CustomerId, Sum)> {
        self.all.iter().map(|(open, customer)| (customer, *open))
    }
}

/// The figures of many customers in one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CurrencyFigures {
    /// How many customers owe something.
    pub owing: u64,
    /// What is so at the end of the day.
    pub stock: Stock,
    /// What happened on the day.
    pub day: Flow,
    /// What happened by month.
    pub months: BTreeMap<Month, MonthFigures>,
    /// Who owes most.
    pub largest: Largest,
}

impl CurrencyFigures {
    /// Adds those of other customers.
    pub fn merge(&mut self, other: &Self) {
        self.owing += other.owing;
        self.stock.add(&other.stock);
        self.day.add(&other.day);
        for (month, figures) in &other.months {
            self.months.entry(*month).or_default().add(figures);
        }
        other.largest.iter().for_each(|(customer, open)| self.largest.add(open, customer));
    }

    /// What happened in so many months, the running one among them.
    pub fn flow(&self, as_of: Date, months: i32) -> Flow {
        let first = Month::of(as_of).plus(1 - months.max(1));
        let mut sum = Flow::default();
        self.months.range(first..=Month::of(as_of)).for_each(|(_, month)| sum.add(&month.flow));
        sum
    }

    /// [`measures::dso`] over so many calendar months up to a day.
    pub fn dso(&self, as_of: Date, months: i32) -> Figure {
        let days = Period::months_before(as_of, months).days();
        measures::dso(self.stock.open(), self.flow(as_of, months).sold.minor, days)
    }

    /// The same of what is not past due: the best possible DSO.
    pub fn dso_best_possible(&self, as_of: Date, months: i32) -> Figure {
        let days = Period::months_before(as_of, months).days();
        measures::dso(self.stock.current(), self.flow(as_of, months).sold.minor, days)
    }

    /// [`measures::average_days_delinquent`] of both.
    pub fn average_days_delinquent(&self, as_of: Date, months: i32) -> Figure {
        measures::average_days_delinquent(self.dso(as_of, months), self.dso_best_possible(as_of, months))
    }

    /// [`measures::dso_countback`] over the months that are known, none of them before the books are.
    pub fn dso_countback(&self, as_of: Date, data_from: Option<Date>) -> Countback {
        measures::dso_countback(self.stock.open(), self.sales_months(as_of, data_from))
    }

    /// The same of what is not past due: the best possible.
    pub fn dso_countback_best_possible(&self, as_of: Date, data_from: Option<Date>) -> Countback {
        measures::dso_countback(self.stock.current(), self.sales_months(as_of, data_from))
    }

    /// The months of sales, the newest first: as far back as something was sold.
    fn sales_months(&self, as_of: Date, data_from: Option<Date>) -> Vec<SalesMonth> {
        let sold = self.months.iter().filter(|(_, month)| !month.flow.sold.is_none()).map(|(month, _)| *month).min();
        let known = data_from.map(Month::of).into_iter().chain(sold).max();
        let Some(oldest) = known.filter(|_| sold.is_some()) else { return Vec::new() };
        let newest = Month::of(as_of);
        let all = (0_i32..).map(|back| newest.plus(-back)).take_while(|month| *month >= oldest);
        let sales = |month: Month| self.months.get(&month).map_or(Sum::ZERO, |figures| figures.flow.sold.minor);
        all.map(|month| SalesMonth { sales: sales(month), days: month.days_until(as_of) }).collect()
    }

    /// [`measures::collection_effectiveness`] over so many calendar months up to a day. Not defined where nothing is known of the month
    /// before them.
    pub fn collection_effectiveness(&self, as_of: Date, months: i32, data_from: Option<Date>) -> Figure {
        let period = Period::months_before(as_of, months);
        if data_from.is_some_and(|known| period.eve() < known) {
            return Figure::Undefined(Undefined::NoData);
        }
        let begin = self.months.get(&Month::of(period.eve())).map_or(Sum::ZERO, |month| month.open);
        measures::collection_effectiveness(Effectiveness {
            begin,
            sales: self.flow(as_of, months).sold.minor,
            months: i64::from(months.max(1)),
            end: self.stock.open(),
            end_current: self.stock.current(),
        })
    }

    /// Concentration: the part of what is open that the `n` customers with most of it owe, in percent; at most [`LARGEST_KEPT`] of them.
    pub fn top_share(&self, n: usize) -> Figure {
        let top: Sum = self.largest.iter().take(n).map(|(_, open)| open).sum();
        Figure::product(top.whole(), 100, self.stock.open().whole(), Undefined::NothingOpen)
    }
}

/// The figures of many customers at the end of a day.
///
/// In JSON: `{"as_of", "customers", "currencies": {"EUR": {"owing", "stock", "day", "months", "largest": [["12500", "cus_…"], …]}},
/// "contacts": {"2026-02": {…}}, "contacts_of_day"}`. Their size grows with currencies and months, not with customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// The day, in the tenant's zone.
    pub as_of: Date,
    /// How many customers are in it.
    pub customers: u64,
    /// By currency, each by itself.
    #[serde(default)]
    pub currencies: BTreeMap<Currency, CurrencyFigures>,
    /// What was done to reach people, by month. Of legal entities it is empty: people are contacted for a customer.
    #[serde(default)]
    pub contacts: BTreeMap<Month, ContactFlow>,
    /// The same of the day alone.
    #[serde(default)]
    pub contacts_of_day: ContactFlow,
}

impl Totals {
    /// Those of nobody, at the end of a day.
    pub fn none(as_of: Date) -> Self {
        Self {
            as_of,
            customers: 0,
            currencies: BTreeMap::new(),
            contacts: BTreeMap::new(),
            contacts_of_day: ContactFlow::default(),
        }
    }

    /// Adds a customer with all that it owes.
    pub fn add(&mut self, figures: &CustomerFigures) {
        self.add_balances(figures, None);
        for (month, contacts) in &figures.contacts {
            self.contacts.entry(*month).or_default().add(contacts);
        }
        self.contacts_of_day.add(&figures.contacts_of_day);
    }

    /// Adds what a customer owes to one legal entity, empty for the default one.
    pub fn add_of_entity(&mut self, figures: &CustomerFigures, legal_entity: &str) {
        self.add_balances(figures, Some(legal_entity));
    }

    fn add_balances(&mut self, figures: &CustomerFigures, legal_entity: Option<&str>) {
        let mut of_customer: BTreeMap<Currency, CurrencyFigures> = BTreeMap::new();
        let is_asked = |entity: &CompactString| legal_entity.is_none_or(|asked| asked == entity.as_str());
        for (balance, of) in figures.balances.iter().filter(|(balance, _)| is_asked(&balance.legal_entity)) {
            let more = CurrencyFigures {
                stock: of.stock.clone(),
                day: of.day.clone(),
                months: of.months.clone(),
                ..CurrencyFigures::default()
            };
            of_customer.entry(balance.currency).or_default().merge(&more);
        }
        for (currency, mut of) in of_customer {
            // A customer owes once in a currency, whatever the number of legal entities.
            let open = of.stock.open();
            of.owing = u64::from(open > Sum::ZERO);
            of.largest.add(open, &figures.customer);
            self.currencies.entry(currency).or_default().merge(&of);
        }
        self.customers += 1;
    }

    /// Adds the totals of other customers at the end of the same day.
    pub fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        for (currency, figures) in &other.currencies {
            self.currencies.entry(*currency).or_default().merge(figures);
        }
        for (month, contacts) in &other.contacts {
            self.contacts.entry(*month).or_default().add(contacts);
        }
        self.contacts_of_day.add(&other.contacts_of_day);
    }

    /// What was done to reach people in so many months, the running one among them, and what came of it.
    pub fn contacts_within(&self, months: i32) -> ContactFlow {
        let newest = Month::of(self.as_of);
        let mut sum = ContactFlow::default();
        self.contacts.range(newest.plus(1 - months.max(1))..=newest).for_each(|(_, contacts)| sum.add(contacts));
        sum
    }
}

/// What customers are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupBy {
    /// All of them together.
    Tenant,
    /// Their segment.
    Segment,
    /// Who looks after them.
    Owner,
    /// The legal entity that they owe to.
    LegalEntity,
    /// Each by itself, by its id: what the totals of others are made of.
    Customer,
}

impl GroupBy {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Tenant, Self::Segment, Self::Owner, Self::LegalEntity, Self::Customer];

    /// As a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Segment => "segment",
            Self::Owner => "owner",
            Self::LegalEntity => "legal_entity",
            Self::Customer => "customer",
        }
    }
}

/// Totals by group: by segment, owner or legal entity, empty for what is of none.
///
/// A customer is of the group to which it belongs at the end of the day. One that owes to several legal entities is in each of their groups with
/// what it owes there; then the customers of the groups are more than those of the tenant, and the largest of each are its own. Every other sum
/// over the groups is the tenant's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// What they are grouped by.
    pub by: GroupBy,
    /// The day.
    pub as_of: Date,
    /// The totals.
    pub all: BTreeMap<CompactString, Totals>,
}

impl Groups {
    /// Those of nobody, at the end of a day.
    pub fn none(by: GroupBy, as_of: Date) -> Self {
        Self { by, as_of, all: BTreeMap::new() }
    }

    /// Adds a customer.
    pub fn add(&mut self, figures: &CustomerFigures) {
        let belongs = &figures.belongs;
        match self.by {
            GroupBy::Tenant => self.of(CompactString::default()).add(figures),
            GroupBy::Customer => self.of(figures.customer.as_str().into()).add(figures),
            GroupBy::Segment => self.of(belongs.segment.clone().unwrap_or_default()).add(figures),
            GroupBy::Owner => self.of(belongs.owner.clone().unwrap_or_default()).add(figures),
            GroupBy::LegalEntity => {
                let entities: std::collections::BTreeSet<&CompactString> =
                    figures.balances.keys().map(|balance| &balance.legal_entity).collect();
                for entity in entities {
                    self.of(entity.clone()).add_of_entity(figures, entity);
                }
            }
        }
    }

    fn of(&mut self, group: CompactString) -> &mut Totals {
        let as_of = self.as_of;
        self.all.entry(group).or_insert_with(|| Totals::none(as_of))
    }

    /// Adds the groups of other customers at the end of the same day.
    pub fn merge(&mut self, other: &Self) {
        for (group, totals) in &other.all {
            self.of(group.clone()).merge(totals);
        }
    }
}
