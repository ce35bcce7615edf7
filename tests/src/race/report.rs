//! What a race came to.

use std::{collections::BTreeMap, fmt};

use local::Crashed;

use super::{LISTENER, Place, READER, judge::Flaws};
use crate::faults::judge::Verdict;

/// What a race came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The source that was read.
    pub source: &'static str,
    /// The seed.
    pub seed: u64,
    /// Places that were played.
    pub places: Vec<Place>,
    /// Places that no invocation reached.
    pub unreached: Vec<Place>,
    /// The crashes that came.
    pub crashes: Vec<Crashed>,
    /// The most calls of one invocation of the reader, those of the vendor included.
    pub calls_most: u32,
    /// Calls of the vendor.
    pub vendor_calls: u64,
    /// Refresh tokens that were exchanged.
    pub refreshes: u64,
    /// How often a person had to connect again because an answer with tokens was lost.
    pub reconnects: u64,
    /// Exceptions that said that open balances had differed from the books.
    pub differed: usize,
    /// How often the table was held against the books.
    pub compared: usize,
    /// Where it was not as the books, a poll interval after the last thing went wrong.
    pub unequal: Vec<String>,
    /// Changes that people made in the books.
    pub changes: usize,
    /// Webhooks that were delivered.
    pub webhooks: usize,
    /// Days on which the vendor was away for hours, and a person heard of it.
    pub told: usize,
    /// What the outbox and the table say of the messages.
    pub verdict: Verdict,
    /// What the outbox says against the books.
    pub found: Flaws,
}

impl Report {
    /// Crashes of a function; those around calls of the vendor only, or all.
    pub fn crashes_of(&self, function: &str, only_vendor: bool) -> usize {
        let of_vendor = |crash: &&Crashed| !only_vendor || crash.what.starts_with(&format!("{}:", self.source));
        self.crashes.iter().filter(|crash| crash.function == function).filter(of_vendor).count()
    }

    /// What readers died around, and how often.
    pub fn crashes_by_call(&self) -> BTreeMap<String, usize> {
        let mut by_call = BTreeMap::new();
        for crash in &self.crashes {
            *by_call.entry(format!("{} {}", crash.function, crash.what)).or_default() += 1;
        }
        by_call
    }

    /// Everything that is wrong.
    pub fn flaws(&self) -> Vec<String> {
        let of = |word: &str, lines: &[String]| lines.iter().map(|line| format!("{word}: {line}")).collect::<Vec<_>>();
        let mut flaws = of("unequal", &self.unequal);
        flaws.extend(of("settled", &self.found.settled));
        flaws.extend(of("stale", &self.found.stale));
        flaws.extend(of("twice", &self.verdict.twice));
        flaws.extend(of("lost", &self.verdict.lost));
        // Reading anew cannot see what was settled meanwhile; whoever did not have to must find nothing.
        if self.reconnects == 0 && self.differed > 0 {
            flaws.push(format!("{} comparisons found what polls had lost", self.differed));
        }
        flaws
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, verdict) = (&self.found, &self.verdict);
        write!(
            f,
            "{}, seed {}: {} places, {} not reached; crashes: {} of {READER}, {} of them around calls of the vendor, {} of {LISTENER}; \
             {} vendor calls, {} refreshes, {} reconnects; {} changes in the books, {} webhooks; {} times compared, {} invoices unequal; {} messages; \
             {} about what was settled, {} on stale books, {} twice, {} lost",
            self.source,
            self.seed,
            self.places.len(),
            self.unreached.len(),
            self.crashes_of(READER, false),
            self.crashes_of(READER, true),
            self.crashes_of(LISTENER, false),
            self.vendor_calls,
            self.refreshes,
            self.reconnects,
            self.changes,
            self.webhooks,
            self.compared,
            self.unequal.len(),
            verdict.accepted,
            found.settled.len(),
            found.stale.len(),
            verdict.twice.len(),
            verdict.lost.len(),
        )
    }
}
