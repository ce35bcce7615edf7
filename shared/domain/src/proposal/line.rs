//! A dispute of one line of an invoice: which line is meant, and how much of it.

use crate::{BilledLine, DisputedLine, NamedLine};

/// A line that is contested, and what it comes to.
pub(super) struct Meant {
    pub(super) line: DisputedLine,
    pub(super) amount_minor: i64,
}

impl Meant {
    /// The line that somebody names among those of its invoice; `amount_minor` is how much of it they contest, where they say that.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub(super) fn of(named: &NamedLine, lines: &[BilledLine], amount_minor: Option<i64>) -> Result<Self, (String, String)> {
        let Some((position, line)) = named.among(lines) else { return Err(("/line".to_owned(), no_line(lines))) };
        let most = line.amount_minor;
        if most <= 0 {
            let detail = format!("the line comes to {most} minor units, of which nothing can be contested; leave line out");
            return Err(("/line".to_owned(), detail));
        }
        if amount_minor.is_some_and(|minor| minor > most) {
            return Err(("/amount_minor".to_owned(), format!("the line comes to {most} minor units")));
        }
        Ok(Self { line: DisputedLine::of(position, line), amount_minor: most })
    }
}

fn no_line(lines: &[BilledLine]) -> String {
    match lines.len() {
        0 => "no lines of this invoice are known; leave line out, and say amount_minor for a part of it".to_owned(),
        most => format!("the invoice has no such line: it has {most}; name one by its place, from 1, or by its external_id"),
    }
}
