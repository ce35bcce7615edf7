//! What somebody may do who came by a portal link: promise, contest, say what was paid, ask for something, write.
//!
//! A link names one customer and one address. Who holds it acts for that customer alone. The entry of the audit names the link, and no person:
//! a link is passed on in an office, and nobody signed in. What bounds people of the tenant bounds customers too (`domain::proposal`), and on
//! top of it what the settings say of `promises`.

pub use domain::decided_by;
use domain::{
    Agreement, AgreementId, CustomerId, Facts, InvoiceFact, InvoiceId, InvoiceStatus, KeptRate, LinkId, NamedLine, NewTask,
    NoteId, ServiceMail, ServiceMailKind, Settings, TaskKind, TenantId, Terms,
    calendar::Locality,
    dates::add_days,
    id::digest,
    proposal::{Proposal, ProposedScope, Proposer, agreed_already, propose},
};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use store::{AuditEntry, CustomerNote, FoundLink, MadeBeside, Store};

use crate::{Done, NotDone, billed_lines::with_lines, customers::no_customer, matter};

mod bounds;
mod named;
mod rate;
mod remit;
mod repeated;
mod request;

use bounds::{made_today, rejected, too_often, unkept};
use request::LinkRequest;

pub use bounds::{ASKED_ENOUGH, MAILED_A_DAY_MAX, PROMISES_UNKEPT, REJECTED_ENOUGH, REJECTED_MAX, UNKEPT_MAX};
pub use named::InvoicesNamed;
pub use rate::{RATED_BEFORE, RatedByLink, SCORE_MAX, SCORE_MIN, nothing_is_past_due};
pub use remit::{REFERENCE_MAX, RemittedByLink, RemittedLine};
pub use repeated::KEY_USED_BEFORE;
pub use request::KEY_WRONG;

/// Longest text of a customer, in characters.
pub const WORDS_MAX: usize = 2_000;
/// Most requests and messages of one link a day. Whoever has more to say has the tenant's address.
pub const ASKED_A_DAY_MAX: usize = 20;
/// Notes that are looked through to count them.
const LOOKED_MAX: usize = 50;
/// The role that entries of the audit give whoever came by a link.
pub const LINK: &str = "link";
/// The pointer of the flaw that an invoice is contested already.
pub const CONTESTED_ALREADY: &str = "/contested";
/// The pointer of the flaw that no further promise is taken from customers.
pub const PROMISES_ENOUGH: &str = "/promises";

/// The last day that customers may promise by themselves.
pub fn last_promise_day(settings: &Settings, today: Date) -> Date {
    add_days(today, i64::from(settings.promises.max_days))
}

/// How many promises of a customer are open: as many as `settings.promises.max_open` may be.
pub fn open_promises(agreements: &[Agreement]) -> usize {
    let is_open = |agreement: &&Agreement| matches!(agreement.terms, Terms::Promise(_)) && agreement.runs();
    agreements.iter().filter(is_open).count()
}

/// The dispute of an invoice that nobody has decided yet.
pub fn open_dispute<'a>(agreements: &'a [Agreement], invoice: &InvoiceId) -> Option<&'a Agreement> {
    let is_one = |agreement: &&Agreement| {
        matches!(agreement.terms, Terms::Dispute(_)) && agreement.runs() && agreement.scope.names(invoice)
    };
    agreements.iter().find(is_one)
}

/// Somebody who came by a portal link that is good.
#[derive(Clone, Debug)]
pub struct LinkHolder {
    pub(crate) tenant: TenantId,
    pub(crate) customer: CustomerId,
    pub(crate) link: LinkId,
    /// The links of the same address before it.
    earlier: Vec<LinkId>,
    /// The request that it is done for, where that has a key of its own.
    request: Option<LinkRequest>,
}

/// What came by a link in words, for a person to act on.
pub(crate) struct SaidByLink<'a> {
    /// What it is, in a word: for the audit, and to tell it from another thing in the same words.
    pub(crate) what: &'a str,
    /// One line for the worklist, without a name or an address.
    pub(crate) title: &'a str,
    /// What to do.
    pub(crate) detail: &'a str,
    /// The invoice that it is about.
    pub(crate) about: Option<String>,
    /// The note.
    pub(crate) text: String,
}

/// What a customer promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromisedByLink {
    /// Which invoices.
    pub invoices: Vec<InvoiceId>,
    /// How much of them, minor units; all that is open when left out.
    pub amount_minor: Option<i64>,
    /// The day.
    pub pays_on: Date,
    /// How: one of `domain::WayOfPaying::WORDS`.
    pub way: Option<String>,
}

/// What a customer contests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputedByLink {
    /// Which invoice.
    pub invoice: InvoiceId,
    /// The line that it is about; none where it is about the invoice.
    pub line: Option<NamedLine>,
    /// How much of it, minor units; all of it when left out: of a line what it comes to, as far as that is open.
    pub amount_minor: Option<i64>,
    /// Why: one of `domain::DisputeReason::WORDS`.
    pub reason: String,
    /// In the customer's words.
    pub words: Option<String>,
}

/// What a customer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedByLink {
    /// A copy of an invoice.
    Copy,
    /// To pay in parts.
    Plan,
    /// Nothing of these: what they write says it.
    Message,
}

impl AskedByLink {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Copy, Self::Plan, Self::Message];

    /// The word in forms, tasks and the audit.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Plan => "plan",
            Self::Message => "message",
        }
    }

    /// The one of a word.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.as_str() == word)
    }

    fn title(self) -> &'static str {
        match self {
            Self::Copy => "The customer asks for a copy of an invoice",
            Self::Plan => "The customer asks to pay in parts",
            Self::Message => "The customer wrote on its page",
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::Copy => "Send the copy; the customer's words are among its notes",
            Self::Plan => "Agree on a plan or say why not; the customer's words are among its notes",
            Self::Message => "Read what the customer wrote, among its notes, and answer it there: that ends this task",
        }
    }
}

impl LinkHolder {
    /// Whoever holds a link. The caller looked that the link is good.
    pub fn of(found: &FoundLink) -> Self {
        Self {
            tenant: found.tenant.clone(),
            customer: found.customer.clone(),
            link: found.link.id.clone(),
            earlier: found.link.earlier.clone(),
            request: None,
        }
    }

    /// Whether something came by this link, or by one of its address before it.
    pub fn is_own(&self, by: &str) -> bool {
        self.link.as_str() == by || self.earlier.iter().any(|earlier| earlier.as_str() == by)
    }

    pub(crate) fn entry(&self, operation: &str, now: Timestamp) -> AuditEntry {
        AuditEntry {
            tenant: self.tenant.clone(),
            at: now,
            by: self.link.as_str().to_owned(),
            role: LINK.to_owned(),
            operation: operation.to_owned(),
            object: None,
            customer: Some(self.customer.clone()),
            what: json!({}),
            note: None,
            act: None,
            once: self.request.as_ref().map(|request| request.mark().clone()),
        }
    }

    /// The id of what is asked for: the same form of the same day, sent twice, comes to the same. Under a key the same request does.
    pub(crate) fn id(&self, what: &str, now: Timestamp) -> AgreementId {
        if let Some(request) = &self.request {
            return request.agreement();
        }
        let day = now.strftime("%F").to_string();
        AgreementId::derive(&[self.tenant.as_str(), self.customer.as_str(), self.link.as_str(), &day, &digest(&[what])])
    }

    /// Promises to pay. The same promise again is the one that there is. Where [`UNKEPT_MAX`] promises of an invoice were not kept, customers make no
    /// other one by themselves.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] for what `domain::proposal` or the settings' `promises` do not allow, [`NotDone::NotFound`], [`NotDone::Changed`]
    /// where the customer changed at the same moment; those of the table.
    pub async fn promise(&self, store: &Store, asked: &PromisedByLink, now: Timestamp) -> Done<Agreement> {
        let (facts, settings) = self.matter(store).await?;
        let proposal = Proposal {
            kind: "promise".to_owned(),
            scope: scope(&asked.invoices),
            amount_minor: asked.amount_minor,
            pays_on: Some(asked.pays_on),
            sent_on: None,
            way: asked.way.clone(),
            reason: None,
            parts: None,
            until_on: None,
            ends_with: None,
            line: None,
            lines: Vec::new(),
        };
        if let Some(known) = agreed_already(&proposal, &facts, &settings, now) {
            return Ok(known.clone());
        }
        let mut flaws = Vec::new();
        let bounds = &settings.promises;
        let place = Locality::of_tenant(&settings);
        let today = now.to_zoned(place.zone().clone()).date();
        let last = last_promise_day(&settings, today);
        if asked.pays_on > last {
            flaws.push(("/pays_on".to_owned(), format!("at most {} days ahead, by {last}", bounds.max_days)));
        }
        if open_promises(&facts.agreements) >= usize::from(bounds.max_open) {
            let detail = if bounds.max_open == 0 {
                "promises are made with a person here; write to us".to_owned()
            } else {
                format!("{} promises are open; keep them first, or write to us", bounds.max_open)
            };
            flaws.push((PROMISES_ENOUGH.to_owned(), detail));
        }
        flaws.extend(unkept(&facts.agreements, &asked.invoices));
        let what = format!("{asked:?}");
        self.make(store, &proposal, (&facts, &settings), flaws, ("promise_by_link", &what), None, now).await
    }

    /// Contests an invoice, in whole, in part, or a line of it. Somebody is asked to decide by [`decided_by`]. The same again is the one that there is. Of one
    /// invoice customers open no second dispute by themselves while one is undecided, and none after [`REJECTED_MAX`] were rejected.
    ///
    /// # Errors
    ///
    /// Those of [`LinkHolder::promise`].
    pub async fn dispute(&self, store: &Store, asked: &DisputedByLink, now: Timestamp) -> Done<Agreement> {
        let (facts, settings) = self.matter(store).await?;
        let proposal = Proposal {
            kind: "dispute".to_owned(),
            scope: ProposedScope::Invoice(asked.invoice.as_str().to_owned()),
            amount_minor: asked.amount_minor,
            pays_on: None,
            sent_on: None,
            way: None,
            reason: Some(asked.reason.clone()),
            parts: None,
            until_on: None,
            ends_with: None,
            line: asked.line.clone(),
            lines: Vec::new(),
        };
        let proposal = with_lines(store, &self.tenant, &facts, proposal).await?;
        if let Some(known) = agreed_already(&proposal, &facts, &settings, now) {
            return Ok(known.clone());
        }
        let mut flaws = Vec::new();
        if let Some(known) = open_dispute(&facts.agreements, &asked.invoice) {
            let detail = format!("the invoice is contested already, by {}; write to us to add something", known.id);
            flaws.push((CONTESTED_ALREADY.to_owned(), detail));
        }
        flaws.extend(rejected(&facts.agreements, &asked.invoice));
        let words = matter::text("/words", asked.words.as_deref(), WORDS_MAX, &mut flaws);
        let what = format!("{asked:?}");
        self.make(store, &proposal, (&facts, &settings), flaws, ("dispute_by_link", &what), Some(words), now).await
    }

    /// Makes the agreement of a proposal, with the customer's words as a note, with a notice to the link's address (of the first
    /// [`MAILED_A_DAY_MAX`] of a day) and, of a dispute, with work for a person.
    #[expect(clippy::too_many_arguments, reason = "it is the common end of the two above")]
    async fn make(
        &self,
        store: &Store,
        proposal: &Proposal,
        (facts, settings): (&Facts, &Settings),
        mut flaws: Vec<(String, String)>,
        (operation, what): (&str, &str),
        dispute: Option<Option<String>>,
        now: Timestamp,
    ) -> Done<Agreement> {
        let id = self.id(&format!("{operation} {what}"), now);
        // The same form of the same day, after the agreement that it came to is over, makes no second one.
        if let Some(known) = facts.agreements.iter().find(|known| known.id == id) {
            return Ok(known.clone());
        }
        let by = Proposer { id: &id, by: self.link.as_str(), now };
        let agreement = match propose(proposal, facts, settings, by) {
            Ok(agreement) => agreement,
            Err(more) => {
                flaws.extend(more);
                return Err(NotDone::Fields(flaws));
            }
        };
        flaws.extend(too_often(&facts.agreements, &self.link, now));
        if !flaws.is_empty() {
            return Err(NotDone::Fields(flaws));
        }
        let is_dispute = dispute.is_some();
        let why = dispute.flatten().map(|text| self.why(&agreement, text, now));
        let task = is_dispute.then(|| contested(&agreement, settings, now));
        let kind = if is_dispute { ServiceMailKind::DisputeOpened } else { ServiceMailKind::PromiseMade };
        let is_told = made_today(&facts.agreements, &self.link, now) < MAILED_A_DAY_MAX;
        let mail = is_told.then(|| ServiceMail::of(kind, &self.link, Some(agreement.id.as_str()), now));
        let entry = self.entry(operation, now).of(agreement.id.as_str());
        let entry =
            entry.with(json!({ "amount_minor": agreement.amount_minor, "pays_on": proposal.pays_on, "reason": proposal.reason }));
        let beside = MadeBeside { why: why.as_ref(), task: task.as_ref(), mail: mail.as_ref(), ..MadeBeside::default() };
        self.make_once(store, entry, &agreement, beside, now).await
    }

    /// The customer's words of an agreement, as a note about it.
    fn why(&self, agreement: &Agreement, text: String, now: Timestamp) -> CustomerNote {
        let id = NoteId::at(now, &[agreement.id.as_str(), "why"]);
        CustomerNote::new(id, Some(agreement.id.to_string()), text, self.link.as_str(), now)
    }

    /// Writes an agreement with what is made beside it. Of the same that is sent twice at once there is one.
    ///
    /// # Errors
    ///
    /// [`NotDone::Changed`] where something else changed at the same moment; those of the table.
    pub(crate) async fn make_once(
        &self,
        store: &Store,
        entry: AuditEntry,
        agreement: &Agreement,
        beside: MadeBeside<'_>,
        now: Timestamp,
    ) -> Done<Agreement> {
        match store.acting(entry).make_agreement(&self.tenant, &self.customer, agreement, beside, now).await {
            Err(store::Error::Conflict { .. }) => {
                let made = store.agreement(&self.tenant, &self.customer, &agreement.id).await?;
                made.ok_or_else(|| NotDone::Changed("something changed at the same moment; send it again".to_owned()))
            }
            made => made.map(|()| agreement.clone()).map_err(NotDone::from),
        }
    }

    /// Asks for something, or writes. What is said becomes a note, whose id is answered, and work for a person. The same of the same day, in UTC,
    /// is taken once.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] for a text that says nothing or too much, an invoice that the customer was not sent, and where the link asked too often
    /// today; [`NotDone::NotFound`]; [`NotDone::Changed`] where the same was sent twice at once and is not to be found yet; those of the table.
    pub async fn ask(
        &self,
        store: &Store,
        what: AskedByLink,
        about: Option<&InvoiceId>,
        words: &str,
        now: Timestamp,
    ) -> Done<NoteId> {
        let mut flaws = Vec::new();
        let text = matter::text("/words", Some(words), WORDS_MAX, &mut flaws);
        if let Some(about) = about
            && !self.was_sent(store, about, now).await?
        {
            flaws.push(("/invoice".to_owned(), "the customer has no invoice of this id".to_owned()));
        }
        if text.is_none() && flaws.is_empty() && what != AskedByLink::Copy {
            flaws.push(("/words".to_owned(), "say something".to_owned()));
        }
        if !flaws.is_empty() {
            return Err(NotDone::Fields(flaws));
        }
        // The note says what is asked for: two forms with the same words ask for two things.
        let text = match (what, text) {
            (AskedByLink::Message, Some(text)) => text,
            (AskedByLink::Message | AskedByLink::Copy | AskedByLink::Plan, None) => what.title().to_owned(),
            (AskedByLink::Copy | AskedByLink::Plan, Some(text)) => format!("{}:\n{text}", what.title()),
        };
        let about = about.map(|id| id.as_str().to_owned());
        let detail = match what {
            AskedByLink::Plan => {
                let facts = matter::facts(store, &self.tenant, &self.customer).await?;
                format!("{}; {}", what.detail(), KeptRate::of(&facts.agreements))
            }
            AskedByLink::Copy | AskedByLink::Message => what.detail().to_owned(),
        };
        let said = SaidByLink { what: what.as_str(), title: what.title(), detail: &detail, about, text };
        self.say(store, said, now).await
    }

    /// Writes down what came by this link, with the work for a person that follows. The same of the same day, in UTC, is taken once.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] where the link said as much today as it may; [`NotDone::Changed`] where the same was sent twice at once and is not to
    /// be found yet; those of the table.
    pub(crate) async fn say(&self, store: &Store, said: SaidByLink<'_>, now: Timestamp) -> Done<NoteId> {
        let SaidByLink { what, title, detail, about, text } = said;
        let of_today = self.written_today(store, now).await?;
        if let Some(same) = of_today.iter().find(|note| note.text == text && note.about == about) {
            return Ok(same.id.clone());
        }
        if of_today.len() >= ASKED_A_DAY_MAX {
            return Err(NotDone::field(ASKED_ENOUGH, format!("at most {ASKED_A_DAY_MAX} messages a day; write to us by mail")));
        }
        let day = now.strftime("%F").to_string();
        // One key for one form of a day: of two that are sent at once the table takes one.
        let key = digest(&[self.link.as_str(), &day, what, about.as_deref().unwrap_or_default(), &text]);
        let id = NoteId::at(now, &[self.customer.as_str(), &key]);
        let task = NewTask {
            kind: TaskKind::CustomerAsked,
            key,
            title: title.to_owned(),
            detail: format!("{detail} ({id})"),
            to: None,
            due_on: None,
            step: None,
            currency: None,
            case: None,
        };
        let note = CustomerNote {
            task: Some(store::task_id(&self.tenant, Some(&self.customer), &task)),
            ..CustomerNote::new(id, about.clone(), text.clone(), self.link.as_str(), now)
        };
        let entry = self.entry("ask_by_link", now).of(note.id.as_str()).with(json!({ "for": what, "about": note.about }));
        match store.acting(entry).add_note_asking(&self.tenant, &self.customer, &note, &task, now).await {
            Ok(()) => Ok(note.id),
            Err(store::Error::Conflict { .. }) => {
                let first =
                    self.written_today(store, now).await?.into_iter().find(|note| note.text == text && note.about == about);
                first.map(|note| note.id).ok_or_else(|| NotDone::Changed("the same was sent just now; look again".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What came by this link today, newest first, as far as it is counted.
    async fn written_today(&self, store: &Store, now: Timestamp) -> Done<Vec<CustomerNote>> {
        let day = now.strftime("%F").to_string();
        let recent = store.notes(&self.tenant, &self.customer, None, LOOKED_MAX, None).await?.notes;
        let is_of_today = |note: &CustomerNote| note.by == self.link.as_str() && note.at.strftime("%F").to_string() == day;
        Ok(recent.into_iter().filter(is_of_today).collect())
    }

    /// Whether the customer was sent an invoice, a closed one too: drafts, and what is issued in days to come, it was not.
    async fn was_sent(&self, store: &Store, invoice: &InvoiceId, now: Timestamp) -> Done<bool> {
        let head = store.head(&self.tenant, &self.customer).await?.ok_or_else(no_customer)?;
        let Some(facts) = store.facts_of_invoice(&self.tenant, &head, invoice).await? else { return Ok(false) };
        let settings = matter::settings(store, &self.tenant).await?;
        let today = now.to_zoned(Locality::of_tenant(&settings).zone().clone()).date();
        let was_sent = |fact: &InvoiceFact| fact.invoice.status != InvoiceStatus::Draft && fact.invoice.issued_on <= today;
        Ok(facts.invoices.first().is_some_and(was_sent))
    }

    async fn matter(&self, store: &Store) -> Done<(Facts, Settings)> {
        let facts = matter::facts(store, &self.tenant, &self.customer).await?;
        let settings = matter::settings(store, &self.tenant).await?;
        Ok((facts, settings))
    }
}

fn scope(invoices: &[InvoiceId]) -> ProposedScope {
    ProposedScope::Invoices(invoices.iter().map(|id| id.as_str().to_owned()).collect())
}

/// The work that a dispute is: somebody decides it in time.
fn contested(agreement: &Agreement, settings: &Settings, now: Timestamp) -> NewTask {
    NewTask {
        kind: TaskKind::Dispute,
        key: agreement.id.as_str().to_owned(),
        title: "The customer contests an invoice".to_owned(),
        detail: format!(
            "Decide {}{}: uphold it, in whole or in part, or reject it; the customer's words are its note",
            agreement.id,
            agreement.disputed_line().map_or_else(String::new, |line| format!(" about line {} of the invoice", line.position))
        ),
        to: None,
        due_on: Some(decided_by(settings, now)),
        step: None,
        currency: None,
        case: None,
    }
}
