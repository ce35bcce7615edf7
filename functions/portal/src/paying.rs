//! Paying on the portal: a form, what it is sent to, and how a payment stands. The portal looks at what was chosen by the facts as they are now; the
//! function that begins the payment looks again, immediately before the payer is sent on.

use domain::{
    AgreementId, Basket, BasketLine, Facts, InvoiceId, LinkId, MoneyOnItsWay, MoneyStatus, PaymentId, Terms,
    basket::{BasketBegin, BasketFlaw},
    decide,
    id::digest,
    receivables::{Receivables, ReceivablesRules},
};
use jiff::Timestamp;
use payments::{BasketWish, ErrandAnswer, ErrandKind, PaymentErrand, PaymentWords};
use serde_json::Value;
use service::link_holder::{LinkHolder, nothing_is_past_due};
use store::Store;

use crate::{
    page::PortalPage,
    paid_page::{self, is_transfer, is_waiting},
    pay_desk::PayDesk,
    pay_labels::PayLabels,
    pay_page::PayForm,
    pay_posted::{PayPosted, PayProblems, field},
    pay_wanted::PayWanted,
    payable::{PayGroup, PayWay, begun_before, groups_of, places_of, ways_of},
    rate_question::how_easy,
    request::PortalRequest,
    visit::Visit,
};

/// How sources of connections to providers begin.
pub(crate) const PROVIDERS: &str = domain::pay_sources::PAY_SOURCES;

/// Whoever came by a portal link to pay.
pub(crate) struct Paying<'p> {
    pub(crate) store: &'p Store,
    pub(crate) desk: &'p PayDesk,
    pub(crate) facts: &'p Facts,
    pub(crate) visit: &'p Visit,
    pub(crate) link: &'p LinkId,
    pub(crate) holder: &'p LinkHolder,
    /// The host that was asked, as an address.
    pub(crate) host: &'p str,
    pub(crate) now: Timestamp,
}

/// What was chosen, and may be paid.
struct Chosen<'c> {
    id: PaymentId,
    group: &'c PayGroup,
    lines: Vec<BasketLine>,
    way: &'c PayWay,
}

impl Paying<'_> {
    /// The page that is wanted.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) async fn page(&self, wanted: &PayWanted, request: &PortalRequest) -> store::Result<PortalPage> {
        match wanted {
            PayWanted::Form if request.method == "POST" => self.begin(request).await,
            PayWanted::Form => self.form(request, None, &PayProblems::default(), 200).await,
            PayWanted::Begun(id) => self.begun(id, request).await,
            PayWanted::Cancel(id) => self.cancel(id).await,
        }
    }

    fn labels(&self) -> &'static PayLabels {
        PayLabels::of(self.visit.words.language)
    }

    async fn connected(&self) -> store::Result<Vec<(String, Value)>> {
        self.store.connected(&self.facts.tenant, PROVIDERS).await
    }

    /// The form, empty or as it was sent.
    async fn form(
        &self,
        request: &PortalRequest,
        posted: Option<&PayPosted>,
        problems: &PayProblems,
        status: u16,
    ) -> store::Result<PortalPage> {
        let connected = self.connected().await?;
        let next = request.query("plan").and_then(AgreementId::parse);
        let groups = groups_of(self.visit, self.facts, next.as_ref(), self.now);
        let only = request.query("invoice");
        let group = wanted(&groups, request, only);
        let ways = group.map(|group| ways_of(self.visit, &connected, group)).unwrap_or_default();
        // An invoice that cannot be paid is no reason to offer nothing.
        let only = only.filter(|only| group.is_some_and(|group| group.items.iter().any(|item| item.invoice.as_str() == *only)));
        let form = posted.map_or_else(|| self.new_form(), |posted| posted.form.clone());
        let page = PayForm {
            visit: self.visit,
            labels: self.labels(),
            group,
            groups: &groups,
            ways: &ways,
            begun: &begun_before(self.facts, self.now),
            only,
            posted,
            problems,
            form,
            places: places_of(&connected),
            status,
        };
        Ok(page.shown())
    }

    /// What tells a form from the one before: what is owed then, and when it was asked for.
    fn new_form(&self) -> String {
        let (version, now) = (self.facts.version.to_string(), self.now.to_string());
        digest(&[self.link.as_str(), &version, &now])
    }

    /// What the form is sent to.
    async fn begin(&self, request: &PortalRequest) -> store::Result<PortalPage> {
        let labels = self.labels();
        let again = |problems: PayProblems, posted: Option<PayPosted>| async move {
            self.form(request, posted.as_ref(), &problems, 422).await
        };
        let Some(posted) = PayPosted::read(request) else {
            return again(PayProblems::whole(labels.form_is_old), None).await;
        };
        let connected = self.connected().await?;
        let groups = groups_of(self.visit, self.facts, None, self.now);
        let empty = self.named(request);
        let Some(group) = wanted(&groups, request, None).or(empty.as_ref()) else {
            return again(PayProblems::whole(labels.changed), None).await;
        };
        let ways = ways_of(self.visit, &connected, group);
        let lines = match posted.lines(self.visit, self.facts, group) {
            Ok(lines) => lines,
            Err(problems) => return again(problems, Some(posted)).await,
        };
        let Some(way) = posted.way_of(&ways) else {
            return again(PayProblems::whole(labels.choose_way), Some(posted)).await;
        };
        let whose = [self.facts.tenant.as_str(), self.facts.customer.id.as_str()];
        let chosen = Chosen { id: posted.basket(whose, group, &lines, way), group, lines, way };
        if let Err(flaws) = self.looked_at(&chosen) {
            // Sent twice, a payment stands in its own way.
            let is_known = self.store.basket(&self.facts.tenant, &self.facts.customer.id, &chosen.id).await?.is_some();
            if !is_known {
                return again(self.problems(&flaws, &chosen.lines), Some(posted)).await;
            }
        }
        let here = format!("{}/paid/{}", self.visit.path, chosen.id);
        match self.desk.send(self.errand(ErrandKind::Begin(Box::new(self.wish(chosen, &here)))), self.now).await {
            ErrandAnswer::Begun { pay_url: Some(page) } => Ok(PortalPage::See(page)),
            ErrandAnswer::Begun { pay_url: None } | ErrandAnswer::Ended => Ok(PortalPage::See(here)),
            ErrandAnswer::NotPayable | ErrandAnswer::Unknown => again(PayProblems::whole(labels.changed), Some(posted)).await,
            ErrandAnswer::NotTaken { .. } => again(PayProblems::whole(labels.not_taken), Some(posted)).await,
            ErrandAnswer::Later => self.form(request, Some(&posted), &PayProblems::whole(labels.later), 503).await,
        }
    }

    /// The currency and company that a form names where nothing of them can be paid any more: then each line says why.
    fn named(&self, request: &PortalRequest) -> Option<PayGroup> {
        let currency = domain::Currency::parse(field(request, "in")?).ok()?;
        let legal_entity = field(request, "to").unwrap_or_default().to_owned();
        Some(PayGroup { currency, legal_entity, items: vec![], not_listed: 0 })
    }

    /// Looks at what was chosen by what is due now.
    fn looked_at(&self, chosen: &Chosen<'_>) -> Result<(), Vec<BasketFlaw>> {
        let today = self.now.to_zoned(domain::calendar::tenant_zone(&self.visit.settings)).date();
        let begin = BasketBegin {
            id: chosen.id.clone(),
            currency: chosen.group.currency,
            legal_entity: chosen.group.legal_entity.as_str().into(),
            lines: chosen.lines.clone(),
            provider: chosen.way.provider.to_owned(),
            way: chosen.way.way.clone(),
            link: self.link.clone(),
            pays_on: chosen.way.is_transfer().then_some(today),
        };
        begin.begin(self.facts, &self.visit.settings, self.now).map(|_| ())
    }

    fn problems(&self, flaws: &[BasketFlaw], lines: &[BasketLine]) -> PayProblems {
        let mut problems = PayProblems::default();
        for flaw in flaws {
            let text = self.labels().flaw(self.visit, &flaw.what);
            match flaw.line.and_then(|at| lines.get(at)) {
                Some(line) => {
                    problems.of_invoice.entry(line.invoice.clone()).or_insert(text);
                }
                None => problems.whole.push(text),
            }
        }
        problems
    }

    fn wish(&self, chosen: Chosen<'_>, here: &str) -> BasketWish {
        let labels = self.labels();
        // Where a payer comes back to proves nothing: paid or not, the page says what is stored.
        let back = self.desk.address(self.host, here);
        BasketWish {
            id: chosen.id,
            link: self.link.clone(),
            currency: chosen.group.currency,
            legal_entity: chosen.group.legal_entity.clone(),
            lines: chosen.lines,
            provider: chosen.way.provider.to_owned(),
            way: chosen.way.way.clone(),
            return_url: back.clone(),
            cancel_url: back,
            language: Some(self.visit.words.language.to_owned()),
            words: PaymentWords { invoice: labels.invoice.to_owned(), balance: labels.balance.to_owned() },
        }
    }

    fn errand(&self, what: ErrandKind) -> PaymentErrand {
        PaymentErrand { tenant: self.facts.tenant.clone(), customer: self.facts.customer.id.clone(), what }
    }

    /// How a payment stands.
    async fn begun(&self, id: &PaymentId, request: &PortalRequest) -> store::Result<PortalPage> {
        let basket = self.store.basket(&self.facts.tenant, &self.facts.customer.id, id).await?;
        let seen = request.query("seen").and_then(|seen| seen.parse().ok()).unwrap_or(0);
        Ok(match basket {
            Some(basket) => {
                let has_come = self.has_come(&basket);
                let rate = self.rated_here(&basket).await?;
                paid_page::shown(self.visit, self.labels(), &basket, (seen, has_come), rate, self.now)
            }
            None => PortalPage::Plain(404, self.visit.words),
        })
    }

    /// The question how easy it was, where it is put.
    async fn rated_here(&self, basket: &Basket) -> store::Result<Option<minijinja::Value>> {
        if !self.holder.has_paid(basket) {
            return Ok(None);
        }
        let zone = domain::calendar::tenant_zone(&self.visit.settings);
        let receivables = Receivables::at(self.facts, ReceivablesRules::of(&self.visit.settings, &zone), self.now);
        if !nothing_is_past_due(&decide::owed(&receivables)) {
            return Ok(None);
        }
        let about = basket.id.as_str();
        let known = self.store.rating(&self.facts.tenant, &self.facts.customer.id, about).await?;
        Ok(known.is_none().then(|| how_easy(self.visit, about, None, "")))
    }

    /// Whether as much was paid of the invoices of a transfer as it was to pay, since it was announced.
    fn has_come(&self, basket: &Basket) -> bool {
        if !is_transfer(basket) || !is_waiting(basket, self.now) {
            return false;
        }
        let zone = domain::calendar::tenant_zone(&self.visit.settings);
        let rules = ReceivablesRules::of(&self.visit.settings, &zone);
        let receivables = Receivables::at(self.facts, rules, self.now);
        let id = basket.agreement();
        // What the invoices say now comes before what the last decision wrote.
        let mut all = receivables.agreements.iter().chain(&self.facts.agreements);
        let money = all.find(|agreement| agreement.id == id).map(|agreement| &agreement.terms);
        matches!(money, Some(Terms::Money(MoneyOnItsWay { status: MoneyStatus::Arrived, .. })))
    }

    /// Gives a payment up; what came of it, the page says.
    async fn cancel(&self, id: &PaymentId) -> store::Result<PortalPage> {
        let errand = self.errand(ErrandKind::Cancel { basket: id.clone() });
        Ok(match self.desk.send(errand, self.now).await {
            ErrandAnswer::Unknown => PortalPage::Plain(404, self.visit.words),
            ErrandAnswer::Later => PortalPage::Plain(503, self.visit.words),
            ErrandAnswer::Ended | ErrandAnswer::Begun { .. } | ErrandAnswer::NotPayable | ErrandAnswer::NotTaken { .. } => {
                PortalPage::See(format!("{}/paid/{id}", self.visit.path))
            }
        })
    }
}

/// The currency and company that an address or a form names, or that of an invoice; else the first.
fn wanted<'g>(groups: &'g [PayGroup], request: &PortalRequest, only: Option<&str>) -> Option<&'g PayGroup> {
    let named = |name: &str| field(request, name).or_else(|| request.query(name));
    if let Some(currency) = named("in") {
        let entity = named("to").unwrap_or_default();
        let found = groups.iter().find(|group| group.currency.code() == currency && group.legal_entity == entity);
        // What a form names is not replaced by something else.
        if found.is_some() || request.method == "POST" {
            return found;
        }
    }
    let of_invoice = only
        .and_then(InvoiceId::parse)
        .and_then(|invoice| groups.iter().find(|group| group.items.iter().any(|item| item.invoice == invoice)));
    of_invoice.or_else(|| groups.first())
}
