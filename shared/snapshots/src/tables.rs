//! Which tables there are, their columns, and where their files lie.

use domain::TenantId;
use jiff::civil::Date;

/// Which form the files have. It is raised where a column changes its meaning or goes; a new column at the end changes nothing.
pub const SNAPSHOT_FORM: &str = "1";

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SnapshotTable {
    /// A row for each customer, currency and legal entity: what was so at the end of the day, and what happened on it.
    Balances,
    /// Rows of what was done to reach a customer on the day, and what came of it.
    Contacts,
    /// A row for each customer, currency, legal entity, reason and age of disputes that nobody had decided.
    Disputes,
}

impl SnapshotTable {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Balances, Self::Contacts, Self::Disputes];

    /// As a word: in keys, and as the name of the table in the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Balances => "balances",
            Self::Contacts => "contacts",
            Self::Disputes => "disputes",
        }
    }

    /// Its columns of text, which come first.
    pub const fn texts(self) -> &'static [&'static str] {
        match self {
            Self::Balances => &["customer", "segment", "owner", "currency", "legal_entity"],
            Self::Contacts => &["customer", "segment", "owner", "part", "currency"],
            Self::Disputes => &["customer", "segment", "owner", "currency", "legal_entity", "reason", "age"],
        }
    }

    /// Its columns of whole numbers, which follow.
    pub const fn numbers(self) -> &'static [&'static str] {
        match self {
            Self::Balances => &BALANCE_NUMBERS,
            Self::Contacts => &CONTACT_NUMBERS,
            Self::Disputes => &["disputes", "disputed_minor"],
        }
    }

    /// Where the file of a part lies: `reports/acme/balances/day=2026-02-28/part-00000.parquet`. The tenant comes first, as in each room of the
    /// bucket: what it has is exported and deleted by it.
    pub fn key(self, day: Date, tenant: &TenantId, part: u32) -> String {
        format!("reports/{tenant}/{}/day={day}/part-{part:05}.parquet", self.as_str())
    }
}

/// The numbers of a balance, in the order of [`crate::part`].
pub(crate) const BALANCE_NUMBERS: [&str; 49] = [
    "current_items",
    "current_minor",
    "overdue_1_30_items",
    "overdue_1_30_minor",
    "overdue_31_60_items",
    "overdue_31_60_minor",
    "overdue_61_90_items",
    "overdue_61_90_minor",
    "overdue_over_90_items",
    "overdue_over_90_minor",
    "overdue_minor_days",
    "unapplied_minor",
    "promises_open",
    "promised_open_minor",
    "sold",
    "sold_minor",
    "collected",
    "collected_minor",
    "taken_back",
    "taken_back_minor",
    "credited",
    "credited_minor",
    "written_off",
    "written_off_minor",
    "settled",
    "settled_minor",
    "days_to_pay",
    "days_to_pay_minor_days",
    "days_late",
    "days_late_minor_days",
    "promises_made",
    "promised_made_minor",
    "promises_kept",
    "promised_kept_minor",
    "promises_partly_kept",
    "promised_partly_kept_minor",
    "paid_of_partly_kept_minor",
    "paid_in_time_minor",
    "promises_broken",
    "promised_broken_minor",
    "promises_cancelled",
    "disputes_made",
    "disputed_made_minor",
    "disputes_upheld",
    "disputed_upheld_minor",
    "disputes_partly_upheld",
    "disputed_partly_upheld_minor",
    "disputes_rejected_or_withdrawn",
    "disputed_rejected_or_withdrawn_minor",
];

/// The numbers of contacts, in the order of [`crate::part`].
pub(crate) const CONTACT_NUMBERS: [&str; 15] = [
    "touches",
    "lost",
    "unpriced",
    "answers",
    "responded_of",
    "responded",
    "responded_by_answer",
    "responded_by_promise",
    "responded_by_payment",
    "ratings_1",
    "ratings_2",
    "ratings_3",
    "ratings_4",
    "ratings_5",
    "cost_millionths",
];
