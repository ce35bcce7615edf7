//! What reports and their columns are called, in English, as the console's people read them.

use figures::{
    GroupBy,
    report::{ReportName, ReportUnit},
};

/// What a report is called.
pub const fn report_title(name: ReportName) -> &'static str {
    match name {
        ReportName::Aging => "Aging",
        ReportName::Dso => "Days sales outstanding",
        ReportName::DaysToPay => "Days to pay",
        ReportName::Effectiveness => "Collection effectiveness",
        ReportName::Collected => "Collected and written off",
        ReportName::Promises => "Promises",
        ReportName::Disputes => "Disputes",
        ReportName::Responses => "Responses",
        ReportName::Cost => "Cost of collecting",
        ReportName::Concentration => "Concentration",
        ReportName::Ratings => "Ratings",
    }
}

/// The column by which a report is told in one number.
pub const fn headline(name: ReportName) -> &'static str {
    match name {
        ReportName::Aging => "past_due",
        ReportName::Dso => "dso",
        ReportName::DaysToPay => "days_to_pay_weighted",
        ReportName::Effectiveness => "effectiveness",
        ReportName::Collected => "collected_net",
        ReportName::Promises => "kept_by_amount",
        ReportName::Disputes => "over-60",
        ReportName::Responses => "response_rate",
        ReportName::Cost => "cost_per_collected",
        ReportName::Concentration => "top_5",
        ReportName::Ratings => "average",
    }
}

/// The columns that a chart of a report shows, which are of one unit.
pub const fn charted(name: ReportName) -> &'static [&'static str] {
    match name {
        ReportName::Aging => &["current", "1-30", "31-60", "61-90", "over-90"],
        ReportName::Dso => &["dso", "dso_best_possible", "dso_countback"],
        ReportName::DaysToPay => &["days_to_pay_weighted", "days_late_weighted"],
        ReportName::Effectiveness => &["effectiveness"],
        ReportName::Collected => &["sold", "collected_net", "credited", "written_off"],
        ReportName::Promises => &["kept", "partly_kept", "broken"],
        ReportName::Disputes => &["0-7", "8-30", "31-60", "over-60"],
        ReportName::Responses => &["response_rate"],
        ReportName::Cost => &["touches"],
        ReportName::Concentration => &["top_1", "top_5", "top_10", "top_20"],
        ReportName::Ratings => &["1", "2", "3", "4", "5"],
    }
}

/// Whether what a chart shows are parts of a whole, so that its bars stand on each other.
pub const fn are_parts(name: ReportName) -> bool {
    match name {
        ReportName::Aging | ReportName::Promises | ReportName::Disputes | ReportName::Ratings => true,
        ReportName::Dso
        | ReportName::DaysToPay
        | ReportName::Effectiveness
        | ReportName::Collected
        | ReportName::Responses
        | ReportName::Cost
        | ReportName::Concentration => false,
    }
}

/// What the groups of a report are called.
pub const fn group_title(by: GroupBy) -> &'static str {
    match by {
        GroupBy::Tenant => "All customers",
        GroupBy::Segment => "Segment",
        GroupBy::Owner => "Owner",
        GroupBy::LegalEntity => "Legal entity",
        GroupBy::Customer => "Customer",
    }
}

/// What tells rows of one group apart, as the head of its column; empty where nothing does.
pub const fn part_title(name: ReportName) -> &'static str {
    match name {
        ReportName::Disputes => "Reason",
        ReportName::Responses => "Part",
        ReportName::Aging
        | ReportName::Dso
        | ReportName::DaysToPay
        | ReportName::Effectiveness
        | ReportName::Collected
        | ReportName::Promises
        | ReportName::Cost
        | ReportName::Concentration
        | ReportName::Ratings => "",
    }
}

/// A unit, as it stands behind the title of a column; empty for amounts, whose currency stands in their row, and for counts.
pub const fn unit_title(unit: ReportUnit) -> &'static str {
    match unit {
        ReportUnit::Minor | ReportUnit::Count | ReportUnit::Each => "",
        ReportUnit::Days => "days",
        ReportUnit::Percent => "%",
        ReportUnit::PerUnit => "for each unit",
    }
}

/// What a column is called. One that this release does not know is called as it is.
pub fn column_title(column: &str) -> &str {
    TITLES.iter().find(|(name, _)| *name == column).map_or(column, |(_, title)| *title)
}

const TITLES: [(&str, &str); 74] = [
    ("current", "Not due"),
    ("current_count", "Not due, items"),
    ("0-7", "0–7 days"),
    ("0-7_count", "0–7 days, disputes"),
    ("8-30", "8–30 days"),
    ("8-30_count", "8–30 days, disputes"),
    ("1-30", "1–30 days"),
    ("1-30_count", "1–30 days, items"),
    ("31-60", "31–60 days"),
    ("31-60_count", "31–60 days, items"),
    ("61-90", "61–90 days"),
    ("61-90_count", "61–90 days, items"),
    ("over-60", "Over 60 days"),
    ("over-60_count", "Over 60 days, disputes"),
    ("over-90", "Over 90 days"),
    ("over-90_count", "Over 90 days, items"),
    ("open", "Open"),
    ("open_count", "Open, promises"),
    ("past_due", "Past due"),
    ("past_due_share", "Past due of open"),
    ("days_overdue", "Days overdue, by amount"),
    ("unapplied", "Unapplied credit"),
    ("dso", "DSO"),
    ("dso_best_possible", "Best possible DSO"),
    ("average_days_delinquent", "Average days delinquent"),
    ("dso_countback", "DSO by countback"),
    ("dso_countback_best_possible", "Best possible by countback"),
    ("sold", "Sold"),
    ("sold_count", "Sold, invoices"),
    ("days_to_pay", "Days to pay, by invoice"),
    ("days_to_pay_weighted", "Days to pay, by amount"),
    ("days_late", "Days late, by invoice"),
    ("days_late_weighted", "Days late, by amount"),
    ("settled", "Settled invoices"),
    ("settled_minor", "Settled"),
    ("effectiveness", "Effectiveness"),
    ("collected", "Collected"),
    ("collected_count", "Payments"),
    ("collected_net", "Collected, net"),
    ("taken_back", "Taken back"),
    ("taken_back_count", "Taken back, payments"),
    ("credited", "Credited"),
    ("credited_count", "Credit notes"),
    ("written_off", "Written off"),
    ("written_off_count", "Written off, invoices"),
    ("made", "Promised"),
    ("made_count", "Promises"),
    ("kept", "Kept"),
    ("kept_count", "Kept, promises"),
    ("partly_kept", "Partly kept"),
    ("partly_kept_count", "Partly kept, promises"),
    ("partly_kept_paid", "Paid of partly kept"),
    ("broken", "Broken"),
    ("broken_count", "Broken, promises"),
    ("cancelled_count", "Cancelled, promises"),
    ("kept_by_count", "Kept, by count"),
    ("kept_by_amount", "Kept, by amount"),
    ("touches", "Touches"),
    ("responded", "Responded"),
    ("answered", "Answered"),
    ("promised", "Promised after"),
    ("paid", "Paid after"),
    ("response_rate", "Response rate"),
    ("unpriced", "Of unknown cost"),
    ("cost_per_collected", "Cost of each unit collected"),
    ("touches_per_settled", "Touches for each settled invoice"),
    ("owing", "Customers that owe"),
    ("top_1", "Largest"),
    ("top_5", "Largest 5"),
    ("top_10", "Largest 10"),
    ("top_20", "Largest 20"),
    ("average", "Mean rating"),
    ("1", "Rated 1, hard"),
    ("5", "Rated 5, easy"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_columns_share_a_title() {
        let (names, titles): (BTreeSet<&str>, BTreeSet<&str>) = TITLES.iter().copied().unzip();
        assert_eq!((names.len(), titles.len()), (TITLES.len(), TITLES.len()));
        assert_eq!((column_title("past_due"), column_title("2")), ("Past due", "2"));
    }
}
