//! Figures that are carried on without a look at the ledger, against the ledger replayed.

mod ledger_file;

use domain::dates::add_days;
use figures::{
    Book, CustomerFigures,
    steady::{carried, steady_until},
};
use jiff::civil::date;
use ledger_file::{customer, ledgers};

#[test]
fn what_is_carried_is_what_is_replayed() {
    let mut looked = 0;
    for (name, whole) in ledgers() {
        for at in 0..200 {
            let day = add_days(date(2025, 11, 25), at);
            // What is known on that day, and nothing that happens later.
            let ledger = whole.until(day);
            let book = Book::of(&ledger);
            let figures = CustomerFigures::of(customer(&name), &book, day);
            let steady = steady_until(&ledger, day);
            assert!(steady >= day && steady <= add_days(day, 91), "{name} {day} {steady}");
            for ahead in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
                let to = add_days(day, ahead);
                if to <= steady {
                    let replayed = CustomerFigures::of(customer(&name), &book, to);
                    assert_eq!(carried(&figures, to), replayed, "{name}: {day} carried to {to}");
                    looked += 1;
                }
            }
        }
    }
    assert!(looked > 1_000, "{looked}");
}

#[test]
fn nothing_known_is_steady_for_a_quarter() {
    let day = date(2026, 3, 31);
    assert_eq!(steady_until(&figures::Ledger::default(), day), date(2026, 6, 30));
}
