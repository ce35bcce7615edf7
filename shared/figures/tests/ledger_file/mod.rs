//! Reads `golden/ledger.csv`.

use std::collections::BTreeMap;

use domain::{AgreementId, BalanceKey, Channel, Currency, CustomerId, InvoiceId, word::Word};
use figures::{
    Ledger, LedgerEntry, LedgerFact, Sum,
    entry::{AppliedMoney, Belongs, DisputeEnd, InvoiceStands, IssuedInvoice, PromiseEnd, Touch, TouchCost, TouchStep},
};

const FILE: &str = include_str!("../golden/ledger.csv");

/// The id of a customer of the file.
pub fn customer(name: &str) -> CustomerId {
    CustomerId::derive(&["golden", name])
}

/// The entries of each customer of the file.
pub fn entries() -> BTreeMap<String, Vec<LedgerEntry>> {
    let mut all: BTreeMap<String, Vec<LedgerEntry>> = BTreeMap::new();
    for row in csv::Reader::from_reader(FILE.as_bytes()).records() {
        let row = row.expect("a row");
        let entry = LedgerEntry {
            id: row[1].into(),
            version: 1,
            on: row[2].parse().expect("a day"),
            minute: row[3]
                .split_once(':')
                .map(|(hour, minute)| hour.parse::<u16>().expect("an hour") * 60 + minute.parse::<u16>().expect("a minute")),
            what: what(&row),
        };
        all.entry(row[0].to_owned()).or_default().push(entry);
    }
    all
}

/// The ledger of each customer of the file.
pub fn ledgers() -> BTreeMap<String, Ledger> {
    entries().into_iter().map(|(name, entries)| (name, entries.into_iter().collect())).collect()
}

fn what(row: &csv::StringRecord) -> LedgerFact {
    let (kind, invoice, more) = (&row[4], &row[5], row[8].to_owned());
    let id = |name: &str| InvoiceId::derive(&["golden", name]);
    let agreement = |name: &str| AgreementId::derive(&["golden", &row[0], name]);
    let balance = || BalanceKey::try_from(row[6].to_owned()).expect("a balance");
    let minor = || row[7].parse::<i64>().expect("an amount");
    let applied =
        || AppliedMoney { invoice: (!invoice.is_empty()).then(|| id(invoice)), balance: balance(), amount_minor: minor() };
    let named: BTreeMap<&str, &str> = more.split(' ').filter_map(|part| part.split_once('=')).collect();
    let ended = || more.split_once(' ').expect("an agreement and its end");
    match kind {
        "issued" => LedgerFact::Issued(IssuedInvoice {
            invoice: id(invoice),
            balance: balance(),
            total_minor: minor(),
            parts: more
                .split(' ')
                .map(|part| part.split_once(':').expect("a day and an amount"))
                .map(|(on, minor)| (on.parse().expect("a day"), minor.parse().expect("an amount")))
                .collect(),
        }),
        "paid" => LedgerFact::Paid(applied()),
        "taken_back" => LedgerFact::TakenBack(applied()),
        "credited" => LedgerFact::Credited(applied()),
        "void" => LedgerFact::Stands { invoice: id(invoice), standing: InvoiceStands::Void },
        "written_off" => LedgerFact::Stands { invoice: id(invoice), standing: InvoiceStands::WrittenOff },
        "promised" => LedgerFact::Promised {
            promise: agreement(&row[1]),
            balance: balance(),
            amount_minor: minor(),
            pays_on: more.parse().expect("a day"),
        },
        "promise_ended" => LedgerFact::PromiseEnded {
            promise: agreement(ended().0),
            end: match ended().1 {
                "kept" => PromiseEnd::Kept,
                "partly_kept" => PromiseEnd::PartlyKept,
                "broken" => PromiseEnd::Broken,
                other => panic!("{other} is no end of a promise"),
            },
            paid_minor: minor(),
        },
        "disputed" => LedgerFact::Disputed {
            dispute: agreement(&row[1]),
            balance: balance(),
            invoices: vec![id(invoice)],
            amount_minor: minor(),
            reason: more.as_str().into(),
        },
        "dispute_ended" => LedgerFact::DisputeEnded {
            dispute: agreement(ended().0),
            end: match ended().1 {
                "withdrawn" => DisputeEnd::Withdrawn,
                other => panic!("{other} is no end of a dispute"),
            },
        },
        "touched" => LedgerFact::Touched(Touch {
            channel: Channel::of_this_release(named["channel"]).expect("a channel"),
            language: named["language"].into(),
            step: named.get("step").map(|step| TouchStep {
                workflow: "net-30".into(),
                version: named["version"].parse().expect("a version"),
                step: (*step).into(),
            }),
            cost: named
                .get("cost")
                .map(|cost| TouchCost { currency: Currency::USD, millionths: Sum::from(cost.parse::<i64>().expect("a cost")) }),
        }),
        "lost" => LedgerFact::Lost { touch: more.as_str().into() },
        "answered" => LedgerFact::Answered,
        "rated" => LedgerFact::Rated { score: u8::try_from(minor()).expect("a score") },
        "belongs" => LedgerFact::Belongs(Belongs {
            segment: named.get("segment").map(|segment| (*segment).into()),
            owner: named.get("owner").map(|owner| (*owner).into()),
        }),
        other => panic!("{other} is no entry"),
    }
}
