//! What a service mail tells of, as it is in the table now, and what it says of it.

use std::collections::{BTreeMap, BTreeSet};

use channels::{Decided, Notice, ReceiptLine};
use domain::{
    Agreement, AgreementScope, Basket, CodeRequestId, Currency, CustomerId, Dispute, DisputeStatus, Facts, InvoiceId, ItemOf,
    Money, NoteId, PaymentId, PaymentPlan, PlanOffer, PlanOfferStatus, Promise, ReplyId, ServiceMail, ServiceMailKind, Settings,
    TenantId, Terms,
    calendar::Locality,
    decided_by,
    receivables::{Receivables, ReceivablesRules},
    service_mail::{CODE_LIVES, ToldOf, is_received},
};
use jiff::{Timestamp, civil::Date};
use store::{Error, KnownInvoice, LINK_DAYS, Store, Vault};

/// What a service mail tells of.
enum About {
    CodeRequest(CodeRequestId),
    Link,
    Basket(Box<Basket>),
    Promise(Box<Agreement>, Promise),
    Dispute(Box<Agreement>, Dispute),
    /// A dispute whose decision was taken back.
    DisputeAgain(Box<Agreement>),
    Plan(Box<Agreement>, PaymentPlan),
    Offer(Box<PlanOffer>),
    Note,
    /// An answer that asked for copies of invoices.
    Reply(Vec<InvoiceId>),
}

impl About {
    /// An agreement of a kind that there are words for.
    fn agreement(agreement: Agreement) -> Option<Self> {
        match agreement.terms.clone() {
            Terms::Promise(promise) => Some(Self::Promise(Box::new(agreement), promise)),
            Terms::Dispute(dispute) => Some(Self::Dispute(Box::new(agreement), dispute)),
            Terms::Plan(plan) => Some(Self::Plan(Box::new(agreement), plan)),
            Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
        }
    }

    /// The invoices that it is about.
    fn invoices(&self) -> Vec<InvoiceId> {
        match self {
            Self::CodeRequest(_) | Self::Link | Self::Note => Vec::new(),
            Self::Basket(basket) => basket.lines.iter().map(|line| line.invoice.clone()).collect(),
            Self::Reply(copies) => copies.clone(),
            Self::Promise(agreement, _)
            | Self::Dispute(agreement, _)
            | Self::DisputeAgain(agreement)
            | Self::Plan(agreement, _) => invoices_of(agreement),
            Self::Offer(offer) => offer.invoices.clone(),
        }
    }
}

/// What a service mail tells of, and whose it is.
pub(crate) struct Told {
    about: About,
    /// What people call its invoices, in its order.
    invoices: Vec<(InvoiceId, String)>,
    /// The one legal entity that they are owed to; empty for the default one.
    pub(crate) legal_entity: String,
}

impl Told {
    /// Reads it. `None` where it is gone, or is no longer what the mail would say.
    pub(crate) async fn read(
        store: &Store,
        (tenant, customer): (&TenantId, &CustomerId),
        facts: &Facts,
        mail: &ServiceMail,
    ) -> Result<Option<Self>, Error> {
        let about = match mail.kind.told_of() {
            ToldOf::CodeRequest => {
                // One that was asked for since took its place.
                let last = store.code_request(tenant, customer, &mail.link).await?.map(|last| last.id);
                last.filter(|last| mail.about.as_deref() == Some(last.as_str())).map(About::CodeRequest)
            }
            ToldOf::Link => Some(About::Link),
            ToldOf::Note => match mail.about.as_deref().and_then(NoteId::parse) {
                Some(id) => {
                    let note = store.note(tenant, customer, &id).await?;
                    note.filter(|note| note.deleted.is_none() && !note.answers.is_empty()).map(|_| About::Note)
                }
                None => None,
            },
            ToldOf::Reply => match mail.about.as_deref().and_then(ReplyId::parse) {
                Some(id) => {
                    let reply = store.reply(tenant, customer, &id).await?;
                    reply.filter(|reply| !reply.copies.is_empty()).map(|reply| About::Reply(reply.copies))
                }
                None => None,
            },
            ToldOf::Basket => match mail.basket() {
                Some(id) => store.basket(tenant, customer, &id).await?.filter(is_received).map(|of| About::Basket(Box::new(of))),
                None => None,
            },
            ToldOf::Agreement => match mail.agreement() {
                Some(id) => {
                    let agreement = store.agreement(tenant, customer, &id).await?;
                    let told = agreement.filter(|of| mail.kind.is_true_of(of));
                    if mail.kind == ServiceMailKind::DecisionUndone {
                        told.map(|of| About::DisputeAgain(Box::new(of)))
                    } else {
                        told.and_then(About::agreement)
                    }
                }
                None => None,
            },
            ToldOf::PlanOffer => match mail.plan_offer() {
                Some(id) => {
                    let offer = store.plan_offer(tenant, customer, &id).await?;
                    offer.filter(|offer| offer.status == PlanOfferStatus::Open).map(|offer| About::Offer(Box::new(offer)))
                }
                None => None,
            },
            ToldOf::Unknown => None,
        };
        let Some(about) = about else { return Ok(None) };
        let ids = about.invoices();
        let wanted: Vec<(CustomerId, InvoiceId)> = ids.iter().map(|id| (customer.clone(), id.clone())).collect();
        let found = store.invoices_by_id(tenant, &wanted).await?;
        let entity = |known: &KnownInvoice| {
            let own = known.invoice.legal_entity.as_deref().or(facts.customer.legal_entity.as_deref());
            own.unwrap_or_default().to_owned()
        };
        let entities: BTreeSet<String> = match &about {
            About::Basket(basket) => [basket.legal_entity.to_string()].into(),
            About::Promise(..)
            | About::Dispute(..)
            | About::DisputeAgain(_)
            | About::Plan(..)
            | About::Offer(_)
            | About::Reply(_) => found.iter().map(entity).collect(),
            About::CodeRequest(_) | About::Link | About::Note => [facts.customer.legal_entity.clone().unwrap_or_default()].into(),
        };
        let legal_entity = entities.first().filter(|_| entities.len() == 1).cloned().unwrap_or_default();
        let invoices = found.into_iter().map(|known| (known.invoice.id, known.invoice.number)).collect();
        Ok(Some(Self { about, invoices, legal_entity }))
    }

    /// The payment whose receipt goes along.
    pub(crate) fn payment(&self) -> Option<&PaymentId> {
        match &self.about {
            About::Basket(basket) => Some(&basket.id),
            About::CodeRequest(_)
            | About::Link
            | About::Promise(..)
            | About::Dispute(..)
            | About::DisputeAgain(_)
            | About::Plan(..)
            | About::Offer(_)
            | About::Note
            | About::Reply(_) => None,
        }
    }

    /// The invoices whose copies go along.
    pub(crate) fn copies(&self) -> &[(InvoiceId, String)] {
        match &self.about {
            About::Reply(_) => &self.invoices,
            About::CodeRequest(_)
            | About::Link
            | About::Basket(_)
            | About::Promise(..)
            | About::Dispute(..)
            | About::DisputeAgain(_)
            | About::Plan(..)
            | About::Offer(_)
            | About::Note => &[],
        }
    }

    /// What the mail says.
    pub(crate) async fn notice(
        &self,
        vault: &Vault,
        tenant: &TenantId,
        (facts, settings): (&Facts, &Settings),
        (has_document, copied): (bool, &[String]),
        now: Timestamp,
    ) -> Result<Notice, Error> {
        Ok(match &self.about {
            // No item holds the digits: they are made again of their request.
            About::CodeRequest(request) => {
                let code = vault.code_for(tenant, request).await?.as_str().to_owned();
                Notice::Code { code, minutes: CODE_LIVES.as_mins() }
            }
            About::Link => Notice::NewLink { days: LINK_DAYS },
            About::Note => Notice::Answered,
            About::Reply(_) => {
                let (numbers, on_page) = self.numbers().into_iter().partition(|number| copied.contains(number));
                Notice::CopySent { numbers, on_page }
            }
            About::Basket(basket) => self.receipt(basket, (facts, settings), has_document, now),
            About::Promise(agreement, promise) => Notice::PromiseMade {
                amount: amount(agreement),
                numbers: self.numbers(),
                pays_on: promise.pays_on,
                waits_until: agreement.until_on.unwrap_or(promise.expected_on),
            },
            About::Dispute(agreement, dispute) => self.dispute(agreement, dispute, (facts, settings), now),
            About::DisputeAgain(_) => Notice::DecisionUndone { numbers: self.numbers() },
            About::Offer(offer) => self.offer(offer),
            About::Plan(_, PaymentPlan { currency, parts, .. }) => {
                let money = |minor| Money::from_minor(minor, *currency);
                let total = parts.iter().map(|part| part.amount_minor).fold(0, i64::saturating_add);
                let parts = parts.iter().map(|part| (money(part.amount_minor), part.due_on)).collect();
                Notice::PlanAgreed { numbers: self.numbers(), total: money(total), parts }
            }
        })
    }

    /// An offer to pay in parts.
    fn offer(&self, offer: &PlanOffer) -> Notice {
        let money = |minor| Money::from_minor(minor, offer.currency);
        Notice::PlanOffered {
            id: offer.id.to_string(),
            numbers: self.numbers(),
            total: money(offer.total_minor()),
            parts: offer.parts.iter().map(|part| (money(part.amount_minor), part.due_on)).collect(),
            valid_until: offer.valid_until,
        }
    }

    fn numbers(&self) -> Vec<String> {
        self.invoices.iter().map(|(_, number)| number.clone()).collect()
    }

    fn receipt(&self, basket: &Basket, (facts, settings): (&Facts, &Settings), has_document: bool, now: Timestamp) -> Notice {
        let open = open(facts, settings, now);
        // What the payment is counted for, which is what was asked unless something else came.
        let payment = facts.payments.iter().map(|fact| &fact.payment).find(|payment| payment.id == basket.id);
        let asked =
            || -> Vec<(InvoiceId, i64)> { basket.lines.iter().map(|line| (line.invoice.clone(), line.amount_minor)).collect() };
        let paid = payment.map_or_else(asked, |payment| {
            payment.allocations.iter().map(|part| (part.invoice.clone(), part.amount_minor)).collect()
        });
        let number = |id: &InvoiceId| {
            let own = self.invoices.iter().find(|(known, _)| known == id).map(|(_, number)| number.as_str());
            let asked = || basket.lines.iter().find(|line| line.invoice == *id).map(|line| line.number.as_str());
            own.or_else(asked).unwrap_or("–").to_owned()
        };
        let money = |minor| Money::from_minor(minor, basket.currency);
        let line = |(id, minor): &(InvoiceId, i64)| ReceiptLine {
            number: number(id),
            paid: money(*minor),
            open: money(open.get(id).map_or(0, |(_, open_minor, _)| *open_minor)),
        };
        let received_at = basket.receipts.iter().map(|receipt| receipt.at).min().unwrap_or(basket.status_at);
        Notice::Receipt {
            received: money(basket.received_minor),
            on: day_of(settings, received_at),
            lines: paid.iter().map(line).collect(),
            reference: basket.id.to_string(),
            has_document,
        }
    }

    fn dispute(
        &self,
        agreement: &Agreement,
        dispute: &Dispute,
        (facts, settings): (&Facts, &Settings),
        now: Timestamp,
    ) -> Notice {
        let numbers = self.numbers();
        let stood = agreement.stood();
        let how = match dispute.status {
            DisputeStatus::Upheld => Decided::Upheld,
            DisputeStatus::PartlyUpheld => {
                let right = dispute.upheld_minor.zip(stood);
                Decided::Partly(right.map(|(minor, (currency, _))| Money::from_minor(minor, currency)))
            }
            DisputeStatus::Rejected => Decided::Rejected,
            // Of what was withdrawn, and of what only a later release knows, no mail is true.
            DisputeStatus::Open | DisputeStatus::Withdrawn | DisputeStatus::Later(_) => {
                let is_part = agreement.amount_minor.zip(stood).is_some_and(|(minor, (_, open_minor))| minor < open_minor);
                let decided_by = decided_by(settings, agreement.made_at);
                return Notice::DisputeOpened { amount: amount(agreement), numbers, decided_by, is_part };
            }
        };
        Notice::DisputeDecided { numbers, how, due: self.due(facts, settings, now) }
    }

    /// What is due of its invoices now, each currency once.
    fn due(&self, facts: &Facts, settings: &Settings, now: Timestamp) -> Vec<Money> {
        let open = open(facts, settings, now);
        let mut due: BTreeMap<Currency, i64> = BTreeMap::new();
        for (currency, _, due_minor) in self.invoices.iter().filter_map(|(id, _)| open.get(id)) {
            let sum = due.entry(*currency).or_default();
            *sum = sum.saturating_add(*due_minor);
        }
        due.into_iter().filter(|(_, minor)| *minor > 0).map(|(currency, minor)| Money::from_minor(minor, currency)).collect()
    }
}

/// How much an agreement speaks of; `None` where that is in several currencies.
fn amount(agreement: &Agreement) -> Option<Money> {
    let (currency, open_minor) = agreement.stood()?;
    Some(Money::from_minor(agreement.amount_minor.unwrap_or(open_minor), currency))
}

/// The invoices that an agreement names, else those that it measures itself by.
fn invoices_of(agreement: &Agreement) -> Vec<InvoiceId> {
    match &agreement.scope {
        AgreementScope::Invoices(all) => all.clone(),
        AgreementScope::Customer | AgreementScope::Case(_) | AgreementScope::Balance(_) | AgreementScope::Later(_) => {
            agreement.of().iter().map(|stood| stood.invoice.clone()).collect()
        }
    }
}

/// What is open and what is due now of each invoice that has something open, with its currency.
fn open(facts: &Facts, settings: &Settings, now: Timestamp) -> BTreeMap<InvoiceId, (Currency, i64, i64)> {
    let home = Locality::of_tenant(settings);
    let receivables = Receivables::at(facts, ReceivablesRules::of(settings, home.zone()), now);
    let mut open: BTreeMap<InvoiceId, (Currency, i64, i64)> = BTreeMap::new();
    for item in &receivables.items {
        let ItemOf::Invoice(id) = &item.key.of else { continue };
        let (_, open_minor, due_minor) = open.entry(id.clone()).or_insert((item.currency, 0, 0));
        *open_minor = open_minor.saturating_add(item.open_minor);
        *due_minor = due_minor.saturating_add(item.due_now_minor);
    }
    open
}

/// The day of an instant in the tenant's zone.
fn day_of(settings: &Settings, at: Timestamp) -> Date {
    at.to_zoned(Locality::of_tenant(settings).zone().clone()).date()
}
