//! Files as they are read back, and as they are documented.

use domain::{BalanceKey, Currency, CustomerId, InvoiceId, TenantId};
use figures::{
    Book, CustomerFigures, Ledger, LedgerEntry, LedgerFact, Sum,
    entry::{AppliedMoney, IssuedInvoice},
};
use jiff::civil::{Date, date};
use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use snapshots::{SnapshotError, SnapshotFile, SnapshotPart, SnapshotTable};

const DAY: Date = date(2026, 3, 31);

fn figures_of(name: &str, total_minor: i64) -> CustomerFigures {
    let (invoice, balance) = (InvoiceId::derive(&[name]), BalanceKey::with(Currency::EUR, "berlin"));
    let due = date(2026, 3, 1);
    let issued =
        IssuedInvoice { invoice: invoice.clone(), balance: balance.clone(), total_minor, parts: vec![(due, total_minor)] };
    let paid = AppliedMoney { invoice: Some(invoice), balance, amount_minor: 1_000 };
    let ledger: Ledger = [
        LedgerEntry::on(date(2026, 2, 1), "issued", LedgerFact::Issued(issued)),
        LedgerEntry::on(DAY, "paid", LedgerFact::Paid(paid)),
    ]
    .into_iter()
    .collect();
    CustomerFigures::of(CustomerId::derive(&[name]), &Book::of(&ledger), DAY)
}

fn files(all: &[CustomerFigures]) -> Vec<SnapshotFile> {
    let mut part = SnapshotPart::default();
    for figures in all {
        part.add(figures).expect("it fits");
    }
    part.files().expect("files")
}

/// The rows of a file, each with the names of its columns.
fn read(file: &SnapshotFile) -> Vec<Vec<(String, Field)>> {
    let reader = SerializedFileReader::new(bytes(file)).expect("a file");
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|row| row.expect("a row").get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect()).collect()
}

fn bytes(file: &SnapshotFile) -> bytes::Bytes {
    bytes::Bytes::from(file.bytes.clone())
}

#[test]
fn what_is_written_is_read_back() {
    let files = files(&[figures_of("one", 5_000), figures_of("two", 7_000)]);
    assert_eq!(
        files.iter().map(|file| (file.table, file.rows)).collect::<Vec<_>>(),
        [(SnapshotTable::Balances, 2), (SnapshotTable::Contacts, 0), (SnapshotTable::Disputes, 0),]
    );
    for file in &files {
        assert_eq!(read(file).len(), file.rows, "{}", file.table.as_str());
    }
    let rows = read(&files[0]);
    let value = |row: usize, name: &str| rows[row].iter().find(|(known, _)| known == name).expect("a column").1.clone();
    assert_eq!(value(0, "customer"), Field::Str(CustomerId::derive(&["one"]).to_string()));
    assert_eq!(value(0, "currency"), Field::Str("EUR".to_owned()));
    assert_eq!(value(0, "legal_entity"), Field::Str("berlin".to_owned()));
    assert_eq!((value(0, "overdue_1_30_items"), value(0, "overdue_1_30_minor")), (Field::Long(1), Field::Long(4_000)));
    assert_eq!((value(1, "collected_minor"), value(1, "sold_minor")), (Field::Long(1_000), Field::Long(0)));
    assert_eq!(value(1, "overdue_minor_days"), Field::Long(6_000 * 30));
}

#[test]
fn the_same_rows_are_the_same_bytes() {
    let one = [figures_of("one", 5_000), figures_of("two", 7_000)];
    assert_eq!(files(&one), files(&one));
    assert_ne!(files(&one), files(&one[..1]));
}

#[test]
fn what_does_not_fit_is_refused_and_named() {
    let mut figures = figures_of("large", 5_000);
    for of in figures.balances.values_mut() {
        of.stock.unapplied = Sum::of(i128::from(i64::MAX) + 1);
    }
    let error = SnapshotPart::default().add(&figures).expect_err("too large");
    assert!(matches!(&error, SnapshotError::TooLarge { column: "unapplied_minor", .. }), "{error}");
    assert!(error.to_string().contains(figures.customer.as_str()), "{error}");
}

#[test]
fn files_lie_by_table_day_and_tenant() {
    let tenant = TenantId::parse("acme").expect("a tenant");
    let key = SnapshotTable::Balances.key(DAY, &tenant, 7);
    assert_eq!(key, "reports/acme/balances/day=2026-03-31/part-00007.parquet");
}

#[test]
fn each_column_is_documented_under_its_table_and_nothing_else_is() {
    let text = include_str!("../../../docs/snapshots.md");
    for table in SnapshotTable::ALL {
        let section =
            text.split("\n## ").find(|section| section.starts_with(&format!("`{}`", table.as_str()))).expect("a section");
        let documented: Vec<&str> =
            section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name).collect();
        let columns: Vec<&str> = table.texts().iter().chain(table.numbers()).copied().collect();
        assert_eq!(documented, columns, "{}", table.as_str());
    }
}

#[test]
fn the_template_names_the_same_columns() {
    let template = include_str!("../../../template.yaml");
    for table in SnapshotTable::ALL {
        let section = template.split("Type: AWS::Glue::Table").find(|part| part.contains(&format!("Name: {}\n", table.as_str())));
        let section = section.unwrap_or_else(|| panic!("template.yaml has no table {}", table.as_str()));
        let of_table = section.split("PartitionKeys:").next().expect("a part");
        let columns = |kind: &str| -> Vec<String> {
            let lines = of_table.lines().filter_map(|line| line.trim().strip_prefix("- { Name: ")?.strip_suffix(" }"));
            let named = lines.filter_map(|line| line.split_once(", Type: "));
            named.filter(|(_, known)| *known == kind).map(|(name, _)| name.to_owned()).collect()
        };
        assert_eq!(columns("string"), table.texts(), "{}", table.as_str());
        assert_eq!(columns("bigint"), table.numbers(), "{}", table.as_str());
    }
}
