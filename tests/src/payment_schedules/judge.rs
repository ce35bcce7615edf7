//! The judges of a schedule. They know what people did and what the provider truly holds, and nothing of how Dunlin reckons.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    evidence::{ByInvoice, Evidence, MailSeen, Seen, Standing, What},
    schedule::Fate,
};

/// How long a payer who was sent on is waited for.
const SENT_ON_LASTS: SignedDuration = SignedDuration::from_mins(30);
/// How long money that is on its way is waited for at least, whichever way it comes: the shortest is a debit's five business days.
const PENDING_LASTS: SignedDuration = SignedDuration::from_hours(5 * 24);
/// Words of baskets that are over, whether money came or not.
const OVER: [&str; 6] = ["paid", "failed", "expired", "cancelled", "refunded", "charged_back"];

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// Somebody was asked for money that was on its way, or had come.
    Chased(String),
    /// A basket was charged more than once, or for more than was asked.
    ChargedTwice(String),
    /// A second page could be paid on for the same invoice.
    TwoPages(String),
    /// Money that came is not all applied or credit.
    Money(String),
    /// Too much came, and nobody was told.
    NotShown(String),
    /// Something is in a state that no rule ends.
    Stuck(String),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, text) = match self {
            Self::Chased(text) => ("chased", text),
            Self::ChargedTwice(text) => ("charged twice", text),
            Self::TwoPages(text) => ("two pages", text),
            Self::Money(text) => ("money", text),
            Self::NotShown(text) => ("not shown", text),
            Self::Stuck(text) => ("stuck", text),
        };
        write!(f, "{word}: {text}")
    }
}

/// What is known of a basket by whoever was told all that is said of it here.
#[derive(Clone, Debug, Default)]
struct Known {
    lines: ByInvoice,
    /// Until when its amounts are on their way.
    kept_until: Option<Timestamp>,
    pending_since: Option<Timestamp>,
    asked: i64,
    received: i64,
    taken_back: i64,
    /// What its provider has given back or lost of it, whichever of its words was heard: that is on its way no longer.
    gone: i64,
    may_be_more: bool,
}

impl Known {
    fn net(&self) -> i64 {
        self.received - self.taken_back
    }

    /// Whether its money pays its lines, and nothing else.
    fn is_exact(&self) -> bool {
        self.received > 0 && self.received == self.asked && self.taken_back == 0
    }

    fn stands(&mut self, standing: &Standing) {
        self.asked = standing.asked_minor;
        self.gone = if standing.is_pending { 0 } else { standing.taken_back_minor };
        let net = standing.received_minor - standing.taken_back_minor;
        if standing.is_told {
            (self.received, self.taken_back) = (standing.received_minor, standing.taken_back_minor);
            if standing.is_pending {
                self.kept_until = self.kept_until.max(self.pending_since.map(|since| since + PENDING_LASTS));
            } else if standing.received_minor > 0 {
                self.kept_until = None;
            }
        } else if net < self.net() {
            // It may have been heard of or not.
            (self.received, self.taken_back) = (standing.received_minor, standing.taken_back_minor);
        }
    }

    fn happened(&mut self, fate: Fate, at: Timestamp) {
        match fate {
            Fate::Pending => self.pending_since = Some(at),
            // What the payer's bank took back is not on its way, whichever of the provider's words was heard before.
            Fate::Failed | Fate::Expired | Fate::ChargedBack => {
                self.kept_until = None;
                self.pending_since = None;
            }
            Fate::Paid | Fate::Succeeded | Fate::Refunded => {}
        }
    }
}

/// What is known at a moment.
#[derive(Clone, Debug, Default)]
struct State {
    claims: ByInvoice,
    baskets: BTreeMap<String, Known>,
    elsewhere: BTreeMap<String, (String, i64)>,
    is_moved: bool,
}

impl State {
    fn see(&mut self, seen: &Seen) {
        match &seen.what {
            What::Claimed(claims) => self.claims.clone_from(claims),
            What::Moved(_) => self.is_moved = true,
            What::SentOn { basket, lines, .. } => {
                let known = self.baskets.entry(basket.clone()).or_default();
                if known.lines.is_empty() {
                    known.lines.clone_from(lines);
                    known.kept_until = Some(seen.at + SENT_ON_LASTS);
                }
            }
            What::GivenUp(basket) => {
                if let Some(known) = self.baskets.get_mut(basket) {
                    known.kept_until = None;
                    known.pending_since = None;
                }
            }
            What::Happened { basket, fate, is_more } => {
                let known = self.baskets.entry(basket.clone()).or_default();
                known.may_be_more |= is_more;
                known.happened(*fate, seen.at);
            }
            What::Stands(standing) => self.baskets.entry(standing.basket.clone()).or_default().stands(standing),
            What::Elsewhere { entry, invoice, minor } => {
                self.elsewhere.insert(entry.clone(), (invoice.clone(), *minor));
            }
            What::Reversed(entry) => {
                self.elsewhere.remove(entry);
            }
            What::Note(_) => {}
        }
    }

    /// The money that came and stayed.
    fn money(&self) -> i64 {
        let elsewhere: i64 = self.elsewhere.values().map(|(_, minor)| *minor).sum();
        self.baskets.values().map(Known::net).sum::<i64>() + elsewhere
    }

    /// Whether money that only the books know may be what came of a basket.
    fn may_be_one(&self) -> bool {
        let is_alike = |minor: i64| self.baskets.values().any(|known| known.received == minor);
        self.elsewhere.values().any(|(_, minor)| is_alike(*minor))
    }

    /// What came for an invoice beyond doubt.
    fn paid(&self, invoice: &str) -> i64 {
        let exact = self.baskets.values().filter(|known| known.is_exact()).filter_map(|known| known.lines.get(invoice));
        let elsewhere = self.elsewhere.values().filter(|(of, _)| of == invoice).map(|(_, minor)| minor);
        exact.chain(elsewhere).sum()
    }

    /// What is on its way for an invoice. Of what was given back meanwhile nothing is, though one of the provider's words was not heard yet: any
    /// of the basket's invoices may be open again by it.
    fn on_its_way(&self, invoice: &str, at: Timestamp) -> i64 {
        let kept = self.baskets.values().filter(|known| known.kept_until.is_some_and(|until| at < until));
        kept.filter_map(|known| Some((known.lines.get(invoice)? - known.gone).max(0))).sum()
    }

    /// The most that may be asked for of an invoice.
    fn most(&self, invoice: &str, at: Timestamp) -> i64 {
        let claim = self.claims.get(invoice).copied().unwrap_or(0);
        (claim - self.paid(invoice) - self.on_its_way(invoice, at)).max(0)
    }

    fn judge_mail(&self, mail: &MailSeen, flaws: &mut Vec<Flaw>) {
        for (invoice, asked) in &mail.of {
            let most = self.most(invoice, mail.at);
            if *asked > most {
                let way = self.on_its_way(invoice, mail.at);
                flaws.push(Flaw::Chased(format!(
                    "{asked} of {invoice} at {}, and {most} may be asked for: {} was paid, {way} is on its way",
                    mail.at,
                    self.paid(invoice)
                )));
            }
        }
        let is_any_on_its_way = self.claims.keys().any(|invoice| self.on_its_way(invoice, mail.at) > 0);
        let by_invoice: i64 = self.claims.keys().map(|invoice| self.most(invoice, mail.at)).sum();
        // Credit is of one customer; what is on its way takes nothing of it; and of what may be one payment only the larger counts until
        // somebody says that it is two.
        let claimed: i64 = self.claims.values().sum();
        let most = if self.is_moved || is_any_on_its_way || self.may_be_one() {
            by_invoice
        } else {
            by_invoice.min((claimed - self.money()).max(0))
        };
        if mail.total_minor > most {
            flaws.push(Flaw::Chased(format!("{} in total at {}, and {most} may be asked for", mail.total_minor, mail.at)));
        }
    }
}

/// Judges what was seen of a schedule.
pub fn judge(evidence: &Evidence) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut state = State::default();
    let mut mails = evidence.mails.iter().peekable();
    for seen in &evidence.seen {
        while let Some(mail) = mails.next_if(|mail| mail.seq <= seen.mails) {
            state.judge_mail(mail, &mut flaws);
        }
        state.see(seen);
        judge_seen(seen, &mut flaws);
    }
    mails.for_each(|mail| state.judge_mail(mail, &mut flaws));
    judge_charges(evidence, &state, &mut flaws);
    judge_end(evidence, &state, &mut flaws);
    flaws.sort();
    flaws.dedup();
    flaws
}

fn judge_seen(seen: &Seen, flaws: &mut Vec<Flaw>) {
    match &seen.what {
        What::SentOn { basket, open_too, .. } if !open_too.is_empty() => {
            flaws.push(Flaw::TwoPages(format!("{basket} was begun at {}, and {open_too:?} could still be paid", seen.at)));
        }
        What::SentOn { .. }
        | What::Claimed(_)
        | What::Moved(_)
        | What::GivenUp(_)
        | What::Happened { .. }
        | What::Stands(_)
        | What::Elsewhere { .. }
        | What::Reversed(_)
        | What::Note(_) => {}
    }
}

/// A basket is charged once, and for what was asked.
fn judge_charges(evidence: &Evidence, state: &State, flaws: &mut Vec<Flaw>) {
    for seen in &evidence.seen {
        let What::Stands(standing) = &seen.what else { continue };
        let basket = &standing.basket;
        if standing.charges > 1 {
            flaws.push(Flaw::ChargedTwice(format!("{basket} was charged {} times by {}", standing.charges, seen.at)));
        }
        let may_be_more = state.baskets.get(basket).is_some_and(|known| known.may_be_more);
        if standing.received_minor > standing.asked_minor && !may_be_more {
            let Standing { received_minor, asked_minor, .. } = standing;
            flaws.push(Flaw::ChargedTwice(format!("{received_minor} came of {basket}, and {asked_minor} was asked for")));
        }
    }
}

/// Money in is money applied and credit; nothing waits for ever.
fn judge_end(evidence: &Evidence, state: &State, flaws: &mut Vec<Flaw>) {
    let end = &evidence.end;
    let (claimed, money) = (state.claims.values().sum::<i64>(), state.money());
    let open: i64 = end.open.values().sum();
    if open - end.credit_minor != claimed - money {
        flaws.push(Flaw::Money(format!(
            "{claimed} is claimed and {money} came, and {open} is open with {} of credit",
            end.credit_minor
        )));
    }
    if !state.is_moved && end.asked_minor != (claimed - money).max(0) {
        flaws.push(Flaw::Money(format!("{claimed} is claimed and {money} came, and {} is asked for", end.asked_minor)));
    }
    let excess: BTreeSet<&String> = state
        .baskets
        .values()
        .filter(|known| known.is_exact())
        .flat_map(|known| known.lines.keys())
        .filter(|invoice| state.paid(invoice) > state.claims.get(*invoice).copied().unwrap_or(0))
        .collect();
    if !excess.is_empty() && end.tasks == 0 {
        flaws.push(Flaw::NotShown(format!("more came of {excess:?} than is claimed, and no task says so")));
    }
    for (basket, status) in &end.baskets {
        // What is pending keeps nothing back any more; its provider may still say what became of it.
        if !OVER.contains(&status.as_str()) && (status != "pending" || end.keeping.contains(basket)) {
            flaws.push(Flaw::Stuck(format!("{basket} is {status}")));
        }
    }
    flaws.extend(end.keeping.iter().map(|basket| Flaw::Stuck(format!("{basket} keeps its amounts back"))));
    if end.pending > 0 {
        flaws.push(Flaw::Stuck(format!("{} messages are pending", end.pending)));
    }
}
