//! The form of paying as a page.

use domain::{InvoiceId, calendar::tenant_zone};
use jiff::Timestamp;
use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use crate::{
    amounts::decimal,
    page::{Look, PortalPage},
    pay_labels::PayLabels,
    pay_posted::{PayPosted, PayProblems},
    payable::{BegunBefore, PayGroup, PayItem, PayWay},
    visit::Visit,
};

/// What a form is made from.
pub(crate) struct PayForm<'f> {
    pub(crate) visit: &'f Visit,
    pub(crate) labels: &'static PayLabels,
    /// The one that is paid.
    pub(crate) group: Option<&'f PayGroup>,
    /// All that there are.
    pub(crate) groups: &'f [PayGroup],
    pub(crate) ways: &'f [PayWay],
    pub(crate) begun: &'f [BegunBefore],
    /// The invoice that somebody came from.
    pub(crate) only: Option<&'f str>,
    /// What was sent, where something was wrong with it.
    pub(crate) posted: Option<&'f PayPosted>,
    pub(crate) problems: &'f PayProblems,
    /// What tells this form from others.
    pub(crate) form: String,
    /// Where the form may lead to.
    pub(crate) places: Vec<String>,
    pub(crate) status: u16,
}

#[derive(Serialize)]
struct ItemShown {
    id: String,
    number: String,
    status: String,
    late: bool,
    most: String,
    amount: String,
    amount_of: String,
    checked: bool,
    problem: Option<String>,
    elsewhere: Option<String>,
}

#[derive(Serialize)]
struct WayShown {
    value: String,
    name: String,
    checked: bool,
}

#[derive(Serialize)]
struct BegunShown {
    text: String,
    at: String,
}

#[derive(Serialize)]
struct OtherShown {
    name: String,
    at: String,
}

impl PayForm<'_> {
    /// The page.
    pub(crate) fn shown(self) -> PortalPage {
        let (visit, labels) = (self.visit, self.labels);
        let this = &self;
        let items = this.group.into_iter().flat_map(|group| group.items.iter().map(move |item| this.item(group, item)));
        let items: Vec<ItemShown> = items.collect();
        let can_choose = items.iter().any(|item| item.elsewhere.is_none()) && !self.ways.is_empty();
        let ways: Vec<WayShown> = self.ways.iter().enumerate().map(|(at, way)| self.way(at, way)).collect();
        let begun: Vec<BegunShown> = self.begun.iter().map(|begun| self.begun(begun)).collect();
        let others: Vec<OtherShown> =
            self.groups.iter().filter(|group| Some(*group) != self.group).map(|group| self.other(group)).collect();
        let entity = self.group.map(|group| group.legal_entity.clone()).unwrap_or_default();
        let tenant = visit.settings.name_of(&entity).to_owned();
        let whole: Vec<&String> = self.problems.whole.iter().chain(self.not_shown()).collect();
        let values = context! {
            title => format!("{} – {tenant}", labels.title),
            tenant => tenant.as_str(),
            sent_by => visit.words.sent_by.replace("{}", &tenant),
            customer => visit.customer.as_str(),
            to => (!entity.is_empty()).then_some(tenant.as_str()),
            back => visit.path.as_str(),
            action => format!("{}/pay", visit.path),
            p => Value::from(Serde(labels)),
            form => self.form.as_str(),
            currency => self.group.map(|group| group.currency.code()),
            entity => entity.as_str(),
            has_problems => !self.problems.is_none(),
            problems => Value::from(Serde(&whole)),
            items => Value::from(Serde(&items)),
            can_choose,
            no_way => items.iter().any(|item| item.elsewhere.is_none()) && self.ways.is_empty(),
            ways => Value::from(Serde(&ways)),
            ticked_first => this.ticked_first(),
            begun => Value::from(Serde(&begun)),
            others => Value::from(Serde(&others)),
            not_listed => self.group.filter(|group| group.not_listed > 0)
                .map(|group| labels.not_listed.replace("{}", &group.not_listed.to_string())),
        };
        let look = Look::of(&visit.settings.brand).leading_to(self.places);
        PortalPage::Filled { status: self.status, template: "pay_form", words: visit.words, look, values }
    }

    /// Problems of invoices that the form does not list: they are said of the whole.
    fn not_shown(&self) -> impl Iterator<Item = &String> {
        let listed = |id: &InvoiceId| self.group.is_some_and(|group| group.items.iter().any(|item| item.invoice == *id));
        self.problems.of_invoice.iter().filter(move |(id, _)| !listed(id)).map(|(_, text)| text)
    }

    /// Whether an invoice is ticked to begin with: the one that somebody came from, else what is due.
    fn is_ticked_first(&self, item: &PayItem) -> bool {
        self.only.map_or(item.due_minor > 0, |only| item.invoice.as_str() == only)
    }

    /// What the invoices that are ticked to begin with come to, as a sentence; `None` where one is listed or none is ticked, and of a form that was
    /// sent: its amounts are the payer's.
    fn ticked_first(&self) -> Option<String> {
        let group = self.group.filter(|_| self.posted.is_none())?;
        let listed: Vec<&PayItem> = group.items.iter().filter(|item| item.elsewhere.is_none()).collect();
        let ticked = listed.iter().filter(|item| self.is_ticked_first(item)).map(|item| offered_minor(item));
        let sum_minor = ticked.fold(0, i64::saturating_add);
        let sum = || self.labels.ticked_first.replace("{}", &self.visit.money(sum_minor, group.currency));
        (listed.len() > 1 && sum_minor > 0).then(sum)
    }

    fn item(&self, group: &PayGroup, item: &PayItem) -> ItemShown {
        let visit = self.visit;
        let id = item.invoice.to_string();
        let mark = visit.locale.decimal_mark().chars().next().unwrap_or('.');
        let offered = decimal(offered_minor(item), group.currency, mark);
        let (checked, amount) = match self.posted {
            Some(posted) => (posted.chosen.contains(&id), posted.typed.get(&id).cloned().unwrap_or(offered)),
            None => (self.is_ticked_first(item), offered),
        };
        ItemShown {
            number: item.number.clone(),
            status: visit.words.days_past_due(item.days_past_due),
            late: item.days_past_due > 0,
            most: self.labels.most.replace("{}", &visit.money(item.most_minor, group.currency)),
            amount,
            amount_of: self.labels.amount_of.replace("{}", &item.number),
            checked,
            problem: self.problems.of_invoice.get(&item.invoice).cloned(),
            elsewhere: item.elsewhere.clone(),
            id,
        }
    }

    fn way(&self, at: usize, way: &PayWay) -> WayShown {
        let chosen = self.posted.and_then(|posted| posted.way.clone());
        let value = way.value();
        let checked = chosen.map_or(at == 0, |chosen| chosen == value);
        WayShown { name: self.labels.way_by(&way.way, way.provider), checked, value }
    }

    fn begun(&self, begun: &BegunBefore) -> BegunShown {
        let amount = begun.currency.map(|currency| self.visit.money(begun.amount_minor, currency)).unwrap_or_default();
        let text = self.labels.begun_text.replace("{amount}", &amount).replace("{way}", &self.labels.way_by(&begun.way, ""));
        BegunShown {
            text: text.replace("{until}", &moment(self.visit, begun.until)),
            at: format!("{}/paid/{}", self.visit.path, begun.basket),
        }
    }

    fn other(&self, group: &PayGroup) -> OtherShown {
        let entity = &group.legal_entity;
        let of = if entity.is_empty() { String::new() } else { format!(" ({})", self.visit.settings.name_of(entity)) };
        let encoded: String = form_urlencoded::byte_serialize(entity.as_bytes()).collect();
        OtherShown {
            name: format!("{}{of}", self.labels.other.replace("{}", group.currency.code())),
            at: format!("{}/pay?in={}&to={encoded}", self.visit.path, group.currency.code()),
        }
    }
}

/// The amount that stands beside an invoice to begin with, minor units: what is due of it, else all that can be paid.
fn offered_minor(item: &PayItem) -> i64 {
    if item.due_minor > 0 { item.due_minor } else { item.most_minor }
}

/// An instant as the customer reads it, in the tenant's zone.
pub(crate) fn moment(visit: &Visit, at: Timestamp) -> String {
    let at = at.to_zoned(tenant_zone(&visit.settings));
    format!("{}, {:02}:{:02}", visit.locale.date(at.date()), at.hour(), at.minute())
}
