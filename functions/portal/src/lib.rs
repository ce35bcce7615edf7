//! HTTP: what a customer sees, behind the link in each message.
//!
//! | request | does |
//! |---|---|
//! | `GET /p/{code}`, `?page=` | shows the statement to whoever has a portal link; with `Accept: application/json` for a program, with `application/jose` signed |
//! | `GET /p/{code}/invoices/{id}` | shows one invoice and its story |
//! | `GET /s/{code}`, `/s/{code}/pay`, `?in=`, `?to=` | leads to the same below `/p/{code}`: the addresses in text messages |
//! | `GET /s/{code}/stop` | leads to the stop link of the address that the link is for, also where the link opens nothing any more |
//! | `GET /p/{code}/statement.csv` | gives all that is open as a table |
//! | `GET /p/{code}/statement.pdf` | leads to the statement as PDF |
//! | `GET /p/{code}/invoices/{id}.pdf` | leads to a copy of an invoice as PDF |
//! | `GET /p/{code}/paid/{basket}.pdf` | leads to the receipt of a payment that came, as PDF |
//! | `GET /p/{code}/pay`, `?in=`, `?to=`, `?invoice=` | shows what can be paid, and how |
//! | `POST /p/{code}/pay` | has a payment begun, and sends the payer on to its provider's page |
//! | `GET /p/{code}/paid/{basket}` | shows how a payment stands, as it is stored |
//! | `POST /p/{code}/paid/{basket}/cancel` | has a payment given up that was not made |
//! | `GET /p/{code}/promise`, `POST` | takes a promise to pay; with `?made=` says what became of it |
//! | `GET /p/{code}/invoices/{id}/dispute`, `POST` | takes a dispute of an invoice, or of a part; with `?made=` says what became of it |
//! | `GET /p/{code}/paid-already`, `POST` | takes what somebody says they paid; with `?made=` says what became of it |
//! | `POST /p/{code}/promises`, `disputes`, `remittances` | the same three for the customer's own system, as JSON |
//! | `GET /p/{code}/agreements/{id}` | how one of these stands, as JSON |
//! | `GET /p/keys/{tenant}` | the key by which a tenant's statements are verified |
//! | `GET /p/{code}/plan`, `POST` | shows what a plan comes to, and takes it: agreeing needs a code; with `?made=` says what became of it |
//! | `GET /p/{code}/plan/{offer}`, `POST` | shows a plan that a person offered, and takes it: agreeing needs a code |
//! | `GET /p/{code}/write`, `POST` | takes a request for a copy or a plan, or a message, and shows what was written lately with its answers; with `?made=` says that it came, and what was answered |
//! | `GET /p/{code}/answers/{note}/{file}` | leads to a file that went along with an answer |
//! | `GET /p/{code}/rate/{about}`, `POST` | takes how easy it was to settle a payment or a dispute, once |
//! | `GET /p/{code}/files/{about}` | shows the files of a dispute or message, and a form by which a browser puts one into the bucket |
//! | `GET /p/{code}/files/{about}/{file}`, `POST` | asks whether a file that was put there is to be attached; looks what it is, and attaches or deletes it |
//! | `GET /p/{code}/not-for-me`, `POST` | takes that messages are for somebody else, who is named |
//! | `GET /p/{code}/preferences`, `POST` | shows and takes how somebody is written to; what is for all of the customer's people, and a way back after stopping, needs a code |
//! | `GET /p/{code}/contacts`, `POST` | needs a code: shows whom is written to, and takes that somebody left or came |
//! | `GET /p/{code}/others` | needs a code: leads to the other customers of the same person |
//! | `GET /p/{code}/code`, `POST` | has a code sent to the link's address |
//! | `GET /p/{code}/code/enter`, `POST` | takes the code: a cookie says for half an hour that it was right |
//! | `POST /p/{code}/new-link` | of a link whose time is over: has the one that is good now sent to its address |
//! | `GET /p/{stop}`, `GET /p/{stop}/opt-out` | asks whether messages to the address that the stop link names should stop |
//! | `POST /p/{stop}/opt-out` | stops them; also the one-click form of RFC 8058 |
//!
//! A stop link opens nothing else, and no other link stops anything. A GET changes no fact, so that whatever follows links for safety or preview does no harm.
//!
//! A PDF is made by `make-documents` when it is asked for, and lies in the bucket under the hash of what it says: asked for again it is found, and
//! nothing is made. The answer leads to it by a signed link, which is good for a quarter of an hour and for that file alone.

#![recursion_limit = "256"]

mod access_labels;
mod agreed_data;
mod amounts;
mod answer_file;
mod call_bodies;
mod calls;
mod can_do;
mod choices;
mod code_form;
mod confirmed;
mod contacts_form;
mod conversation;
mod dispute_form;
mod document_desk;
mod document_labels;
mod document_visit;
mod document_wanted;
mod expired;
mod file_form;
mod file_labels;
mod form_labels;
mod form_visit;
mod form_wanted;
mod forms;
mod held;
mod how_to_pay;
mod invoice_page;
mod kept_choice;
mod labels;
mod language_words;
mod languages;
mod not_for_me_form;
mod note_words;
mod offer_page;
mod opt_out;
mod others_page;
mod page;
mod page_wanted;
mod paid_already_form;
mod paid_already_labels;
mod paid_page;
mod pay_desk;
mod pay_labels;
mod pay_page;
mod pay_posted;
mod pay_wanted;
mod payable;
mod paying;
mod plan_due;
mod plan_form;
mod plan_labels;
mod plan_statement;
mod preferences_form;
mod promise_form;
mod rate_form;
mod rate_question;
mod reading;
mod request;
mod signed_statement;
mod statement;
mod statement_csv;
mod statement_data;
mod statement_page;
mod story;
mod talk_labels;
mod transfer_page;
mod typed;
mod visit;
mod write_form;

use std::sync::Arc;

use anyhow::Context;
use domain::{CustomerId, InvoiceId, Settings, TenantId};
use files::Bucket;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use service::link_holder::LinkHolder;
use store::{CameBy, FoundLink, LinkCode, Store, Vault};

use document_desk::DocumentDesk;
use document_visit::DocumentVisit;
use document_wanted::DocumentWanted;
use expired::{NEW_LINK, answer_expired};
use form_visit::FormVisit;
use form_wanted::FormWanted;
use held::{HeldPage, HeldPages, MadeFrom, PageOf};
use labels::PageLabels;
use opt_out::Stopping;
use page::{Pages, PortalPage};
use page_wanted::{PageWanted, StatementForm};
use pay_desk::PayDesk;
use pay_wanted::PayWanted;
use paying::{PROVIDERS, Paying};
use reading::{InvoiceRead, OpenedPages, StatementRead};
use request::{PortalRequest, sends_json};
use signed_statement::{key_set, keys_path, signed};
use visit::{Visit, addresses_of};

/// What stands in the place of a link where tenants' keys are.
const KEYS: &str = "keys";

/// The function: built once, asked for each request.
#[derive(Clone, Debug)]
pub struct Handler {
    store: Store,
    vault: Vault,
    clock: kit::Clock,
    pages: Pages,
    held: Arc<HeldPages>,
    desk: PayDesk,
    documents: DocumentDesk,
    bucket: Bucket,
}

impl Handler {
    /// Reads `TABLE_NAME`, `BUCKET_NAME`, `BEGIN_PAYMENT`, `MAKE_DOCUMENTS` and `PUBLIC_URL`, which may be empty: then payers come back to the host that was asked.
    ///
    /// # Errors
    ///
    /// When one is missing.
    pub fn new(env: &kit::Env, clients: &kit::Clients, clock: kit::Clock) -> anyhow::Result<Self> {
        let table = env.require("TABLE_NAME").context("the portal needs its table")?;
        let store = Store::new(aws_sdk_dynamodb::Client::new(&clients.sdk), table);
        // The portal only opens keys that exist; KMS reads from a wrapped key under which key it was wrapped.
        let vault = Vault::new(aws_sdk_kms::Client::new(&clients.sdk), store.clone(), None);
        Ok(Self {
            store,
            vault,
            clock,
            pages: Pages::new().context("a page of the portal does not compile")?,
            held: Arc::default(),
            desk: PayDesk::new(env, clients)?,
            documents: DocumentDesk::new(env, clients)?,
            bucket: Bucket::new(clients, env.require("BUCKET_NAME").context("files of customers need a bucket")?)?,
        })
    }

    /// Answers one request in API Gateway's payload version 2.
    ///
    /// # Errors
    ///
    /// When the event is no such request; never for what the visitor did.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
        let request = match PortalRequest::read(&event.payload)? {
            Ok(request) => request,
            Err(status) => {
                let page = PortalPage::Plain(status, PageLabels::of_request(&event.payload));
                return Ok(self.pages.answer(page, sends_json(&event.payload)));
            }
        };
        let page = match self.answer(&request).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(error = kit::causes(&error), "a page could not be made from the table");
                PortalPage::Plain(503, request.words())
            }
        };
        let is_call = request.place().and_then(|(_, rest)| FormWanted::read(rest)).is_some_and(|wanted| wanted.is_call());
        Ok(self.pages.answer(page, is_call || request.wants_json()))
    }

    async fn answer(&self, request: &PortalRequest) -> store::Result<PortalPage> {
        if let Some((code, rest)) = request.short() {
            return self.lead(code, rest, request).await;
        }
        let Some((link, rest)) = request.place() else { return Ok(PortalPage::Plain(404, request.words())) };
        let (get, post) = (matches!(request.method.as_str(), "GET" | "HEAD"), request.method == "POST");
        let now = self.clock.now();
        if link == KEYS && get {
            return self.keys(rest, request).await;
        }
        if rest == "opt-out" && (get || post) {
            return self.opt_out(link, request, now).await;
        }
        if rest == NEW_LINK {
            return Box::pin(self.new_link(link, request, now)).await;
        }
        if let Some(form) = FormWanted::read(rest) {
            return Box::pin(self.form(link, &form, request, now)).await;
        }
        if let Some(wanted) = PayWanted::of(rest) {
            return Box::pin(self.pay(link, &wanted, request, now)).await;
        }
        let asked = match rest {
            "" => PageWanted::Statement { page: request.page(), form: request.statement_form() },
            "statement.csv" => PageWanted::Table,
            "opt-out" => return Ok(PortalPage::Plain(405, request.words())),
            rest => {
                let data = request.wants_json();
                let document = DocumentWanted::of(rest).map(|document| PageWanted::Document { document, data });
                let invoice = || rest.strip_prefix("invoices/").and_then(InvoiceId::parse).map(PageWanted::Invoice);
                match document.or_else(invoice) {
                    Some(wanted) => wanted,
                    None => return Ok(PortalPage::Plain(404, request.words())),
                }
            }
        };
        match (LinkCode::parse(link), &asked) {
            _ if !get => Ok(PortalPage::Plain(405, request.words())),
            (Some(code), _) => self.open(&code, &asked, request, now).await,
            // A stop link alone asks too.
            (None, PageWanted::Statement { .. }) => self.opt_out(link, request, now).await,
            (None, PageWanted::Table | PageWanted::Invoice(_) | PageWanted::Document { .. }) => {
                Ok(PortalPage::Plain(404, request.words()))
            }
        }
    }

    /// Where a short address leads. Nothing is shown under it and nothing is changed.
    async fn lead(&self, code: &str, rest: &str, request: &PortalRequest) -> store::Result<PortalPage> {
        let unknown = Ok(PortalPage::Plain(404, request.words()));
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Ok(PortalPage::Plain(405, request.words()));
        }
        match (LinkCode::parse(code), rest) {
            (Some(code), "") => Ok(PortalPage::See(format!("/p/{}", code.as_str()))),
            (Some(code), "pay") => {
                let mut asked = form_urlencoded::Serializer::new(String::new());
                for name in ["in", "to"] {
                    asked.extend_pairs(request.query(name).map(|value| (name, value)));
                }
                let asked = asked.finish();
                let mark = if asked.is_empty() { "" } else { "?" };
                Ok(PortalPage::See(format!("/p/{}/pay{mark}{asked}", code.as_str())))
            }
            (Some(code), "stop") => match self.store.link(&code.id()).await? {
                Some(found) => Ok(PortalPage::See(format!("/p/{}", self.vault.stop_link(&found.stop()).await?))),
                None => unknown,
            },
            (Some(_) | None, _) => unknown,
        }
    }

    /// Asks whoever comes by a stop link, or stops.
    async fn opt_out(&self, link: &str, request: &PortalRequest, now: Timestamp) -> store::Result<PortalPage> {
        match self.stopping(link).await? {
            None => Ok(PortalPage::Plain(404, request.words())),
            Some(stopping) if request.method == "POST" => opt_out::stop(&self.store, &stopping, request, now).await,
            Some(stopping) => Ok(opt_out::ask(&stopping, request)),
        }
    }

    /// What a stop link states; `None` for any other.
    async fn stopping(&self, link: &str) -> store::Result<Option<Stopping>> {
        let Some(stop) = self.vault.verify_stop(link).await? else { return Ok(None) };
        let Some(row) = self.store.tenant(&stop.tenant).await? else { return Ok(None) };
        let tenant_name = match row.name {
            Some(name) => name,
            // Settings that were stored by a release before have no name in the row.
            None => self.store.settings(&stop.tenant).await?.map(|settings| settings.value.name).unwrap_or_default(),
        };
        Ok(Some(Stopping { stop, tenant_name, link: link.to_owned() }))
    }

    /// A page that a portal link opens: 404 for a code that nobody was given, 410 for one that is good no more.
    async fn open(
        &self,
        code: &LinkCode,
        asked: &PageWanted,
        request: &PortalRequest,
        now: Timestamp,
    ) -> store::Result<PortalPage> {
        let unknown = Ok(PortalPage::Plain(404, request.words()));
        let gone = Ok(PortalPage::Plain(410, request.words()));
        let FoundLink { tenant, customer, link } = match self.store.came_by(&code.id(), now).await? {
            CameBy::Good(found) => *found,
            CameBy::Expired(found) => return answer_expired(&self.store, &found, (code.as_str(), ""), request, now).await,
            CameBy::Gone => return gone,
            CameBy::Unknown => return unknown,
        };
        let Some((row, head)) = self.store.tenant_and_head(&tenant, &customer).await? else { return unknown };
        let from = MadeFrom { head: head.version, decision: head.decision, tenant: row.rev };
        let whose = (tenant.clone(), customer.clone());
        let which = PageOf { tenant, customer, link: link.id, page: asked.name() };
        let made = match self.held.page(&which, &from, now) {
            Some(held) => held,
            None => {
                let Some(settings) = self.settings(&which.tenant, row.rev).await? else { return unknown };
                let path = format!("/p/{}", code.as_str());
                let opened =
                    OpenedPages { tenant: &which.tenant, head: &head, settings: &settings, address: &link.address, path };
                let Some(made) = self.made(&opened, asked, now).await? else { return unknown };
                if made.page.may_be_held() {
                    self.held.hold(which, from, now, &made);
                }
                made
            }
        };
        // Whoever left the customer, or has another address there, has another link.
        if !made.addresses.contains(&link.address) {
            return gone;
        }
        if asked.is_signed() { self.signed(&whose, made.page, request, now).await } else { Ok(made.page) }
    }

    /// A statement that was made, signed.
    async fn signed(
        &self,
        (tenant, customer): &(TenantId, CustomerId),
        page: PortalPage,
        request: &PortalRequest,
        now: Timestamp,
    ) -> store::Result<PortalPage> {
        let Some(key) = self.vault.statement_key(tenant).await? else { return Ok(PortalPage::Plain(404, request.words())) };
        let issuer = self.desk.address(request.host(), &keys_path(tenant.as_str()));
        Ok(signed(&key, &issuer, customer, page, now).unwrap_or_else(|| {
            tracing::error!(tenant.id = %tenant, customer.id = %customer, "a statement cannot be signed");
            PortalPage::Plain(500, request.words())
        }))
    }

    /// The key by which a tenant's statements are verified; whoever asks needs no link.
    async fn keys(&self, tenant: &str, request: &PortalRequest) -> store::Result<PortalPage> {
        let key = match TenantId::parse(tenant) {
            Ok(tenant) => self.vault.statement_key(&tenant).await?,
            Err(_) => None,
        };
        Ok(key.map_or(PortalPage::Plain(404, request.words()), |key| key_set(&key, request.words())))
    }

    /// A form that a portal link opens, or what was sent with it: never held, since what is sent is checked against what is owed now.
    async fn form(&self, link: &str, form: &FormWanted, request: &PortalRequest, now: Timestamp) -> store::Result<PortalPage> {
        let unknown = Ok(PortalPage::Plain(404, request.words()));
        let gone = PortalPage::Plain(410, request.words());
        let Some(code) = LinkCode::parse(link) else { return unknown };
        let refused = match form {
            FormWanted::Call(call) => request.refused_by_calls(call.takes()),
            FormWanted::Promise
            | FormWanted::PaidAlready
            | FormWanted::Dispute(_)
            | FormWanted::Write
            | FormWanted::Files(..)
            | FormWanted::AnswerFile(..)
            | FormWanted::Rate(_)
            | FormWanted::Plan
            | FormWanted::PlanOffer(_)
            | FormWanted::NotForMe
            | FormWanted::Preferences
            | FormWanted::Contacts
            | FormWanted::Others
            | FormWanted::Code
            | FormWanted::EnterCode => request.refused_by_forms(),
        };
        if let Some(status) = refused {
            return Ok(PortalPage::Plain(status, request.words()));
        }
        let found = match self.store.came_by(&code.id(), now).await? {
            CameBy::Good(found) => *found,
            // A program is told so, and offered no form.
            CameBy::Expired(_) if form.is_call() => return Ok(gone),
            CameBy::Expired(found) => return answer_expired(&self.store, &found, (code.as_str(), ""), request, now).await,
            CameBy::Gone => return Ok(gone),
            CameBy::Unknown => return unknown,
        };
        let Some((row, head)) = self.store.tenant_and_head(&found.tenant, &found.customer).await? else { return unknown };
        let Some(settings) = self.settings(&found.tenant, row.rev).await? else { return unknown };
        let path = format!("/p/{}", code.as_str());
        let opened = OpenedPages { tenant: &found.tenant, head: &head, settings: &settings, address: &found.link.address, path };
        let holder = LinkHolder::of(&found);
        let visit = FormVisit {
            store: &self.store,
            vault: &self.vault,
            found: &found,
            opened: &opened,
            holder: &holder,
            link: &found.link.id,
            request,
            bucket: &self.bucket,
            desk: &self.desk,
            now,
        };
        Ok(forms::answer(&visit, form).await?.unwrap_or(gone))
    }

    /// The page of a link whose time is over, or a new link that is asked for there. A link that is good needs none, and leads to its statement.
    async fn new_link(&self, link: &str, request: &PortalRequest, now: Timestamp) -> store::Result<PortalPage> {
        let Some(code) = LinkCode::parse(link) else { return Ok(PortalPage::Plain(404, request.words())) };
        if !matches!(request.method.as_str(), "GET" | "HEAD" | "POST") {
            return Ok(PortalPage::Plain(405, request.words()));
        }
        match self.store.came_by(&code.id(), now).await? {
            CameBy::Good(_) => Ok(PortalPage::See(format!("/p/{}", code.as_str()))),
            CameBy::Expired(found) => answer_expired(&self.store, &found, (code.as_str(), NEW_LINK), request, now).await,
            CameBy::Gone => Ok(PortalPage::Plain(410, request.words())),
            CameBy::Unknown => Ok(PortalPage::Plain(404, request.words())),
        }
    }

    /// A page of paying: read anew each time, because what is paid must not be asked for.
    async fn pay(&self, link: &str, wanted: &PayWanted, request: &PortalRequest, now: Timestamp) -> store::Result<PortalPage> {
        let unknown = Ok(PortalPage::Plain(404, request.words()));
        let gone = Ok(PortalPage::Plain(410, request.words()));
        let Some(code) = LinkCode::parse(link) else { return unknown };
        let refused = if wanted.takes(&request.method) { request.refused_by_forms() } else { Some(405) };
        if let Some(status) = refused {
            return Ok(PortalPage::Plain(status, request.words()));
        }
        let found = match self.store.came_by(&code.id(), now).await? {
            CameBy::Good(found) => *found,
            CameBy::Expired(found) => return answer_expired(&self.store, &found, (code.as_str(), ""), request, now).await,
            CameBy::Gone => return gone,
            CameBy::Unknown => return unknown,
        };
        let holder = LinkHolder::of(&found);
        let FoundLink { tenant, customer, link } = found;
        let Some((row, head)) = self.store.tenant_and_head(&tenant, &customer).await? else { return unknown };
        let Some(settings) = self.settings(&tenant, row.rev).await? else { return unknown };
        let facts = self.store.facts_to_show(&tenant, &head).await?;
        if !addresses_of(&facts).contains(&link.address) {
            return gone;
        }
        let visit = Visit::of(settings, &facts, format!("/p/{}", code.as_str()));
        let paying = Paying {
            store: &self.store,
            desk: &self.desk,
            facts: &facts,
            visit: &visit,
            link: &link.id,
            holder: &holder,
            host: request.host(),
            now,
        };
        paying.page(wanted, request).await
    }

    /// A tenant's settings, of a revision of its registry row at least.
    async fn settings(&self, tenant: &TenantId, rev: u64) -> store::Result<Option<Settings>> {
        if let Some(held) = self.held.settings(tenant, rev) {
            return Ok(Some(held));
        }
        let Some(settings) = self.store.settings(tenant).await? else { return Ok(None) };
        self.held.hold_settings(tenant.clone(), rev, settings.value.clone());
        Ok(Some(settings.value))
    }

    /// Makes a page; `None` where there is none.
    async fn made(&self, opened: &OpenedPages<'_>, asked: &PageWanted, now: Timestamp) -> store::Result<Option<HeldPage>> {
        if let PageWanted::Document { document, data } = asked {
            let (store, desk, by_a_program) = (&self.store, &self.documents, *data);
            let visit = DocumentVisit { store, desk, opened, by_a_program, now };
            return Box::pin(visit.page(document)).await;
        }
        if let PageWanted::Invoice(id) = asked {
            let read = reading::read_invoice(&self.store, opened, id);
            let (read, connected) = tokio::try_join!(read, self.store.connected(opened.tenant, PROVIDERS))?;
            let Some(InvoiceRead { facts, mut visit, addresses }) = read else { return Ok(None) };
            visit.pays_here = !connected.is_empty();
            let page = facts.invoices.first().and_then(|fact| invoice_page::shown(&visit, &facts, fact, now));
            return Ok(Some(HeldPage { page: page.unwrap_or(PortalPage::Plain(404, visit.words)), addresses }));
        }
        let page = if let PageWanted::Statement { page, .. } = asked { Some(page) } else { None };
        let read = reading::read_statement(&self.store, opened, page, now);
        // No other form of the statement shows offers.
        let is_page = matches!(asked, PageWanted::Statement { form: StatementForm::Page, .. });
        let offers = async {
            if is_page { self.store.plan_offers_to_show(opened.tenant, &opened.head.customer).await } else { Ok(vec![]) }
        };
        let (read, connected, offers) = tokio::try_join!(read, self.store.connected(opened.tenant, PROVIDERS), offers)?;
        let StatementRead { statement, mut visit, addresses } = read;
        visit.pays_here = !connected.is_empty();
        let made = match asked {
            PageWanted::Statement { form: StatementForm::Page, .. } => Ok(statement_page::shown(&visit, &statement, &offers)),
            PageWanted::Statement { form: StatementForm::Data | StatementForm::Signed, .. } => {
                statement_data::data(&visit, &statement).map_err(|error| kit::causes(&error))
            }
            PageWanted::Table | PageWanted::Invoice(_) | PageWanted::Document { .. } => {
                statement_csv::table(&visit, &statement).map_err(|error| kit::causes(&error))
            }
        };
        let page = made.unwrap_or_else(|error| {
            tracing::error!(error, "a statement cannot be written");
            PortalPage::Plain(500, visit.words)
        });
        Ok(Some(HeldPage { page, addresses }))
    }
}
