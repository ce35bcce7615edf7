//! The golden ledger, worked by hand in `golden/README.md`.

mod ledger_file;

use std::collections::BTreeMap;

use domain::{Currency, ExchangeRate, Reporting};
use figures::{
    Book, Converted, CustomerFigures, GroupBy, Groups, Period, Totals,
    cohort::{rolled, unpaid_after},
    contact_flow::TouchedBy,
    converted::cost_in,
    customer_figures::MonthFigures,
    measures,
    stock::{DisputeAge, DisputesOf},
    totals::CurrencyFigures,
};
use jiff::civil::{Date, date};
use ledger_file::{customer, ledgers};

const END: Date = date(2026, 3, 31);
const KNOWN_FROM: Option<Date> = Some(date(2025, 12, 1));

fn rows(as_of: Date) -> Vec<CustomerFigures> {
    ledgers().iter().map(|(name, ledger)| CustomerFigures::of(customer(name), &Book::of(ledger), as_of)).collect()
}

fn totals(as_of: Date) -> Totals {
    let mut totals = Totals::none(as_of);
    rows(as_of).iter().for_each(|row| totals.add(row));
    totals
}

fn aging(figures: &CurrencyFigures) -> [i128; 5] {
    figures.stock.aging.map(|tally| tally.minor.whole())
}

#[test]
fn what_is_open_has_its_age() {
    let totals = totals(END);
    let eur = &totals.currencies[&Currency::EUR];
    assert_eq!(aging(eur), [30_000, 235_000, 120_000, 15_000, 0]);
    assert_eq!((eur.stock.open().whole(), eur.stock.past_due().whole(), eur.owing), (400_000, 370_000, 3));
    assert_eq!(eur.stock.unapplied.whole(), 5_000);
    assert_eq!(measures::average_days_overdue(&eur.stock).shown(2), "29.23");
    assert_eq!(measures::past_due_share(&eur.stock).shown(2), "92.50");
    let usd = &totals.currencies[&Currency::USD];
    assert_eq!((aging(usd), usd.owing), ([50_000, 0, 0, 0, 0], 1));
    assert_eq!(aging(&totals.currencies[&Currency::GBP]), [1_000, 0, 0, 0, 0]);
    assert_eq!(totals.customers, 3);
}

#[test]
fn days_sales_outstanding_every_way() {
    let totals = totals(END);
    let eur = &totals.currencies[&Currency::EUR];
    let sold = |month: &str| eur.months[&month.parse().expect("a month")].flow.sold.minor.whole();
    assert_eq!(["2025-12", "2026-01", "2026-02", "2026-03"].map(sold), [140_000, 110_000, 320_000, 60_000]);
    assert_eq!(eur.dso(END, 3).shown(2), "73.47");
    assert_eq!(eur.dso_best_possible(END, 3).shown(2), "5.51");
    assert_eq!(eur.average_days_delinquent(END, 3).shown(2), "67.96");
    let countback = eur.dso_countback(END, KNOWN_FROM);
    assert_eq!((countback.figure.shown(2).as_str(), countback.is_cut_short), ("64.64", false));
    assert_eq!(eur.dso_countback_best_possible(END, KNOWN_FROM).figure.shown(2), "15.50");
    // Books that are known from February on: both months are not enough, and the figure says so.
    let countback = eur.dso_countback(END, Some(date(2026, 2, 1)));
    assert_eq!((countback.figure.shown(2).as_str(), countback.is_cut_short), ("59.00", true));
    assert_eq!(totals.currencies[&Currency::USD].dso(END, 3).shown(2), "64.29");
}

#[test]
fn effectiveness_of_collection() {
    let totals = totals(END);
    let eur = &totals.currencies[&Currency::EUR];
    assert_eq!(eur.collection_effectiveness(END, 1, KNOWN_FROM).shown(2), "25.25");
    assert_eq!(eur.collection_effectiveness(END, 3, KNOWN_FROM).shown(2), "-35.37");
    assert_eq!(
        eur.collection_effectiveness(END, 4, KNOWN_FROM).shown(2),
        "not defined: nothing is known of the day before the period"
    );
    assert!(Period::months_before(END, 5).begins_before(KNOWN_FROM) && !Period::months_before(END, 4).begins_before(KNOWN_FROM));
}

#[test]
fn what_came_and_how_fast() {
    let totals = totals(END);
    let eur = &totals.currencies[&Currency::EUR];
    let flow = eur.flow(END, 3);
    assert_eq!((flow.collected.count, flow.collected.minor.whole()), (7, 375_000));
    assert_eq!((flow.taken_back.minor.whole(), flow.collected_net().whole()), (200_000, 175_000));
    assert_eq!((flow.credited.minor.whole(), flow.written_off.count, flow.written_off.minor.whole()), (10_000, 1, 50_000));
    assert_eq!(flow.settled.invoices.count, 2);
    assert_eq!(measures::average_days_to_pay(flow.settled).shown(2), "30.00");
    assert_eq!(measures::average_days_to_pay_weighted(flow.settled).shown(2), "50.45");
    assert_eq!(measures::average_days_late(flow.settled).shown(2), "8.00");
    assert_eq!(measures::average_days_late_weighted(flow.settled).shown(2), "21.91");
    let usd = &totals.currencies[&Currency::USD];
    assert_eq!(usd.flow(END, 3).collected.minor.whole(), 20_000);
    assert_eq!(measures::average_days_to_pay(usd.flow(END, 3).settled).exact(), None);
    assert_eq!(measures::average_days_overdue(&usd.stock).exact(), None);
}

#[test]
fn promises_and_disputes() {
    let totals = totals(END);
    let eur = &totals.currencies[&Currency::EUR];
    let flow = eur.flow(END, 3);
    assert_eq!((flow.promised.count, flow.promised.minor.whole()), (3, 170_000));
    assert_eq!(measures::promises_kept_by_count(&flow).shown(2), "33.33");
    assert_eq!(measures::promises_kept_by_amount(&flow).shown(2), "44.12");
    assert!(eur.stock.promised.is_none(), "each has ended");
    let open = &eur.stock.disputes[&DisputesOf { reason: "price".into(), age: DisputeAge::To30 }];
    assert_eq!((eur.stock.disputes.len(), open.count, open.minor.whole()), (1, 1, 30_000));
    assert_eq!(flow.contested["delivery"].minor.whole(), 10_000);
    assert_eq!(flow.decided[&figures::entry::DisputeEnd::Withdrawn].count, 1);
}

#[test]
fn who_owes_most() {
    let totals = totals(END);
    let eur = &totals.currencies[&Currency::EUR];
    assert_eq!((eur.top_share(1).shown(2), eur.top_share(2).shown(2)), ("61.25".to_owned(), "91.25".to_owned()));
    assert_eq!(eur.top_share(20).shown(0), "100");
    assert_eq!(eur.largest.iter().next().map(|(of, open)| (of.clone(), open.whole())), Some((customer("A"), 245_000)));
}

#[test]
fn what_came_of_touches_and_what_they_cost() {
    let totals = totals(END);
    let contacts = totals.contacts_within(3);
    assert_eq!((contacts.touches, contacts.lost, contacts.answers, contacts.unpriced), (6, 1, 1, 0));
    let all = contacts.responses;
    assert_eq!((all.touches, all.responded, all.answered, all.promised, all.paid), (4, 3, 1, 3, 2));
    assert_eq!(measures::response_rate(all).shown(2), "75.00");
    let by = |by| -> BTreeMap<&str, (i64, i64)> {
        contacts.responses_of(by).map(|(value, tally)| (value, (tally.touches, tally.responded))).collect()
    };
    assert_eq!(by(TouchedBy::Channel), [("email", (3, 3)), ("sms", (1, 0))].into());
    assert_eq!(by(TouchedBy::Step), [("net-30/nudge", (1, 0)), ("net-30/reminder", (3, 3))].into());
    assert_eq!(by(TouchedBy::Version), [("net-30@1", (2, 1)), ("net-30@2", (2, 2))].into());
    assert_eq!(by(TouchedBy::Language), [("de", (2, 2)), ("en", (2, 1))].into());
    assert_eq!(by(TouchedBy::Hour), [("08", (1, 1)), ("09", (1, 0)), ("10", (1, 1)), ("11", (1, 1))].into());
    let usd = totals.currencies[&Currency::USD].flow(END, 3);
    let cost = contacts.costs[&Currency::USD];
    assert_eq!(measures::cost_per_collected(cost, contacts.unpriced, usd.collected_net(), 2).shown(7), "0.0001415");
    let settled = totals.currencies[&Currency::EUR].flow(END, 3).settled;
    assert_eq!(measures::touches_per_invoice(&contacts, settled).shown(2), "3.00");
    assert_eq!(measures::average_rating(&contacts).shown(1), "4.5");
}

#[test]
fn a_customer_counts_where_it_belongs_that_day() {
    let open = |as_of, by| -> BTreeMap<String, i128> {
        let mut groups = Groups::none(by, as_of);
        rows(as_of).iter().for_each(|row| groups.add(row));
        let open = |totals: &Totals| totals.currencies.get(&Currency::EUR).map_or(0, |eur| eur.stock.open().whole());
        groups.all.iter().map(|(group, totals)| (group.to_string(), open(totals))).collect()
    };
    let of =
        |all: &[(&str, i128)]| -> BTreeMap<String, i128> { all.iter().map(|(name, open)| ((*name).to_owned(), *open)).collect() };
    assert_eq!(open(END, GroupBy::Owner), of(&[("ann", 245_000), ("bob", 155_000)]));
    assert_eq!(open(END, GroupBy::Segment), of(&[("smb", 245_000), ("enterprise", 155_000)]));
    assert_eq!(open(END, GroupBy::LegalEntity), of(&[("", 365_000), ("berlin", 35_000)]));
    let before = date(2026, 2, 15);
    assert_eq!(open(before, GroupBy::Owner), of(&[("ann", 345_000), ("bob", 0)]));
    assert_eq!(aging(&totals(before).currencies[&Currency::EUR]), [230_000, 65_000, 0, 50_000, 0]);
    let mut owners = Groups::none(GroupBy::Owner, END);
    rows(END).iter().for_each(|row| owners.add(row));
    let december: &MonthFigures = &owners.all["bob"].currencies[&Currency::EUR].months[&"2025-12".parse().expect("a month")];
    assert_eq!(december.flow.sold.minor.whole(), 50_000, "with all its months");
}

#[test]
fn what_became_of_the_same_money() {
    let ledgers = ledgers();
    let mut all = [figures::cohort::Rolled::default(); 5];
    let mut billed = figures::cohort::Billed::default();
    for (_, ledger) in ledgers.iter().filter(|(name, _)| name.as_str() != "C") {
        let book = Book::of(ledger);
        for (into, more) in
            all.iter_mut().zip(rolled(&book, date(2026, 2, 28), date(2026, 3, 30))[&domain::BalanceKey::of(Currency::EUR)])
        {
            into.before += more.before;
            into.in_next += more.in_next;
            into.unpaid += more.unpaid;
        }
        let december = Period { from: date(2025, 12, 1), to: date(2025, 12, 31) };
        let more = unpaid_after(&book, december, 90, END)[&domain::BalanceKey::of(Currency::EUR)];
        billed.billed += more.billed;
        billed.unpaid += more.unpaid;
    }
    let rates = all.map(|of| measures::roll_rate(of).shown(2));
    assert_eq!(rates, ["86.96", "70.59", "100.00", "0.00", "not defined: nothing was open in the bucket before"]);
    assert_eq!(measures::cure_rate(all[1]).shown(2), "29.41");
    assert_eq!(measures::cure_rate(all[3]).shown(2), "0.00", "what was given up was not cured");
    assert_eq!(measures::at_risk_rate(billed).shown(2), "62.50");
}

#[test]
fn currencies_together_name_who_is_left_out() {
    let reporting =
        Reporting { currency: Currency::EUR, rates: [(Currency::USD, ExchangeRate::parse("0.92").expect("a rate"))].into() };
    let all = Converted::of(&totals(END), &reporting, END);
    assert_eq!(all.figures.stock.open().whole(), 446_000);
    assert_eq!(aging(&all.figures), [76_000, 235_000, 120_000, 15_000, 0]);
    assert_eq!(all.left_out.iter().map(Currency::code).collect::<Vec<_>>(), ["GBP"]);
    assert_eq!(all.rates.len(), 1);
    assert_eq!((all.currency, all.rated_on), (Currency::EUR, END));
    let contacts = totals(END).contacts_within(3);
    let cost = cost_in(&contacts.costs, &reporting).expect("a rate for each");
    let net = all.figures.flow(END, 3).collected_net();
    assert_eq!((cost.whole(), net.whole()), (26_036, 193_400));
    assert_eq!(measures::cost_per_collected(cost, contacts.unpriced, net, 2).shown(7), "0.0000135");
    // (4,900 + 700 × 0.92) sold: 4,460 × 90 ÷ 5,544.
    assert_eq!(all.figures.dso(END, 3).shown(2), "72.40");
}
