//! What is done with an answer that came in and was read: the one place to which mails and text messages come.
//!
//! ```text
//! heard, read ─ suspect? ─ machine? ─ whose? ─ close or open the channel ─ plan by class ─ answer, pause, task: one transaction
//! ```
//!
//! Closing a channel comes first and by itself: it may be done again, and nothing that fails behind it undoes it.

use domain::{
    Agreement, AgreementId, BalanceKey, CaseState, Channel, Currency, CustomerId, Facts, HeardReply, InvoiceId, MachineWritten,
    NewTask, ReplyClass, ReplyId, ReplyRead, ReplyStatus, ReplySuggestion, ServiceMail, ServiceMailKind, Settings, SuggestedKind,
    Suppression, SuppressionReason, Suspicion, TaskKind, TenantId, UnkeptFile,
    calendar::tenant_zone,
    proposal::{Proposal, ProposedScope, Proposer, propose},
    receivables::{Receivables, ReceivablesRules},
    reply::found_by_word,
    reply_rules::{COPIES_MAX, ReplyCircumstances, ReplyPlan, pauses_lately, plan_reply},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::json;
use store::{
    AddressId, AuditEntry, FoundLink, Head, KeptBeside, KeptReply, Lifted, LinkStanding, PortalLink, ReplyKept, Result, Store,
};

/// What an answer is read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadAround<'a> {
    /// The day on which it came, in the tenant's zone.
    pub today: Date,
    /// The customer's country, else the tenant's.
    pub region: Option<&'a str>,
    /// The currency of the answered case, where that is known.
    pub currency: Option<Currency>,
}

/// Reads an answer by rules. It is given, so that only what hears answers carries the rules.
pub type ReadAnswer = fn(&HeardReply, ReadAround<'_>) -> ReplyRead;

/// The role that entries of the audit give whoever answered.
const CUSTOMER: &str = "customer";

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyTaken {
    /// It is kept, or was before, and nobody is asked to look.
    Noted,
    /// Somebody is asked to look.
    Raised,
    /// A machine wrote it, and it says nothing that counts.
    Passed,
}

/// Takes an answer: keeps it, and does what follows. The same again changes nothing.
///
/// # Errors
///
/// Those of the table; then it may come again.
pub async fn take(store: &Store, heard: &HeardReply, reads: ReadAnswer, now: Timestamp) -> Result<ReplyTaken> {
    let tenant = &heard.about.tenant;
    if let Some(suspicion) = heard.suspect {
        return raise_suspect(store, heard, suspicion, now).await;
    }
    match heard.machine {
        // What a mail server says of a mail is taken as its event; that a mail was opened says nothing.
        Some(MachineWritten::Bounce | MachineWritten::ReadReceipt) => return Ok(ReplyTaken::Passed),
        Some(MachineWritten::AutoReply | MachineWritten::Robot) | None => {}
    }
    let head = match &heard.about.customer {
        Some(customer) => store.head(tenant, customer).await?,
        None => None,
    };
    let settings = store.settings(tenant).await?.map_or_else(|| Settings::named(""), |settings| settings.value);
    let zone = tenant_zone(&settings);
    let around = ReadAround {
        today: heard.received_at.to_zoned(zone.clone()).date(),
        region: Some(settings.country.as_str()),
        currency: None,
    };
    match (head, &heard.about.customer) {
        (Some(head), Some(customer)) => {
            let facts = store.facts(tenant, &head).await?;
            let case = head.cases.iter().find(|(_, case)| Some(&case.id) == heard.about.case.as_ref());
            let region = facts.customer.country.as_deref().or(around.region);
            let read = reads(heard, ReadAround { region, currency: case.map(|(key, _)| key.currency()), ..around });
            let known = Known { facts, settings, zone };
            Box::pin(Taking { store, heard, read: &read, now }.of_customer(customer, &head, known)).await
        }
        (None, _) | (_, None) => Taking { store, heard, read: &reads(heard, around), now }.of_nobody().await,
    }
}

/// A mail of which nobody is shown what it says.
async fn raise_suspect(store: &Store, heard: &HeardReply, suspicion: Suspicion, now: Timestamp) -> Result<ReplyTaken> {
    let customer = heard.about.customer.as_ref();
    let (title, key) = match (suspicion, customer) {
        // Of unsolicited mails that are nobody's, one task a day says that they come.
        (Suspicion::Spam, None) => {
            ("Mails came that are held for unsolicited", format!("spam:{}", now.to_zoned(TimeZone::UTC).date()))
        }
        (Suspicion::Spam | Suspicion::Virus | Suspicion::Forged, _) => {
            ("A mail came that nobody is shown", heard.id().to_string())
        }
    };
    let task = task_of(heard, TaskKind::AnswerUnmatched, title, key, said_of(heard, None));
    store.raise(&heard.about.tenant, customer, &task, now).await?;
    Ok(ReplyTaken::Raised)
}

struct Taking<'a> {
    store: &'a Store,
    heard: &'a HeardReply,
    read: &'a ReplyRead,
    now: Timestamp,
}

/// What is known of the customer.
struct Known {
    facts: Facts,
    settings: Settings,
    zone: TimeZone,
}

/// What an answer may be about at its customer.
struct Matter {
    known: Known,
    /// The balance of the answered case.
    balance: Option<BalanceKey>,
    case_was_over: bool,
    /// The open invoices that it names.
    named: Vec<InvoiceId>,
    /// The open invoices that it may be about, oldest first.
    open: Vec<InvoiceId>,
    /// The link to whose address copies go.
    link: Option<PortalLink>,
}

impl Taking<'_> {
    fn tenant(&self) -> &TenantId {
        &self.heard.about.tenant
    }

    /// An answer of which nothing says whose it is. What its sender wants of its own address is done all the same.
    async fn of_nobody(&self) -> Result<ReplyTaken> {
        // A portal's word of a payment is for a person, wherever it belongs.
        let is_news = self.read.portal.as_ref().is_some_and(|portal| portal.is_news);
        if self.heard.machine.is_some() && !is_news {
            return Ok(ReplyTaken::Passed);
        }
        let stopped = self.close(None, None).await?;
        let title = "An answer came that is nobody's who is known";
        let detail = said_of(self.heard, Some(self.read));
        let task = task_of(self.heard, TaskKind::AnswerUnmatched, title, self.heard.id().to_string(), detail);
        let reply = KeptReply {
            status: ReplyStatus::Open,
            task: Some(task.id(self.tenant(), None)),
            stopped,
            ..kept(self.heard, self.read)
        };
        self.store.keep_unmatched(self.tenant(), &reply, &task, self.now).await?;
        Ok(ReplyTaken::Raised)
    }

    async fn of_customer(&self, customer: &CustomerId, head: &Head, known: Known) -> Result<ReplyTaken> {
        let (store, heard, read, now) = (self.store, self.heard, self.read, self.now);
        if store.reply(self.tenant(), customer, &heard.id()).await?.is_some() {
            return Ok(ReplyTaken::Noted);
        }
        let matter = self.matter(customer, head, known).await?;
        let stopped = self.close(Some(customer), matter.link.as_ref()).await?;
        let opened = self.open(customer).await?;
        let own = matter.known.facts.customer.language.as_ref();
        let language = own.or(matter.known.settings.language.as_ref()).cloned();
        let mut has_copies = heard.channel == Channel::Email && matter.link.is_some() && !self.copies(&matter).is_empty();
        loop {
            let today = now.to_zoned(matter.known.zone.clone()).date();
            let around = ReplyCircumstances {
                channel: heard.channel,
                machine: heard.machine,
                settings: &matter.known.settings.answers,
                today,
                pauses: pauses_lately(&matter.known.facts.agreements, today, &matter.known.zone),
                has_copies,
            };
            let plan = plan_reply(read, &around);
            let pause = self.pause(&matter, &plan, customer);
            let task = self.task(&matter, &plan, pause.as_ref(), opened);
            if heard.machine.is_some() && pause.is_none() && task.is_none() && read.portal.is_none() {
                return Ok(ReplyTaken::Passed);
            }
            let copies = if plan.sends_copies { self.copies(&matter) } else { Vec::new() };
            let link = matter.link.as_ref().filter(|_| !copies.is_empty());
            let about = heard.id();
            let mail = link.map(|link| ServiceMail::of(ServiceMailKind::CopySent, &link.id, Some(about.as_str()), now));
            let reply = KeptReply {
                link: heard.about.link.clone().or_else(|| matter.link.as_ref().map(|link| link.id.clone())),
                language: language.clone(),
                case_was_over: matter.case_was_over,
                status: if task.is_some() { ReplyStatus::Open } else { ReplyStatus::Done },
                suggestion: plan.suggests.map(|kind| self.suggestion(&matter, kind)),
                pause: pause.as_ref().map(|pause| pause.id.clone()),
                task: task.as_ref().map(|task| task.id(self.tenant(), Some(customer))),
                copies,
                mail: mail.as_ref().map(|mail| mail.id.clone()),
                stopped,
                started: opened == Some(true),
                ..kept(heard, read)
            };
            let beside = KeptBeside {
                pause: pause.as_ref(),
                task: task.as_ref(),
                mail: mail.as_ref().zip(link.map(|link| &link.address)),
                is_of_person: heard.machine.is_none(),
            };
            match store.keep_reply(self.tenant(), customer, &reply, beside, now).await? {
                ReplyKept::Done | ReplyKept::Before if task.is_some() => return Ok(ReplyTaken::Raised),
                ReplyKept::Done | ReplyKept::Before => return Ok(ReplyTaken::Noted),
                // The address was answered by itself as often as may be: a person looks.
                ReplyKept::AnsweredEnough => has_copies = false,
            }
        }
    }

    /// What the answer may be about.
    async fn matter(&self, customer: &CustomerId, head: &Head, known: Known) -> Result<Matter> {
        let Known { facts, settings, zone } = known;
        let case = self.heard.about.case.as_ref();
        let answered = head.cases.iter().find(|(_, known)| Some(&known.id) == case);
        let case_was_over = case.is_some() && answered.is_none_or(|(_, case)| case.state == CaseState::Closed);
        let balance = answered.map(|(key, _)| key.balance.clone());
        let receivables = Receivables::at(&facts, ReceivablesRules::of(&settings, &zone), self.now);
        let (mut named, mut open): (Vec<InvoiceId>, Vec<InvoiceId>) = (Vec::new(), Vec::new());
        for item in &receivables.items {
            let Some(id) = item.key.invoice() else { continue };
            let is_named = self.read.invoice_numbers.iter().any(|number| is_same_number(number, item.number));
            if is_named && !named.contains(id) {
                named.push(id.clone());
            }
            let is_of_case =
                balance.as_ref().is_none_or(|key| key.currency == item.currency && key.legal_entity == item.legal_entity);
            if is_of_case && !open.contains(id) {
                open.push(id.clone());
            }
        }
        drop(receivables);
        let link = self.link(customer).await?;
        Ok(Matter { known: Known { facts, settings, zone }, balance, case_was_over, named, open, link })
    }

    /// The link to whose address copies may go: the one of the mail that was answered, else that of the sender's own address.
    async fn link(&self, customer: &CustomerId) -> Result<Option<PortalLink>> {
        let answered = match &self.heard.about.link {
            Some(id) => self.store.link(id).await?,
            None => None,
        };
        let is_theirs = |found: &FoundLink| found.tenant == *self.tenant() && found.customer == *customer;
        let link = match answered.filter(is_theirs) {
            Some(found) => Some(found.link),
            None => self.store.link_of(self.tenant(), customer, &self.sender()).await?,
        };
        Ok(link.filter(|link| link.channel == Channel::Email && link.standing(self.now) != LinkStanding::Revoked))
    }

    fn sender(&self) -> AddressId {
        AddressId::of(self.heard.channel, &self.heard.from)
    }

    fn entry(&self, operation: &str, customer: Option<&CustomerId>) -> AuditEntry {
        AuditEntry {
            tenant: self.tenant().clone(),
            at: self.now,
            by: self.heard.id().to_string(),
            act: Some(self.heard.id().to_string()),
            role: CUSTOMER.to_owned(),
            operation: operation.to_owned(),
            object: Some(self.sender().to_string()),
            customer: customer.cloned(),
            what: json!({ "channel": self.heard.channel, "reply": self.heard.id() }),
            note: None,
            once: None,
        }
    }

    /// Closes the channel to the sender where that is what they want; and to the address that the answered mail was for, where a mark proves that it was read
    /// there. Whether it is closed by this answer.
    async fn close(&self, customer: Option<&CustomerId>, link: Option<&PortalLink>) -> Result<bool> {
        let HeardReply { channel, from, received_at, .. } = self.heard;
        if !self.read.stops || self.heard.machine.is_some() || from.is_empty() {
            return Ok(false);
        }
        let suppression = Suppression { reason: SuppressionReason::OptOut, at: *received_at };
        let acting = self.store.acting(self.entry("opt_out_by_reply", customer));
        acting.suppress_saying(self.tenant(), (*channel, from.as_str()), suppression.clone(), None, customer).await?;
        let answered = link.filter(|_| self.heard.about.by.is_proven() && self.heard.about.link.is_some());
        if let Some(link) = answered.filter(|link| link.channel == *channel && link.address != self.sender()) {
            let entry = AuditEntry { object: Some(link.address.to_string()), ..self.entry("opt_out_by_reply", customer) };
            let acting = self.store.acting(entry);
            acting.suppress_by_id(self.tenant(), (*channel, &link.address), suppression, customer).await?;
        }
        Ok(true)
    }

    /// Opens the channel to the sender again where a text message asks for it and nothing but an opt-out by a text message stands against it. `None` where
    /// nobody asks for it, or it was open; false where something else stands.
    async fn open(&self, customer: &CustomerId) -> Result<Option<bool>> {
        if self.heard.channel != Channel::Sms || !self.read.opt_in || self.heard.machine.is_some() {
            return Ok(None);
        }
        let sender = self.sender();
        let Some(stands) = self.store.stopped(self.tenant(), &sender).await? else { return Ok(None) };
        let is_by_text = stands.by.as_deref().is_some_and(|by| ReplyId::parse(by).is_some());
        let is_opt_out = stands.suppression.reason == SuppressionReason::OptOut && stands.beside.is_none();
        // A word that was held up on its way undoes nothing that came behind it.
        let is_behind = stands.suppression.at <= self.heard.received_at;
        if !is_by_text || !is_opt_out || !is_behind {
            return Ok(Some(false));
        }
        let acting = self.store.acting(self.entry("opt_in_by_reply", Some(customer)));
        let lifted = acting.lift(self.tenant(), &sender, &stands.suppression.entry(), self.now, Some(customer)).await?;
        Ok(match lifted {
            Lifted::Done(_) => Some(true),
            Lifted::Nothing => None,
            Lifted::Another(_) => Some(false),
        })
    }

    /// The invoices whose copies are asked for: those that are named, else the open ones of the case.
    fn copies(&self, matter: &Matter) -> Vec<InvoiceId> {
        // A number that nobody knows is for a person: another invoice's copy would be no answer.
        if !self.read.invoice_numbers.is_empty() && matter.named.len() < self.read.invoice_numbers.len() {
            return Vec::new();
        }
        let wanted = if matter.named.is_empty() { &matter.open } else { &matter.named };
        // So are more than a mail carries: some of them would look like all.
        if wanted.len() > COPIES_MAX { Vec::new() } else { wanted.clone() }
    }

    fn suggestion(&self, matter: &Matter, kind: SuggestedKind) -> ReplySuggestion {
        let read = self.read;
        let of_currency =
            |amount: &&domain::Money| matter.balance.as_ref().is_none_or(|balance| balance.currency == amount.currency());
        let amount = read.amounts.first().filter(|_| read.amounts.len() == 1).filter(of_currency).copied();
        let (on, reason) = match kind {
            SuggestedKind::Promise => (read.promised_on, None),
            SuggestedKind::Money => (read.paid_on, None),
            SuggestedKind::Dispute if read.has(ReplyClass::PoMissing) => (None, Some("po_missing")),
            SuggestedKind::Dispute | SuggestedKind::Later(_) => (None, Some("other")),
        };
        ReplySuggestion {
            kind,
            invoices: matter.named.clone(),
            balance: matter.balance.clone(),
            amount,
            on,
            reason: reason.map(str::to_owned),
        }
    }

    /// The pause that keeps reminders back of what the answer is about: of the invoices that it names, else of its case, else of all.
    fn pause(&self, matter: &Matter, plan: &ReplyPlan, customer: &CustomerId) -> Option<Agreement> {
        let until_on = plan.pause_until?;
        // Where nothing is owed there is nothing to keep back.
        matter.open.first()?;
        let reply = self.heard.id();
        let id = AgreementId::derive(&[self.tenant().as_str(), customer.as_str(), reply.as_str(), "pause"]);
        let currency = matter.balance.as_ref().map(|balance| ProposedScope::Case(balance.currency));
        let scopes = [ReplySuggestion::scope(&matter.named, matter.balance.as_ref())].into_iter().chain(currency);
        scopes.chain([ProposedScope::Customer]).find_map(|scope| {
            let proposal = Proposal {
                kind: "pause".to_owned(),
                scope,
                amount_minor: None,
                pays_on: None,
                sent_on: None,
                way: None,
                reason: None,
                parts: None,
                until_on: Some(until_on),
                ends_with: None,
                line: None,
                lines: Vec::new(),
            };
            let by = Proposer { id: &id, by: reply.as_str(), now: self.now };
            propose(&proposal, &matter.known.facts, &matter.known.settings, by).ok()
        })
    }

    /// The work for a person: by the rule of the class, and where a channel could not be opened again.
    fn task(&self, matter: &Matter, plan: &ReplyPlan, pause: Option<&Agreement>, opened: Option<bool>) -> Option<NewTask> {
        let (title, todo) = match (plan.task, opened) {
            (Some(rule), _) => (rule.title, rule.todo),
            (None, Some(false)) => (
                "Somebody wants text messages again, and something else stands against their number",
                "Look what stands against it (GET /v1/suppressions), and lift it where that is right.",
            ),
            (None, None | Some(true)) => return None,
        };
        let mut said = vec![todo.to_owned(), said_of(self.heard, Some(self.read))];
        if matter.case_was_over {
            said.push("The case that it answers was over.".to_owned());
        }
        match (plan.pause_until.filter(|_| pause.is_some()), plan.task.filter(|rule| rule.pause_days > 0)) {
            (Some(until), _) => said.push(format!("What it is about is not chased up to and including {until}.")),
            (None, Some(_)) => said.push("Nothing is kept back because of it: chasing goes on.".to_owned()),
            (None, None) => {}
        }
        let task = task_of(self.heard, TaskKind::CustomerAsked, title, self.heard.id().to_string(), said.join(" "));
        Some(NewTask { currency: matter.balance.as_ref().map(|balance| balance.currency), ..task })
    }
}

/// Whether a number is what somebody calls an invoice, whatever the case and the blanks.
fn is_same_number(written: &str, number: &str) -> bool {
    let plain =
        |text: &str| -> String { text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let (written, number) = (plain(written), plain(number));
    !written.is_empty() && written == number
}

fn task_of(heard: &HeardReply, kind: TaskKind, title: &str, key: String, detail: String) -> NewTask {
    NewTask {
        kind,
        key,
        title: title.to_owned(),
        detail,
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: heard.about.case.clone(),
    }
}

/// What a person has to know, without a word of what the answer says: `GET /v1/replies/{id}` has those, and the draft of an answer.
fn said_of(heard: &HeardReply, read: Option<&ReplyRead>) -> String {
    let mut said = vec![format!("Answer {} came by {}: GET /v1/replies/{} shows it.", heard.id(), heard.channel, heard.id())];
    match heard.suspect {
        Some(Suspicion::Virus) => {
            said = vec![format!(
                "Answer {} came by {}. A scan found something harmful in it: do not open it.",
                heard.id(),
                heard.channel
            )]
        }
        Some(Suspicion::Spam) => {
            said = vec![format!("Answer {} came by {}. A scan holds it for unsolicited.", heard.id(), heard.channel)]
        }
        Some(Suspicion::Forged) => {
            said = vec![format!(
                "Answer {} came by {}. It may not be from where it says: it names several senders, or the domain of its sender asks that such mails are not believed. \
                 Ask them another way whether they wrote it; nothing was done that it says.",
                heard.id(),
                heard.channel
            )]
        }
        None => {}
    }
    if let Some(read) = read {
        said.push(format!("Its class is {} ({}).", read.class, read.certainty));
        if let Some(portal) = &read.portal {
            said.push(format!("The portal {} says {}: that is a hint.", portal.name, portal.state));
        }
        for (what, on) in
            [("It names the day", read.promised_on), ("It says it was paid on", read.paid_on), ("Back on", read.back_on)]
        {
            said.extend(on.map(|on| format!("{what} {on}.")));
        }
        if !read.amounts.is_empty() {
            let amounts: Vec<String> = read.amounts.iter().take(5).map(ToString::to_string).collect();
            said.push(format!("It names {}.", amounts.join(", ")));
        }
    }
    if !heard.is_whole {
        said.push("Not all of it could be read.".to_owned());
    }
    if heard.about.customer.is_none() {
        said.push(
            "Nothing says beyond doubt whose it is: look at it, and write down what it says at the customer that it is of."
                .to_owned(),
        );
    }
    if let Some(message) = &heard.about.message {
        said.push(format!("It answers message {message}."));
    }
    if !heard.files.is_empty() {
        said.push(format!("Files that came along and are kept: {}.", heard.files.len()));
    }
    said.extend(
        heard.unkept.iter().map(|UnkeptFile { name, because }| format!("A file is not kept: '{name}' {}.", because.words())),
    );
    if let Some(key) = &heard.original {
        said.push(format!("All of it lies in the bucket under {key}, for as many days as InboundDays of the deployment says."));
    }
    said.join(" ")
}

/// The answer as it is kept, before it is known what follows.
fn kept(heard: &HeardReply, read: &ReplyRead) -> KeptReply {
    let machine = heard.machine.map(|machine| match machine {
        MachineWritten::AutoReply => "auto_reply",
        MachineWritten::Bounce => "bounce",
        MachineWritten::ReadReceipt => "read_receipt",
        MachineWritten::Robot => "robot",
    });
    KeptReply {
        id: heard.id(),
        received_at: heard.received_at,
        channel: heard.channel,
        from: heard.from.clone(),
        to: heard.to.clone(),
        subject: heard.subject.clone(),
        text: heard.text.clone(),
        language: None,
        files: heard.files.len(),
        unkept: heard.unkept.len(),
        machine: machine.map(str::to_owned),
        found_by: found_by_word(heard.about.by).to_owned(),
        link: heard.about.link.clone(),
        case: heard.about.case.clone(),
        case_was_over: false,
        message: heard.about.message.clone(),
        read: read.clone(),
        status: ReplyStatus::Done,
        suggestion: None,
        pause: None,
        task: None,
        copies: Vec::new(),
        mail: None,
        stopped: false,
        started: false,
        agreement: None,
        decided: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_whatever_stands_between_their_signs() {
        for (written, number, expected) in [
            ("INV-2041", "INV-2041", true),
            ("inv 2041", "INV-2041", true),
            ("2041", "INV-2041", false),
            ("INV-20411", "INV-2041", false),
            ("-", "–", false),
        ] {
            assert_eq!(is_same_number(written, number), expected, "{written} {number}");
        }
    }
}
