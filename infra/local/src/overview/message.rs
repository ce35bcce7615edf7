//! One settled message: what it covered, why it was decided, and what became of it.

use channels::{AccountInMail, Brand, InvoiceRow, Links, LogoPlace, RenderInput, Rendered, RowKind};
use domain::{
    CaseTrace, Channel, Covered, Currency, Customer, CustomerId, DeliveryEvent, DueItemKey, INVOICE_CONTACT, MessageStatus, Mode,
    Money, RuleTrace, calendar::tenant_zone,
};
use jiff::{Timestamp, civil::Date};
use store::Record;

use super::known::Known;

/// A due item that a message stood for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The invoice's number, and which instalment.
    pub number: String,
    /// The step that was due for it.
    pub step: String,
    /// When it fell due.
    pub due_on: Option<Date>,
    /// What was due of it then.
    pub amount: Option<Money>,
    item: DueItemKey,
}

/// A message as its record has it.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// The tenant's id.
    pub tenant: String,
    /// The customer's name.
    pub customer: String,
    /// The person's address, else the contact's id.
    pub to: String,
    /// The channel.
    pub channel: Channel,
    /// Decided in shadow mode: nothing left.
    pub is_shadow: bool,
    /// How it stands.
    pub status: MessageStatus,
    /// Why it came to that; empty where there is nothing to say.
    pub reason: String,
    /// When it was settled.
    pub at: Timestamp,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Template and version.
    pub template: (String, u32),
    /// By when it asked to be paid.
    pub pay_by: Option<Date>,
    /// `standard@1`, one a case.
    pub workflows: Vec<String>,
    /// What it stood for.
    pub lines: Vec<Line>,
    /// What the rules said where they did not allow, and ways that were passed over.
    pub rules: Vec<String>,
    /// What was heard of it, in order.
    pub heard: Vec<(DeliveryEvent, Timestamp)>,
    /// A shadow message as it would have looked, rendered again from its record.
    pub rendered: Option<Rendered>,
}

impl Message {
    /// Whether nothing left.
    pub fn is_unsent(&self) -> bool {
        self.is_shadow
            || match self.status {
                MessageStatus::Superseded
                | MessageStatus::NotSent
                | MessageStatus::Dropped
                | MessageStatus::Failed
                | MessageStatus::Blocked
                | MessageStatus::Unknown
                | MessageStatus::InDoubt
                | MessageStatus::Later(_) => true,
                MessageStatus::Queued
                | MessageStatus::Sent
                | MessageStatus::Shadow
                | MessageStatus::BouncedForNow
                | MessageStatus::Delivered
                | MessageStatus::Bounced
                | MessageStatus::Rejected
                | MessageStatus::RenderingFailed
                | MessageStatus::Complained => false,
            }
    }

    /// `None` for a record of a decision.
    pub(super) fn read(known: &Known, owner: &str, customer: &CustomerId, record: &Record) -> Option<Self> {
        let (sent, status) = (record.message.as_ref()?, record.status.message()?);
        let customer = known.customers.get(customer).map(|(_, customer)| customer);
        let own = || sent.rows.iter().find_map(|row| known.invoices.get(row.item.invoice()?.as_str())?.contact.as_ref());
        let person = customer
            .and_then(|customer| customer.contacts.iter().find(|one| one.external_id == sent.contact))
            .or_else(|| own().filter(|_| sent.contact.starts_with(INVOICE_CONTACT)));
        let mut heard: Vec<(DeliveryEvent, Timestamp)> = record.heard.iter().map(|(event, at)| (*event, *at)).collect();
        // The provider tells of both in one second.
        heard.sort_by_key(|(event, at)| (*at, *event != DeliveryEvent::Sent));
        let mut message = Self {
            id: sent.id.to_string(),
            tenant: owner.to_owned(),
            customer: customer.map(|customer| customer.name.clone()).unwrap_or_default(),
            to: person.and_then(|person| person.address(sent.channel)).unwrap_or(&sent.contact).to_owned(),
            channel: sent.channel,
            is_shadow: sent.mode == Mode::Shadow,
            status,
            reason: sent.reason.clone(),
            at: record.at,
            decided_at: sent.decided_at,
            template: (sent.template.clone(), sent.template_version),
            pay_by: sent.pay_by,
            workflows: record.workflows.clone(),
            lines: lines(known, &sent.rows),
            rules: record.cases.iter().flat_map(|case| &case.rules).map(said).collect(),
            heard,
            rendered: None,
        };
        message.rules.dedup();
        if message.is_shadow && message.status == MessageStatus::Shadow {
            message.rendered = customer.and_then(|customer| message.render(known, customer, &record.cases));
        }
        Some(message)
    }

    /// The message as it would have looked: the template and amounts of its record, the names of today.
    fn render(&self, known: &Known, customer: &Customer, traces: &[CaseTrace]) -> Option<Rendered> {
        let settings = known.settings.get(&self.tenant)?;
        let today = self.at.to_zoned(tenant_zone(settings)).date();
        let currency = self.lines.iter().find_map(|line| line.amount)?.currency();
        let mut candidates: Vec<&store::StoredTemplate> = known
            .templates
            .iter()
            .filter(|(owner, one)| *owner == self.tenant && one.channel == self.channel && one.id == self.template.0)
            .map(|(_, template)| template)
            .collect();
        candidates.retain(|template| template.version == self.template.1);
        let languages: Vec<&str> = candidates.iter().map(|one| one.language.as_str()).collect();
        let chosen = domain::language::choose(&languages, customer.language.as_deref(), settings.language.as_deref())?;
        let template = candidates.get(chosen)?;
        let invoices: Vec<InvoiceRow> = self.lines.iter().filter_map(|line| line.row(known, today)).collect();
        let sum =
            |rows: &mut dyn Iterator<Item = &InvoiceRow>| Money::from_minor(rows.map(|row| row.due_now.minor()).sum(), currency);
        let due_now = traces.iter().find(|trace| trace.currency == currency).map(|trace| trace.due_now_minor);
        let input = RenderInput {
            language: customer.language.clone().unwrap_or_else(|| template.language.clone()),
            country: customer.country.clone(),
            customer_name: customer.name.clone(),
            contact_name: customer
                .contacts
                .iter()
                .find(|one| one.address(self.channel) == Some(&*self.to))
                .map(|one| one.name.clone())
                .unwrap_or_default(),
            // The record does not keep it.
            case_id: String::new(),
            more: invoices.len().saturating_sub(channels::INVOICES_LISTED_MAX),
            covered_due_now: sum(&mut invoices.iter()),
            upcoming: Vec::new(),
            exposure_total: due_now.map_or_else(|| sum(&mut invoices.iter()), |minor| Money::from_minor(minor, currency)),
            exposure_overdue: sum(&mut invoices.iter().filter(|row| row.days_past_due > 0)),
            pay_by: self.pay_by,
            payment_details: settings.how_to_pay("", Some(currency), &template.language),
            bank: settings.bank_account_of("", currency).map(AccountInMail::of),
            promised_on: None,
            has_code: false,
            several_currencies: false,
            broken_plans: vec![],
            carried: Vec::new(),
            links: Links {
                portal: "https://portal.example/p/shadow".to_owned(),
                opt_out: "https://portal.example/p/shadow/opt-out".to_owned(),
                pay: None,
            },
            invoices: invoices.into_iter().take(channels::INVOICES_LISTED_MAX).collect(),
        };
        channels::render(&as_text(template), &input, &Brand::of(settings, "", LogoPlace::InPage)).ok()
    }
}

impl Line {
    fn row(&self, known: &Known, today: Date) -> Option<InvoiceRow> {
        let (invoice, due_now, due_on) = (known.invoices.get(self.item.invoice()?.as_str())?, self.amount?, self.due_on?);
        Some(InvoiceRow {
            kind: if invoice.instalments.is_empty() { RowKind::Invoice } else { RowKind::Instalment },
            purchase_order: invoice.purchase_order.clone(),
            // What was paid then, and how often it was reminded of, the record does not keep.
            amount: due_now,
            paid: Money::from_minor(0, invoice.currency),
            is_own: true,
            reminded: 1,
            number: invoice.number.clone(),
            instalment: part(invoice, &self.item)
                .and_then(|at| Some((u32::try_from(at + 1).ok()?, u32::try_from(invoice.instalments.len()).ok()?))),
            total: Money::from_minor(invoice.total_minor, invoice.currency),
            open: due_now,
            due_now,
            issued_on: invoice.issued_on,
            due_on,
            days_past_due: (today - due_on).get_days(),
            url: invoice.url.clone(),
        })
    }
}

fn as_text(template: &store::StoredTemplate) -> channels::Template {
    channels::Template {
        id: template.id.clone(),
        channel: template.channel,
        language: template.language.clone(),
        version: template.version,
        subject: template.subject.clone(),
        body: template.body.clone(),
    }
}

/// The position of an instalment within its invoice.
fn part(invoice: &domain::Invoice, item: &DueItemKey) -> Option<usize> {
    invoice.instalments.iter().enumerate().map(|(at, _)| at).find(|at| {
        let external_id = invoice.instalments.get(*at).and_then(|part| part.external_id.as_deref());
        DueItemKey::instalment(invoice.id.clone(), external_id, *at) == *item
    })
}

fn lines(known: &Known, rows: &[Covered]) -> Vec<Line> {
    let line = |row: &Covered| {
        let item = row.item.clone();
        let invoice = item.invoice().and_then(|invoice| known.invoices.get(invoice.as_str()));
        let at = invoice.and_then(|invoice| part(invoice, &item));
        let number = invoice.map_or_else(|| item.to_string(), |invoice| invoice.number.clone());
        let currency: Option<Currency> = invoice.map(|invoice| invoice.currency);
        Line {
            number: match (at, invoice) {
                (Some(at), Some(invoice)) => format!("{number}, part {} of {}", at + 1, invoice.instalments.len()),
                _ => number,
            },
            step: row.step.clone(),
            due_on: invoice
                .map(|invoice| at.and_then(|at| invoice.instalments.get(at)).map_or(invoice.due_on, |part| part.due_on)),
            amount: currency.map(|currency| Money::from_minor(row.due_now_minor, currency)),
            item,
        }
    };
    let mut lines: Vec<Line> = rows.iter().map(line).collect();
    lines.sort_by(|left, right| (left.due_on, &left.number).cmp(&(right.due_on, &right.number)));
    lines
}

/// What one rule of a decision's trace said.
pub(super) fn said(rule: &RuleTrace) -> String {
    format!("{}: {}", rule.channel.as_str(), rule.said)
}
