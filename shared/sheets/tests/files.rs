//! A report as files, read back.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use domain::{Currency, CustomerId};
use figures::{
    Figure, GroupBy, Sum, Undefined,
    report::{ReportCell, ReportName, ReportUnit, ReportValue},
};
use jiff::civil::{Date, date};
use service::reports::{AnsweredReport, MadeOf, ReportColumn, ReportLine};
use sheets::{
    lines,
    weekly::{WeeklyReader, WeeklyReports, weekly_mail},
    weekly_words::WeeklyWords,
    workbook::{notes, xlsx},
};

const DAY: Date = date(2026, 3, 31);

fn row(called: &str, past_due: i128, share: Figure) -> ReportLine {
    let customer = CustomerId::derive(&[called]);
    let cells = vec![
        ReportCell {
            name: "past_due",
            unit: ReportUnit::Minor,
            value: ReportValue::Whole(Sum::of(past_due)),
            is_cut_short: false,
        },
        ReportCell { name: "past_due_share", unit: ReportUnit::Percent, value: ReportValue::Figure(share), is_cut_short: false },
    ];
    let made_of = MadeOf::Entries { customer: customer.clone(), from: None, to: DAY };
    let (group, part) = (customer.to_string(), String::new());
    ReportLine { group, called: called.to_owned(), currency: Some(Currency::EUR), part, cells, made_of }
}

fn report() -> AnsweredReport {
    let column = |name, unit| ReportColumn { name, unit };
    AnsweredReport {
        name: ReportName::Aging,
        by: GroupBy::Customer,
        as_of: DAY,
        is_today: false,
        reckoned_at: None,
        period: None,
        data_from: Some(date(2026, 1, 1)),
        begins_before_data: false,
        is_without_data: false,
        rates: None,
        columns: vec![column("past_due", ReportUnit::Minor), column("past_due_share", ReportUnit::Percent)],
        rows: vec![
            row("=HYPERLINK(\"https://evil.example\")", 123_456, Figure::quotient(100, 3, Undefined::NothingOpen)),
            row("Müller, \"Söhne\"\nKG", -5, Figure::Undefined(Undefined::NothingOpen)),
            row("Large", i128::from(i64::MAX), Figure::quotient(100, 1, Undefined::NothingOpen)),
        ],
        next: None,
    }
}

#[test]
fn numbers_are_numbers_and_texts_are_texts() {
    let bytes = xlsx(&report(), "Acme & Söhne").expect("a file");
    assert_eq!(xlsx(&report(), "Acme & Söhne").expect("a file"), bytes, "the same report is the same file");
    let mut book: Xlsx<Cursor<Vec<u8>>> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    assert_eq!(book.sheet_names(), ["aging", "About"]);
    let table = book.worksheet_range("aging").expect("the table");
    let at = |row, column| table.get_value((row, column)).cloned().unwrap_or(Data::Empty);
    let text = |text: &str| Data::String(text.to_owned());
    assert_eq!([at(0, 0), at(0, 1), at(0, 2), at(0, 3)], ["Customer", "Currency", "Past due", "Past due of open (%)"].map(text));
    assert_eq!(at(1, 0), text("=HYPERLINK(\"https://evil.example\")"));
    assert_eq!((at(1, 2).to_string(), at(1, 3).to_string()), ("1234.56".to_owned(), "33.33".to_owned()));
    assert!(matches!((at(1, 2), at(2, 2)), (Data::Float(_), Data::Float(_))));
    assert_eq!((at(2, 0), at(2, 3)), (text("Müller, \"Söhne\"\nKG"), text("not defined: nothing is open")));
    assert_eq!(at(3, 2), text("92233720368547758.07"), "more digits than a spreadsheet keeps");
    let formulas = book.worksheet_formula("aging").expect("formulas");
    assert!(formulas.used_cells().next().is_none(), "nothing is a formula");
    let about = book.worksheet_range("About").expect("what it is of");
    assert_eq!(about.get_value((1, 1)), Some(&text("Acme & Söhne")));
    assert!(matches!(about.get_value((2, 1)), Some(Data::DateTime(_))), "a day is a day");
}

#[test]
fn lines_are_those_of_the_api_and_harmless() {
    let id = |name: &str| CustomerId::derive(&[name]).to_string();
    let expected = format!(
        "customer,name,currency,part,past_due,past_due_share\r\n\
         {},\"'=HYPERLINK(\"\"https://evil.example\"\")\",EUR,,123456,33.33\r\n\
         {},\"Müller, \"\"Söhne\"\"\nKG\",EUR,,-5,\r\n\
         {},Large,EUR,,9223372036854775807,100.00\r\n",
        id("=HYPERLINK(\"https://evil.example\")"),
        id("Müller, \"Söhne\"\nKG"),
        id("Large"),
    );
    assert_eq!(lines::csv(&report()), expected);
}

#[test]
fn what_has_to_be_said_is_said() {
    assert!(notes(&report()).is_empty());
    let early = AnsweredReport { begins_before_data: true, is_today: true, next: Some("x".to_owned()), ..report() };
    let said = notes(&early).join("\n");
    for part in ["not over yet", "begins before the books are known, on 2026-01-01", "one page"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn the_weekly_mail_says_in_text_and_in_bars_of_cells_what_the_reports_say() {
    let cell = |name, unit, value| ReportCell { name, unit, value, is_cut_short: false };
    let whole = |name, minor| cell(name, ReportUnit::Minor, ReportValue::Whole(Sum::of(minor)));
    let mut aging = report();
    aging.by = GroupBy::Tenant;
    let buckets = [("current", 10_000), ("1-30", 20_000), ("31-60", 0), ("61-90", 5_000), ("over-90", 1), ("past_due", 25_001)];
    aging.rows = vec![ReportLine {
        cells: buckets.map(|(name, minor)| whole(name, minor)).to_vec(),
        ..row("Acme", 0, Figure::Undefined(Undefined::NothingOpen))
    }];
    let of = |name, cells| AnsweredReport {
        name,
        rows: vec![ReportLine { cells, ..row("Acme", 0, Figure::Undefined(Undefined::NothingOpen)) }],
        ..report()
    };
    let dso = of(
        ReportName::Dso,
        vec![cell("dso", ReportUnit::Days, ReportValue::Figure(Figure::quotient(91, 2, Undefined::NoSales)))],
    );
    let mut collected = of(ReportName::Collected, vec![whole("collected_net", 7_700)]);
    (collected.period, collected.begins_before_data) = (Some((date(2026, 1, 1), DAY)), true);
    let undefined = ReportValue::Figure(Figure::Undefined(Undefined::NoPromise));
    let promises = of(ReportName::Promises, vec![cell("kept_by_amount", ReportUnit::Percent, undefined)]);
    let reports = WeeklyReports::of([aging, dso, collected, promises]);
    let amount = |minor: i64, currency: Currency| format!("{currency} {minor}");
    let date = |day: Date| day.to_string();
    let reader = |language| WeeklyReader {
        words: WeeklyWords::of(Some(language), None),
        tenant_name: "Acme <&> Söhne",
        amount: &amount,
        date: &date,
        link: Some("https://acme.example/console/reports"),
    };
    let mail = weekly_mail(&reports, &reader("en"));
    assert_eq!(mail.subject, "Receivables at the end of 2026-03-31");
    for said in [
        "Open in EUR",
        "  1–30 days: EUR 20000",
        "Past due: EUR 25001",
        "Days sales outstanding: 45.50 days",
        "Collected, net: EUR 7700",
        "Promises kept, by amount: not defined",
        "2026-01-01 to 2026-03-31",
        "The books are known since 2026-01-01",
        "https://acme.example/console/reports",
    ] {
        assert!(mail.text.contains(said), "no '{said}' in {}", mail.text);
    }
    for said in
        ["<td width=\"100%\" bgcolor", "<td width=\"50%\" bgcolor", "<td width=\"25%\" bgcolor", "Acme &lt;&amp;&gt; Söhne"]
    {
        assert!(mail.html.contains(said), "no '{said}' in {}", mail.html);
    }
    for banned in ["<img", "style", "<script", "<svg", "width=\"0%\""] {
        assert!(!mail.html.contains(banned), "{banned} in {}", mail.html);
    }
    for language in domain::language::CUSTOMER_LANGUAGES {
        let mail = weekly_mail(&reports, &reader(language));
        assert!(!mail.text.contains("{}") && mail.text.contains("EUR 20000"), "{language}: {}", mail.text);
    }
}
