//! The story: who buys from the demo tenant, what they are billed, and what they do about it. Days count from its first day.

/// Somebody who owes.
#[derive(Clone, Copy, Debug)]
pub struct Buyer {
    /// The seller's own number for them.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
    /// The person who pays bills.
    pub person: &'static str,
    /// Their address.
    pub email: &'static str,
    /// Their phone, if text messages are agreed.
    pub phone: Option<&'static str>,
    /// Country and region.
    pub place: (&'static str, Option<&'static str>),
    /// Language.
    pub language: &'static str,
    /// Currency.
    pub currency: &'static str,
    /// The system that bills them.
    pub source: Source,
}

/// Where bills come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The canonical webhook.
    Canonical,
    /// Stripe's.
    Stripe,
}

/// What a buyer does about a bill.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    /// Pays this much, minor units.
    Pays(i64),
    /// Is credited this much, minor units.
    Credited(i64),
    /// The bank takes the last payment back.
    Reversed,
    /// The bill is cancelled.
    Void,
    /// The last mail to them bounces for good.
    Bounces,
    /// They follow the link of the last mail and ask for no more.
    OptsOut,
    /// They do something on the page behind the link of the last mail.
    OnPage(PageAct),
    /// The debit that was on its way has arrived.
    Arrives,
    /// The seller's people enter what was paid here into their books, under its reference.
    Entered,
    /// A collector writes down a check of this much, minor units.
    Check(i64),
    /// A collector finds that this much of what was contested, minor units, is right.
    Upheld(i64),
}

/// What a buyer does about a bill on their page.
#[derive(Clone, Copy, Debug)]
pub enum PageAct {
    /// Pays this much, minor units, by a way as the form has it. A debit is on its way then; a transfer is only announced.
    PaysHere(i64, &'static str),
    /// Promises to pay this much, minor units, within this many days.
    Promises(i64, i64),
    /// Contests this much, minor units: a reason as the form has it, and words.
    Disputes(i64, &'static str, &'static str),
    /// Adds a photo to what was contested.
    SendsPhoto,
    /// Agrees, with a code, to pay in this many monthly parts, the first within this many days.
    Plans(i64, i64),
    /// Pays the next part of that plan, by a way as the form has it.
    PaysPart(&'static str),
}

/// A bill and its later life.
#[derive(Clone, Copy, Debug)]
pub struct Bill {
    /// Whose.
    pub buyer: &'static str,
    /// Its number.
    pub number: &'static str,
    /// Minor units.
    pub total_minor: i64,
    /// The day it is issued.
    pub on: i64,
    /// Days until it is due.
    pub terms: i64,
    /// Parts, a month apart; 1 for none.
    pub parts: i64,
    /// What happens on which day.
    pub then: &'static [(i64, Then)],
}

const fn buyer(
    id: &'static str,
    name: &'static str,
    person: &'static str,
    email: &'static str,
    place: (&'static str, Option<&'static str>),
    language: &'static str,
    currency: &'static str,
) -> Buyer {
    Buyer { id, name, person, email, phone: None, place, language, currency, source: Source::Canonical }
}

const fn with_phone(phone: &'static str, buyer: Buyer) -> Buyer {
    Buyer { phone: Some(phone), ..buyer }
}

const fn on_stripe(buyer: Buyer) -> Buyer {
    Buyer { source: Source::Stripe, ..buyer }
}

/// Everybody.
pub const BUYERS: &[Buyer] = &[
    with_phone("+4915112345678", buyer("C-100", "Acme GmbH", "Anna Weber", "ap@acme.example", ("DE", Some("BE")), "de", "EUR")),
    buyer("C-101", "Brandt & Söhne KG", "Jonas Brandt", "buchhaltung@brandt.example", ("DE", Some("BY")), "de", "EUR"),
    buyer("C-102", "Nordlicht Verlag", "Maren Petersen", "rechnung@nordlicht.example", ("DE", Some("HH")), "de", "EUR"),
    buyer("C-103", "Café Morgenrot", "Lena Fuchs", "lena@morgenrot.example", ("DE", Some("SN")), "de", "EUR"),
    buyer("C-104", "Atelier Dubois", "Claire Dubois", "claire@dubois.example", ("FR", None), "fr", "EUR"),
    buyer("C-105", "Librairie Marchand", "Paul Marchand", "compta@marchand.example", ("FR", None), "fr", "EUR"),
    buyer("C-106", "Talleres Ortega", "Lucía Ortega", "pagos@ortega.example", ("ES", Some("MD")), "es", "EUR"),
    buyer("C-107", "Rossi Ceramiche", "Marco Rossi", "conti@rossi.example", ("IT", None), "it", "EUR"),
    buyer("C-108", "De Vries Fietsen", "Sanne de Vries", "factuur@devries.example", ("NL", None), "nl", "EUR"),
    buyer("C-109", "Kilkenny Foods", "Aoife Byrne", "accounts@kilkenny.example", ("IE", None), "en", "EUR"),
    buyer("C-110", "Harbour & Finch Ltd", "Tom Finch", "ap@harbourfinch.example", ("GB", Some("ENG")), "en", "GBP"),
    buyer("C-111", "Brightwell Studios", "Priya Shah", "finance@brightwell.example", ("GB", Some("ENG")), "en", "GBP"),
    buyer("C-112", "Leith Distillers", "Ewan Murray", "accounts@leith.example", ("GB", Some("SCT")), "en", "GBP"),
    with_phone(
        "+12125550123",
        buyer("C-113", "Hudson Supply Co.", "Maria Lopez", "ap@hudson.example", ("US", Some("NY")), "en", "USD"),
    ),
    with_phone(
        "+15125550142",
        buyer("C-114", "Lone Star Fabrication", "Jim Carter", "payables@lonestar.example", ("US", Some("TX")), "en", "USD"),
    ),
    buyer("C-115", "Golden Gate Robotics", "Wei Chen", "billing@ggrobotics.example", ("US", Some("CA")), "en", "USD"),
    buyer("C-116", "Cascade Outfitters", "Dana Reed", "ap@cascade.example", ("US", Some("WA")), "en", "USD"),
    buyer("C-117", "Maple Leaf Interiors", "Olivia Tremblay", "comptes@mapleleaf.example", ("CA", Some("ON")), "en", "CAD"),
    buyer("C-118", "Bondi Surf Schools", "Jack Nguyen", "jack@bondisurf.example", ("AU", Some("NSW")), "en", "AUD"),
    buyer("C-119", "Yarra Valley Wines", "Grace Hill", "accounts@yarra.example", ("AU", Some("VIC")), "en", "AUD"),
    on_stripe(buyer("cus_demoA1", "Pixel Forge", "Sam Ortiz", "billing@pixelforge.example", ("US", Some("CO")), "en", "USD")),
    on_stripe(buyer("cus_demoB2", "Quiet Hours Media", "Nora Klein", "nora@quiethours.example", ("US", Some("NY")), "en", "USD")),
    on_stripe(buyer(
        "cus_demoC3",
        "Stadtwerk Coworking",
        "Felix Braun",
        "team@stadtwerk.example",
        ("DE", Some("BE")),
        "de",
        "EUR",
    )),
    on_stripe(buyer("cus_demoD4", "Oak & Anchor", "Ruth Ellis", "ruth@oakanchor.example", ("GB", Some("ENG")), "en", "GBP")),
];

const fn bill(
    buyer: &'static str,
    number: &'static str,
    total_minor: i64,
    on: i64,
    terms: i64,
    then: &'static [(i64, Then)],
) -> Bill {
    Bill { buyer, number, total_minor, on, terms, parts: 1, then }
}

use PageAct::{Disputes, PaysHere, PaysPart, Plans, Promises, SendsPhoto};
use Then::{Arrives, Bounces, Check, Credited, Entered, OnPage, OptsOut, Pays, Reversed, Upheld, Void};

/// Ways of paying on the page, as its form has them.
const CARD: &str = "stripe:card";
const PAYPAL: &str = "paypal:paypal";
const DEBIT: &str = "gocardless:sepa_debit";
/// The payer's own bank.
pub const TRANSFER: &str = "transfer:transfer";

/// Every bill.
pub const BILLS: &[Bill] = &[
    // Pays by card at the first reminder. A day later the books have it.
    bill("C-100", "2001", 125_000, 1, 14, &[(17, OnPage(PaysHere(125_000, CARD))), (18, Entered)]),
    bill("C-100", "2031", 84_000, 30, 14, &[]),
    // Never answers: climbs the ladder to its end.
    bill("C-101", "2002", 460_000, 0, 7, &[]),
    bill("C-101", "2019", 92_500, 18, 7, &[]),
    bill("C-101", "2033", 15_000, 33, 7, &[]),
    // Pays a part by card, and promises the rest, which the bank brings in time.
    bill(
        "C-102",
        "2003",
        240_000,
        2,
        14,
        &[(20, OnPage(PaysHere(140_000, CARD))), (20, OnPage(Promises(100_000, 12))), (21, Entered), (31, Pays(100_000))],
    ),
    // Transfers with the reference of the page.
    bill("C-103", "2004", 18_900, 3, 7, &[(12, OnPage(PaysHere(18_900, TRANSFER))), (14, Entered)]),
    // Contests a part of the goods. A collector finds most of that right, the books credit it, and the rest is paid.
    bill(
        "C-104",
        "2005",
        77_000,
        4,
        14,
        &[
            (20, OnPage(Disputes(35_000, "quality", "Trois des abat-jour sont arrivés fissurés, et le quatrième est rayé."))),
            (23, Upheld(27_000)),
            (24, Credited(27_000)),
            (31, Pays(50_000)),
        ],
    ),
    // Promises to pay, and does not.
    bill("C-105", "2006", 31_250, 5, 21, &[(30, OnPage(Promises(31_250, 7)))]),
    bill("C-106", "2007", 198_000, 6, 14, &[(40, Pays(99_000))]),
    // Cancelled before it was due.
    bill("C-107", "2008", 54_000, 7, 14, &[(15, Void)]),
    bill("C-107", "2021", 61_000, 20, 14, &[]),
    // In three parts; pays the first.
    Bill { buyer: "C-108", number: "2009", total_minor: 900_000, on: 2, terms: 10, parts: 3, then: &[(14, Pays(300_000))] },
    // Has the bank debited, which takes a week.
    bill("C-109", "2010", 43_000, 8, 14, &[(22, OnPage(PaysHere(43_000, DEBIT))), (29, Arrives), (30, Entered)]),
    // Agrees to pay in parts, and pays the first one: the seller's people are still to enter it.
    bill("C-110", "2011", 310_000, 3, 14, &[(48, OnPage(Plans(3, 8))), (56, OnPage(PaysPart(CARD)))]),
    bill("C-110", "2022", 25_500, 21, 14, &[]),
    // Paid, and the bank takes it back.
    bill("C-111", "2012", 88_000, 4, 14, &[(20, Pays(88_000)), (32, Reversed)]),
    // Promises to pay, on a day that is still to come when the story ends.
    bill("C-112", "2013", 129_900, 9, 30, &[(54, OnPage(Promises(129_900, 10)))]),
    bill("C-113", "2014", 275_000, 1, 15, &[(33, OnPage(PaysHere(275_000, PAYPAL))), (34, Entered)]),
    bill("C-113", "2029", 64_000, 28, 15, &[]),
    // The address is dead; they have agreed to text messages.
    bill("C-114", "2015", 99_000, 5, 10, &[(17, Bounces)]),
    bill("C-115", "2016", 1_240_000, 6, 30, &[(37, Pays(1_240_000))]),
    // Asks for no more mail.
    bill("C-116", "2017", 37_500, 10, 14, &[(33, OptsOut)]),
    // Sends a check of a part: a collector writes it down.
    bill("C-117", "2018", 152_000, 11, 14, &[(30, Check(52_000)), (31, Entered)]),
    // Contests a part with a photo when the story ends: nothing is asked of that part until somebody decides.
    bill(
        "C-118",
        "2020",
        68_000,
        36,
        14,
        &[
            (55, OnPage(Disputes(34_000, "quality", "Two of the four boards came with a cracked nose."))),
            (55, OnPage(SendsPhoto)),
        ],
    ),
    bill("C-119", "2023", 47_700, 13, 14, &[(28, Pays(47_700))]),
    bill("C-119", "2034", 51_300, 35, 14, &[]),
    bill("cus_demoA1", "in_demo01", 59_900, 4, 14, &[]),
    bill("cus_demoB2", "in_demo02", 129_900, 6, 14, &[(24, Pays(129_900))]),
    bill("cus_demoC3", "in_demo03", 340_000, 9, 14, &[]),
    bill("cus_demoD4", "in_demo04", 22_000, 15, 14, &[(31, Pays(22_000))]),
    // Not due yet when the story ends.
    bill("C-115", "2040", 415_000, 50, 30, &[]),
    bill("C-103", "2041", 9_900, 55, 14, &[]),
];

/// Time zone of a buyer, where its country has several.
pub fn time_zone(place: (&str, Option<&str>)) -> Option<&'static str> {
    Some(match place {
        ("US", Some("NY")) => "America/New_York",
        ("US", Some("TX")) => "America/Chicago",
        ("US", Some("CO")) => "America/Denver",
        ("US", Some("CA" | "WA")) => "America/Los_Angeles",
        ("CA", _) => "America/Toronto",
        ("AU", Some("VIC")) => "Australia/Melbourne",
        ("AU", _) => "Australia/Sydney",
        ("DE", _) => "Europe/Berlin",
        ("GB", _) => "Europe/London",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much of a bill it settles, minor units; of a plan that is paid, the plan says it.
    fn settles_minor(then: Then) -> i64 {
        match then {
            Pays(minor) | Credited(minor) | Check(minor) | OnPage(PaysHere(minor, _)) => minor,
            Reversed
            | Void
            | Bounces
            | OptsOut
            | Arrives
            | Entered
            | Upheld(_)
            | OnPage(Promises(..) | Disputes(..) | SendsPhoto | Plans(..) | PaysPart(_)) => 0,
        }
    }

    #[test]
    fn the_story_adds_up() {
        for bill in BILLS {
            assert!(BUYERS.iter().any(|buyer| buyer.id == bill.buyer), "{}", bill.number);
            let settled: i64 = bill.then.iter().map(|(_, then)| settles_minor(*then)).sum();
            assert!(settled <= bill.total_minor, "{}", bill.number);
            assert!(bill.then.is_sorted_by_key(|(day, _)| *day) && bill.then.iter().all(|(day, _)| (bill.on..60).contains(day)));
            assert_eq!(bill.total_minor % bill.parts, 0);
        }
        let mut numbers: Vec<&str> = BILLS.iter().map(|bill| bill.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), BILLS.len(), "numbers are unique");
    }
}
