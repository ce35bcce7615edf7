//! What buyers' portals for accounts payable (AP) write about an invoice, read by `rules/portals.txt`.
//!
//! A portal is known by the domain under which its mail is signed, never by who it says it is from. What it says is a hint: money, holds
//! and promises come of it only where the ledger agrees or a person does.

use std::sync::OnceLock;

use domain::{Currency, Money};
use jiff::civil::Date;

use crate::{
    history::own_words,
    pack::RuleFlaw,
    packs::all_packs,
    pattern::{Lists, Slot, WordPattern},
    read_sentence::ReadSentence,
    references::References,
    words::{Sentence, sentences},
};

/// The file of portals.
const PORTALS: &str = include_str!("../rules/portals.txt");

macro_rules! portals {
    ($($(#[$doc:meta])* $portal:ident = $text:literal,)*) => {
        /// A portal in which buyers handle invoices.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ApPortal {
            $($(#[$doc])* $portal,)*
        }

        impl ApPortal {
            /// Every portal.
            pub const ALL: &[Self] = &[$(Self::$portal,)*];

            /// The text form, such as `coupa`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$portal => $text,)*
                }
            }
        }
    };
}

portals!(
    /// Coupa.
    Coupa = "coupa",
    /// SAP Ariba.
    Ariba = "ariba",
    /// Airbase.
    Airbase = "airbase",
    /// AvidXchange.
    AvidXchange = "avidxchange",
    /// BILL.
    Bill = "bill",
    /// MineralTree.
    MineralTree = "mineraltree",
    /// Ramp.
    Ramp = "ramp",
    /// Taulia.
    Taulia = "taulia",
    /// Tradeshift.
    Tradeshift = "tradeshift",
    /// Tungsten Network.
    Tungsten = "tungsten",
    /// Zip.
    Zip = "zip",
);

/// How an invoice stands at a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortalState {
    /// The order is there; an invoice may be sent.
    ReadyToSubmit,
    /// Somebody has yet to approve.
    PendingApproval,
    /// Approved, perhaps with the day on which it is paid.
    Approved,
    /// Disputed, rejected or returned.
    Disputed,
    /// Paid, or on its way by the portal.
    Paid,
}

impl PortalState {
    /// Every state, in the order in which rules are asked: what was paid was approved before.
    pub const ALL: [Self; 5] = [Self::Disputed, Self::Paid, Self::Approved, Self::PendingApproval, Self::ReadyToSubmit];

    /// The text form, such as `pending_approval`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadyToSubmit => "ready_to_submit",
            Self::PendingApproval => "pending_approval",
            Self::Approved => "approved",
            Self::Disputed => "disputed",
            Self::Paid => "paid",
        }
    }
}

/// A mail that may be a portal's.
#[derive(Clone, Copy, Debug)]
pub struct PortalMail<'a> {
    /// The domain under which the mail is signed, where the signature holds and the domain is aligned with the sender's; else `None`.
    pub dkim_domain: Option<&'a str>,
    /// The subject.
    pub subject: &'a str,
    /// The plain text.
    pub text: &'a str,
    /// The day on which it was sent.
    pub today: Date,
    /// The buyer's country, two letters. Without it `12/04/2026` is no day.
    pub region: Option<&'a str>,
    /// The currency of the customer's case: what `$` means.
    pub currency: Option<Currency>,
}

/// What a portal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalNotice {
    /// Whose mail it is.
    pub portal: ApPortal,
    /// How the invoice stands there.
    pub state: PortalState,
    /// The rule that said so, as it is written.
    pub pattern: &'static str,
    /// Invoices' numbers as written.
    pub invoice_numbers: Vec<String>,
    /// The order's number.
    pub order_number: Option<String>,
    /// Amounts whose currency is certain, each once.
    pub amounts: Vec<Money>,
    /// The day on which it is to be paid, or was; `None` where the mail names none or several.
    pub pay_on: Option<Date>,
}

/// A rule of a state.
struct StateRule {
    /// The portal whose own it is; `None` for every portal's.
    portal: Option<ApPortal>,
    state: PortalState,
    pattern: WordPattern,
    source: &'static str,
}

/// The file, read.
#[derive(Default)]
struct Portals {
    domains: Vec<(String, ApPortal)>,
    rules: Vec<StateRule>,
    pay_on: Vec<WordPattern>,
}

impl Portals {
    fn parse(text: &'static str) -> Result<Self, RuleFlaw> {
        let mut portals = Self::default();
        let mut lists = Lists::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                portals.line(line, &mut lists).map_err(|why| RuleFlaw { line: number, why })?;
            }
        }
        Ok(portals)
    }

    fn line(&mut self, line: &'static str, lists: &mut Lists) -> Result<(), String> {
        let (head, body) = line.split_once(':').ok_or("it has no colon; write 'head: body'")?;
        let body = body.trim();
        let portal = |name: &str| {
            ApPortal::ALL.iter().copied().find(|portal| portal.as_str() == name).ok_or(format!("'{name}' is no portal"))
        };
        match head.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["list", name] => {
                lists.insert((*name).to_owned(), body.to_owned());
            }
            ["domains", name] => {
                let portal = portal(name)?;
                self.domains.extend(body.split_whitespace().map(|domain| (domain.to_owned(), portal)));
            }
            ["pay_on"] => self.pay_on.push(WordPattern::parse(body, lists)?),
            [name, state] => {
                let portal = if *name == "every" { None } else { Some(portal(name)?) };
                let state =
                    PortalState::ALL.into_iter().find(|one| one.as_str() == *state).ok_or(format!("'{state}' is no state"))?;
                self.rules.push(StateRule { portal, state, pattern: WordPattern::parse(body, lists)?, source: body });
            }
            _ => return Err(format!("'{head}' is no head")),
        }
        Ok(())
    }

    /// The portal that signs under a domain or a part of it.
    fn signer(&self, domain: &str) -> Option<ApPortal> {
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        let is_below = |known: &str| domain == known || domain.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'));
        self.domains.iter().find(|(known, _)| is_below(known)).map(|(_, portal)| *portal)
    }
}

fn portals() -> &'static Portals {
    static PORTALS_READ: OnceLock<Portals> = OnceLock::new();
    PORTALS_READ.get_or_init(|| Portals::parse(PORTALS).expect("a test reads the file of portals"))
}

/// What a portal says about an invoice; `None` where the mail is not signed by a portal, or says nothing about a state.
///
/// The subject is asked before the text, and what is disputed before what is paid: a mail that says both is looked at by a person.
pub fn portal_notice(mail: &PortalMail<'_>) -> Option<PortalNotice> {
    let portal = portals().signer(mail.dkim_domain?)?;
    let (subject, text) = (sentences(mail.subject), sentences(&own_words(mail.text)));
    let read = |sentences: &'_ [Sentence]| -> Option<&'static StateRule> {
        let reads: Vec<ReadSentence<'_>> = sentences.iter().map(|sentence| read_sentence(sentence, mail)).collect();
        let says = |rule: &&StateRule| {
            rule.portal.is_none_or(|own| own == portal)
                && reads.iter().any(|read| read.finds(std::slice::from_ref(&rule.pattern)).is_some())
        };
        PortalState::ALL.into_iter().find_map(|state| portals().rules.iter().filter(|rule| rule.state == state).find(says))
    };
    let rule = read(&subject).or_else(|| read(&text))?;
    let mut references = References::default();
    let mut amounts: Vec<Money> = Vec::new();
    let mut pay_on: Option<Date> = None;
    for sentence in subject.iter().chain(&text) {
        let read = read_sentence(sentence, mail);
        references.read(sentence, all_packs(), &read.taken());
        for money in read.amounts.iter().filter_map(|(_, _, money)| *money) {
            if !amounts.contains(&money) {
                amounts.push(money);
            }
        }
        pay_on = pay_on.or_else(|| named_day(&read));
    }
    Some(PortalNotice {
        portal,
        state: rule.state,
        pattern: rule.source,
        invoice_numbers: references.invoices,
        order_number: references.order,
        amounts,
        pay_on: pay_on.filter(|_| matches!(rule.state, PortalState::Approved | PortalState::Paid)),
    })
}

fn read_sentence<'a>(sentence: &'a Sentence, mail: &PortalMail<'_>) -> ReadSentence<'a> {
    ReadSentence::new(sentence, mail.today, mail.region, mail.currency)
}

/// The day that stands in the slot of a rule of the day of payment.
fn named_day(read: &ReadSentence<'_>) -> Option<Date> {
    let matched = read.finds(&portals().pay_on)?;
    let (slot, place) = matched.filled.iter().find(|(slot, _)| matches!(slot, Slot::Ahead | Slot::Behind))?;
    let day = read.days.iter().find(|day| day.start == *place)?.day;
    if *slot == Slot::Ahead { day.ahead } else { day.behind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_portals_reads() {
        let read = Portals::parse(PORTALS).unwrap_or_else(|flaw| panic!("rules/portals.txt: {flaw}"));
        for portal in ApPortal::ALL {
            assert!(read.domains.iter().any(|(_, of)| of == portal), "{} has no domain", portal.as_str());
        }
        for state in PortalState::ALL {
            assert!(read.rules.iter().any(|rule| rule.state == state && rule.portal.is_none()), "{}", state.as_str());
        }
        for (text, part) in
            [("x", "no colon"), ("a b c: x", "no head"), ("domains x: y", "no portal"), ("every lost: x", "no state")]
        {
            assert!(Portals::parse(text).is_err_and(|flaw| flaw.why.contains(part)), "{text}");
        }
    }

    #[test]
    fn who_signs_is_told_by_whole_labels() {
        for (domain, portal) in [
            ("contoso.coupahost.com", Some(ApPortal::Coupa)),
            ("COUPAHOST.com.", Some(ApPortal::Coupa)),
            ("notcoupahost.com", None),
            ("coupahost.com.evil.example", None),
            ("ansmtp.ariba.com", Some(ApPortal::Ariba)),
            ("", None),
        ] {
            assert_eq!(portals().signer(domain), portal, "{domain}");
        }
    }
}
