//! A customer contests an invoice, all of it or a part. Somebody decides; until then it says by when, and afterwards how.

use domain::{
    Agreement, BilledLine, Currency, Dispute, DisputeReason, DisputeStatus, Facts, InvoiceFact, InvoiceId, InvoiceStatus,
    NamedLine, Terms,
    calendar::tenant_zone,
    receivables::{Receivables, ReceivablesRules},
};
use jiff::Timestamp;
use minijinja::{Value, context};
use service::link_holder::{
    CONTESTED_ALREADY, DisputedByLink, REJECTED_ENOUGH, WORDS_MAX, decided_by, nothing_is_past_due, open_dispute,
};
use store::Result;

use crate::{
    file_labels::FileLabels,
    form_labels::FormLabels,
    form_visit::{FormVisit, Taken, WrongFields, amounts_of, form_page},
    page::PortalPage,
    rate_question::how_easy,
    reading::{InvoiceRead, read_invoice},
    typed::{TypedFields, amount, shown_again},
    visit::Visit,
};

/// The fields of the form.
const FIELDS: [&str; 4] = ["reason", "line", "amount", "words"];

/// The form, what was sent with it, or what became of a dispute; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn dispute(form: &FormVisit<'_>, invoice: &InvoiceId) -> Result<Option<PortalPage>> {
    if let Some(made) = form.request.query("made").filter(|_| !form.is_sent()) {
        return said(form, invoice, made).await;
    }
    let Some(InvoiceRead { facts, visit, addresses }) = read_invoice(form.store, form.opened, invoice).await? else {
        // Whoever may not look is told no more than whoever names what is not there.
        return Ok(form.beside().await?.map(|visit| PortalPage::Plain(404, visit.words)));
    };
    if !addresses.contains(form.opened.address) {
        return Ok(None);
    }
    let Some(open_minor) = facts.invoices.first().and_then(|fact| open_of(form, &visit, &facts, fact)) else {
        return Ok(Some(PortalPage::Plain(404, visit.words)));
    };
    let lines = form.store.billed_lines_to_show(form.opened.tenant, invoice).await?;
    let contested = Contested { invoice, facts: &facts, visit: &visit, open_minor, lines };
    let typed = TypedFields::of(form.request);
    let mut wrong = WrongFields::default();
    if form.is_sent()
        && let Some(asked) = contested.read(typed, &mut wrong)
    {
        match Taken::of(form.holder.dispute(form.store, &asked, form.now).await)? {
            Taken::Done(made) => return Ok(Some(PortalPage::See(format!("{}?made={}", contested.path(), made.id)))),
            Taken::Wrong(pointers) => pointers.iter().for_each(|at| contested.name(at, typed, &mut wrong)),
            Taken::Again => wrong.add("form", FormLabels::of(visit.words).not_now),
            Taken::Gone => return Ok(None),
        }
    }
    Ok(Some(contested.shown(form, typed, &wrong)))
}

/// What is open of an invoice, minor units; `None` of one that the customer was not sent.
fn open_of(form: &FormVisit<'_>, visit: &Visit, facts: &Facts, fact: &InvoiceFact) -> Option<i64> {
    let zone = tenant_zone(&visit.settings);
    let receivables = Receivables::at(facts, ReceivablesRules::of(&visit.settings, &zone), form.now);
    if fact.invoice.status == InvoiceStatus::Draft || fact.invoice.issued_on > receivables.today {
        return None;
    }
    let of_it = receivables.items.iter().filter(|item| item.key.invoice() == Some(&fact.invoice.id) && !fact.archived);
    Some(of_it.map(|item| item.open_minor).fold(0, i64::saturating_add))
}

/// An invoice that somebody contests.
struct Contested<'a> {
    invoice: &'a InvoiceId,
    facts: &'a Facts,
    visit: &'a Visit,
    open_minor: i64,
    lines: Vec<BilledLine>,
}

impl Contested<'_> {
    fn path(&self) -> String {
        format!("{}/invoices/{}/dispute", self.visit.path, self.invoice)
    }

    fn currency(&self) -> Option<Currency> {
        self.facts.invoices.first().map(|fact| fact.invoice.currency)
    }

    fn money(&self, minor: i64) -> String {
        self.currency().map(|currency| self.visit.money(minor, currency)).unwrap_or_default()
    }

    /// The line that was chosen: its place, and what it comes to. `None` where none was, or there is no such line.
    fn chosen(&self, typed: TypedFields<'_>) -> Option<(u16, i64)> {
        let named = NamedLine::Position(typed.one("line").parse().ok()?);
        named.among(&self.lines).map(|(position, line)| (position, line.amount_minor))
    }

    fn wrong_amount(&self, typed: TypedFields<'_>) -> String {
        let labels = FormLabels::of(self.visit.words);
        let most = self.chosen(typed).map_or(self.open_minor, |(_, minor)| minor.min(self.open_minor));
        labels.wrong_amount.replace("{}", &self.money(most)).replace("{example}", &self.money((most / 2).max(1)))
    }

    /// That there is no such line: beside the lines, where there are any.
    fn wrong_line(&self, wrong: &mut WrongFields) {
        let field = if self.lines.is_empty() { "form" } else { "line" };
        wrong.add(field, FormLabels::of(self.visit.words).wrong_line);
    }

    /// The lines that can be contested, as they are chosen.
    fn to_choose(&self, typed: TypedFields<'_>) -> Vec<Value> {
        let chosen = self.chosen(typed).map(|(position, _)| position);
        let with_amount = (1_u16..).zip(&self.lines).filter(|(_, line)| line.amount_minor > 0);
        let shown = with_amount.map(|(position, line)| {
            let count = line.quantity.as_ref().map(|count| format!(" × {count}")).unwrap_or_default();
            let text = format!("{position}. {}{count} – {}", line.description, self.money(line.amount_minor));
            context! { position, text, chosen => chosen == Some(position) }
        });
        shown.collect()
    }

    /// What is contested, as far as it reads.
    fn read(&self, typed: TypedFields<'_>, wrong: &mut WrongFields) -> Option<DisputedByLink> {
        let labels = FormLabels::of(self.visit.words);
        if typed.has_others(&FIELDS) {
            wrong.add("form", labels.unknown_field);
        }
        let reason = typed.one("reason");
        if !DisputeReason::WORDS.contains(&reason) {
            wrong.add("reason", labels.wrong_reason);
        }
        let line = self.chosen(typed).map(|(position, _)| NamedLine::Position(position));
        if line.is_none() && !typed.one("line").is_empty() {
            self.wrong_line(wrong);
        }
        let amount_minor = match (typed.one("amount"), self.facts.invoices.first()) {
            ("", _) | (_, None) => None,
            (text, Some(fact)) => {
                let minor = amount(text, fact.invoice.currency, self.visit.locale.decimal_mark());
                if minor.is_none() {
                    wrong.add("amount", self.wrong_amount(typed));
                }
                // All of it is all of it, however it is said.
                minor.filter(|minor| line.is_some() || *minor != self.open_minor)
            }
        };
        let words = typed.one("words");
        wrong.is_empty().then(|| DisputedByLink {
            invoice: self.invoice.clone(),
            line,
            amount_minor,
            reason: reason.to_owned(),
            words: (!words.is_empty()).then(|| words.to_owned()),
        })
    }

    /// Says in the customer's language what is wrong at a pointer.
    fn name(&self, pointer: &str, typed: TypedFields<'_>, wrong: &mut WrongFields) {
        let labels = FormLabels::of(self.visit.words);
        match pointer {
            "/amount_minor" => wrong.add("amount", self.wrong_amount(typed)),
            "/line" => self.wrong_line(wrong),
            "/reason" => wrong.add("reason", labels.wrong_reason),
            "/words" => wrong.add("words", wrong_words(labels, typed.one("words"))),
            CONTESTED_ALREADY => wrong.add("form", labels.disputed_already),
            REJECTED_ENOUGH => wrong.add("form", labels.disputes_rejected),
            pointer if pointer.starts_with("/scope") => wrong.add("form", labels.nothing_to_dispute),
            _ => wrong.add("form", labels.too_much),
        }
    }

    fn shown(&self, form: &FormVisit<'_>, typed: TypedFields<'_>, wrong: &WrongFields) -> PortalPage {
        let (visit, labels) = (self.visit, FormLabels::of(self.visit.words));
        let number = self.facts.invoices.first().map(|fact| fact.invoice.number.clone()).unwrap_or_default();
        let known = open_dispute(&self.facts.agreements, self.invoice);
        let chosen = typed.one("reason");
        let reasons = labels.reasons().map(|(word, name)| context! { word, name, chosen => word == chosen });
        let by = visit.locale.date(decided_by(&visit.settings, form.now));
        let closed = (self.open_minor == 0).then_some(labels.nothing_to_dispute);
        let values = context! {
            action => self.path(),
            invoice => format!("{} {number}", visit.words.invoice),
            intro => labels.dispute_intro.replace("{}", &by),
            closed => closed.or_else(|| known.map(|_| labels.disputed_already)),
            known => known.map(|known| format!("{}?made={}", self.path(), known.id)),
            // Where nothing can be sent, what was typed is still shown.
            has_form => form.is_sent() || (self.open_minor > 0 && known.is_none()),
            reasons => reasons.collect::<Vec<_>>(),
            amount => shown_again(typed.one("amount")),
            lines => self.to_choose(typed),
            amount_hint => labels.how_much_wrong_hint.replace("{}", &self.money(self.open_minor)),
            words => shown_again(typed.one("words")),
            words_hint => labels.in_words_hint.replace("{}", &WORDS_MAX.to_string()),
        };
        form_page(visit, "dispute", labels.dispute, wrong, values)
    }
}

/// That a text is too long, or has what no text has.
pub(crate) fn wrong_words(labels: &FormLabels, words: &str) -> String {
    let count = words.chars().count().to_string();
    labels.wrong_words.replace("{most}", &WORDS_MAX.to_string()).replace("{count}", &count)
}

/// What became of a dispute.
async fn said(form: &FormVisit<'_>, invoice: &InvoiceId, made: &str) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let agreement = form.agreement(made).await?.filter(|agreement| agreement.scope.names(invoice));
    let Some((agreement, dispute)) = agreement.as_ref().and_then(disputed) else {
        return Ok(Some(PortalPage::Plain(404, visit.words)));
    };
    let labels = FormLabels::of(visit.words);
    let number = form.named(std::slice::from_ref(invoice)).await?;
    let says = labels.dispute_says.replace("{amount}", &amounts_of(&visit, agreement));
    let mut lines = vec![says.replace("{number}", &number).replace("{reason}", labels.reason(&dispute.reason))];
    lines.extend(dispute.line.as_ref().map(|line| labels.dispute_line.replace("{}", &line.description)));
    match stands(&visit, agreement, dispute) {
        None => {
            lines.push(waits(&visit, agreement, form.now));
            lines.extend(agreement.amount_minor.map(|_| labels.dispute_rest.to_owned()));
        }
        Some(decided) => lines.push(decided.to_owned()),
    }
    let rate = rated_here(form, &visit, agreement).await?;
    let more = agreement.runs().then(|| to_files(&visit, agreement.id.as_str()));
    let values = context! { lines, more, rate };
    Ok(Some(form_page(&visit, "said", labels.dispute_made, &WrongFields::default(), values)))
}

/// The question how easy it was, where it is put.
async fn rated_here(form: &FormVisit<'_>, visit: &Visit, agreement: &Agreement) -> Result<Option<Value>> {
    if !form.holder.is_decided(agreement) || !nothing_is_past_due(&form.opened.head.owed) {
        return Ok(None);
    }
    let about = agreement.id.as_str();
    let known = form.store.rating(form.opened.tenant, &form.opened.head.customer, about).await?;
    Ok(known.is_none().then(|| how_easy(visit, about, None, "")))
}

/// Where files are added to a dispute or message.
pub(crate) fn to_files(visit: &Visit, about: &str) -> Value {
    context! { address => format!("{}/files/{about}", visit.path), text => FileLabels::of(visit.words).send_files }
}

/// Until when what is contested is not asked for. A day by which it is to be decided is named only until it has passed.
fn waits(visit: &Visit, agreement: &Agreement, now: Timestamp) -> String {
    let labels = FormLabels::of(visit.words);
    let by = decided_by(&visit.settings, agreement.made_at);
    let today = now.to_zoned(tenant_zone(&visit.settings)).date();
    match agreement.until_on {
        Some(until) => labels.dispute_until.replace("{}", &visit.locale.date(until)),
        None if by < today => labels.dispute_late.to_owned(),
        None => labels.dispute_waits.replace("{}", &visit.locale.date(by)),
    }
}

/// How a dispute was decided; `None` while it was not.
fn stands(visit: &Visit, agreement: &Agreement, dispute: &Dispute) -> Option<&'static str> {
    let (words, labels) = (visit.words, FormLabels::of(visit.words));
    match &dispute.status {
        // Of a status of a later release it is known that it keeps its amount back.
        DisputeStatus::Open | DisputeStatus::Later(_) if agreement.ended_at.is_none() => None,
        DisputeStatus::Upheld => Some(words.dispute_upheld),
        DisputeStatus::PartlyUpheld => Some(words.dispute_partly_upheld),
        DisputeStatus::Rejected => Some(words.dispute_rejected),
        DisputeStatus::Withdrawn => Some(words.dispute_withdrawn),
        DisputeStatus::Open | DisputeStatus::Later(_) => Some(labels.dispute_over),
    }
}

fn disputed(agreement: &Agreement) -> Option<(&Agreement, &Dispute)> {
    match &agreement.terms {
        Terms::Dispute(dispute) => Some((agreement, dispute)),
        Terms::Promise(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
    }
}
