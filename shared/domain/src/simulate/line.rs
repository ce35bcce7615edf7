//! What would happen, a line each, and sums of lines.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{Channel, Covered, Currency, CustomerId, TaskKind};

/// Something that would happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// Whose matter it is.
    pub customer: CustomerId,
    /// What.
    pub what: Expected,
    /// The workflow of its case; empty where it is no case's.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub workflow: CompactString,
    /// The currency of its case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The due items and steps that it stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Covered>,
}

/// What would happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Expected {
    /// A message would leave.
    Message {
        /// By which channel.
        channel: Channel,
        /// To whom: the contact's external id.
        contact: CompactString,
        /// By which template.
        template: CompactString,
    },
    /// Work for a person would be raised.
    Work {
        /// What kind: a step's task, an escalation, an exception.
        work: TaskKind,
        /// Who should do it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<CompactString>,
        /// The step that asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<CompactString>,
    },
}

impl Happening {
    /// The steps that it stands for, each once.
    pub fn steps(&self) -> BTreeSet<&str> {
        let asked = match &self.what {
            Expected::Work { step, .. } => step.as_deref(),
            Expected::Message { .. } => None,
        };
        self.rows.iter().map(|row| row.step.as_str()).chain(asked).collect()
    }
}

/// What kept customers waiting on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayWaits {
    /// Decisions of the day by why nothing was sent, in the words of `because`: holds, rules of the guard that only delay, and the like.
    #[serde(default)]
    pub because: BTreeMap<String, u32>,
    /// Customers whom the cap of an hour made wait.
    #[serde(default)]
    pub hour_full: u32,
    /// Customers whom the cap of the day made wait.
    #[serde(default)]
    pub day_full: u32,
    /// Messages that could not leave, by what the settings lack: a sender of the channel, or one that the operator listed.
    #[serde(default)]
    pub no_sender: u32,
    /// Messages that the guard stopped right before their sender would have called the provider.
    #[serde(default)]
    pub stopped: u32,
}

/// Lines of a day, channel and step, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HappeningSums {
    /// Messages by day in the tenant's zone, then channel, then step.
    pub messages: BTreeMap<Date, BTreeMap<Channel, BTreeMap<String, u32>>>,
    /// Work for people by day, then kind.
    pub work: BTreeMap<Date, BTreeMap<TaskKind, u32>>,
    /// Customers who would get a message, by how many.
    pub customers_by_messages: BTreeMap<u32, u32>,
    /// Messages by channel.
    pub by_channel: BTreeMap<Channel, u32>,
    /// The most that one person of a customer would get on one day.
    pub most_a_person_and_day: u32,
}

/// Counts lines as they come, in the order of their instants: it holds a count a customer and one a person of the day, and no line.
#[derive(Clone, Debug)]
pub struct HappeningTally {
    zone: TimeZone,
    sums: HappeningSums,
    of_customer: BTreeMap<CustomerId, u32>,
    /// The day of the last message, and what each person got on it.
    day: Option<Date>,
    of_person: BTreeMap<(CustomerId, CompactString), u32>,
}

impl HappeningTally {
    /// Nothing yet; days are those of a zone.
    pub fn new(zone: TimeZone) -> Self {
        Self { zone, sums: HappeningSums::default(), of_customer: BTreeMap::new(), day: None, of_person: BTreeMap::new() }
    }

    /// Counts a line. A message that stands for several steps counts for each of them by step, and once elsewhere.
    pub fn add(&mut self, line: &Happening) {
        let day = line.at.to_zoned(self.zone.clone()).date();
        let sums = &mut self.sums;
        match &line.what {
            Expected::Message { channel, contact, .. } => {
                let steps = sums.messages.entry(day).or_default().entry(*channel).or_default();
                for step in line.steps() {
                    *steps.entry(step.to_owned()).or_default() += 1;
                }
                *sums.by_channel.entry(*channel).or_default() += 1;
                *self.of_customer.entry(line.customer.clone()).or_default() += 1;
                if self.day != Some(day) {
                    self.of_person.clear();
                    self.day = Some(day);
                }
                let got = self.of_person.entry((line.customer.clone(), contact.clone())).or_default();
                *got += 1;
                sums.most_a_person_and_day = sums.most_a_person_and_day.max(*got);
            }
            Expected::Work { work, .. } => *sums.work.entry(day).or_default().entry(*work).or_default() += 1,
        }
    }

    /// What was counted.
    pub fn finish(self) -> HappeningSums {
        let mut sums = self.sums;
        for count in self.of_customer.into_values() {
            *sums.customers_by_messages.entry(count).or_default() += 1;
        }
        sums
    }
}

/// Counts lines that are in the order of their instants.
pub fn sums(lines: &[Happening], zone: &TimeZone) -> HappeningSums {
    let mut tally = HappeningTally::new(zone.clone());
    for line in lines {
        tally.add(line);
    }
    tally.finish()
}
