//! A family of customers while its schedule is played: what it owes, what it began to pay, and what was seen of it.

use domain::CustomerId;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{
    books::Books,
    evidence::{ByInvoice, Seen, Standing, What},
    schedule::{Schedule, Step},
};

/// A basket to whose page the payer was led.
pub struct Begun {
    /// Its id.
    pub id: String,
    /// Whose page.
    pub provider: &'static str,
    /// What it is for.
    pub lines: ByInvoice,
    /// How it stood when it was last looked at.
    pub standing: Option<Standing>,
    /// Its entry in the books, once there is one.
    pub entry: Option<String>,
}

impl Begun {
    /// What was asked for, minor units.
    pub fn asked(&self) -> i64 {
        self.lines.values().sum()
    }

    /// What came, when it was last looked at, minor units.
    pub fn received(&self) -> i64 {
        self.standing.as_ref().map_or(0, |standing| standing.received_minor)
    }
}

/// A family.
pub struct Family {
    /// What happens to it.
    pub schedule: Schedule,
    /// Its name, which its paying customer has as id.
    pub name: String,
    /// What the books say.
    pub books: Books,
    /// The paying customer.
    pub customer: CustomerId,
    /// Where its page is.
    pub path: String,
    /// When it is reminded for the second time, on the second day past due.
    pub moment: Timestamp,
    /// What was begun to be paid, in order.
    pub begun: Vec<Begun>,
    /// What was seen.
    pub seen: Vec<Seen>,
}

impl Family {
    /// Notes what was seen, when so many mails had left.
    pub fn see(&mut self, at: Timestamp, mails: u64, what: What) {
        self.seen.push(Seen { at, mails, what });
    }

    /// A basket, counted from the newest.
    pub fn newest(&mut self, basket: usize) -> Option<&mut Begun> {
        let count = self.begun.len();
        let place = count.checked_sub(1)? - basket % count;
        self.begun.get_mut(place)
    }

    /// When a step is done.
    pub fn at(&self, step: &Step) -> Timestamp {
        let hours = (step.day - SECOND_DAY) * 24;
        self.moment.checked_add(hours.hours()).map_or(self.moment, |day| day + SignedDuration::from_mins(step.minute))
    }
}

/// The day of the second reminder, in days past due.
const SECOND_DAY: i64 = 2;
