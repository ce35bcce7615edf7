//! What happens in a schedule: drawn from a seed, before anything is known of what comes of it.

use serde::{Deserialize, Serialize};

use crate::faults::Random;

/// Totals of invoices, minor units: odd ones, so that a cent that is lost shows.
const TOTALS: [i64; 5] = [125_001, 50_000, 7_503, 100_099, 33_333];
/// Days past due on which the customer is reminded.
pub const REMINDED: [i64; 6] = [1, 2, 5, 6, 7, 12];
/// Days past due on which something happens: those of reminders, but for the first, which brings the link.
const DAYS: [i64; 6] = [2, 5, 6, 7, 12, 13];
/// Minutes from a day's reminder: before it, so that a payer is at the provider's page while it is due, at it, and after it.
const MINUTES: [i64; 14] = [-190, -60, -31, -30, -29, -20, -10, -5, -1, 0, 1, 15, 31, 120];
/// Steps of a schedule, at least and at most.
const STEPS: (u64, u64) = (4, 9);
/// The calls around which a function dies, at most.
const CALLS: u64 = 14;

/// Where a function dies: around which of its calls of AWS, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Death {
    /// Which call.
    pub call: u32,
    /// Before the call is made, or before its answer is seen.
    pub before: bool,
}

/// How a payer sends the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sends {
    /// Once.
    Once,
    /// The same form twice.
    Twice,
    /// The form, and that of another tab with the same choice.
    TwoTabs,
    /// The form, and another person does so by a link of their own.
    TwoPeople,
    /// `begin-payment` dies; the payer sends the same form again.
    Dies(Death),
    /// What `begin-payment` answered is lost; the payer sends the same form again.
    AnswerLost,
    /// What the provider answered is lost; the payer sends the same form again.
    ProviderLost,
}

/// How the provider's events of something come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// In order, at once.
    AtOnce,
    /// The last one first.
    Reversed,
    /// Each twice.
    Twice,
    /// Not now: with the next step that tells what was not told.
    Later,
    /// `ingest` dies over the first; the provider sends it again.
    Dies(Death),
    /// What the provider answers to `ingest` is lost; the provider sends its event again.
    AnswerLost,
}

/// What happens to a basket at its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The payer pays.
    Paid,
    /// The payer does their part, and the money is on its way.
    Pending,
    /// It arrives.
    Succeeded,
    /// It fails, late if it had arrived.
    Failed,
    /// It is given back.
    Refunded,
    /// The payer's bank takes it back.
    ChargedBack,
    /// Nobody pays in time.
    Expired,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Paid, Self::Pending, Self::Succeeded, Self::Failed, Self::Refunded, Self::ChargedBack, Self::Expired];

    /// This one, and then the others, round and round: the first that the provider allows happens.
    pub fn and_others(self) -> impl Iterator<Item = Self> {
        let from = Self::ALL.iter().position(|fate| *fate == self).unwrap_or(0);
        Self::ALL.into_iter().cycle().skip(from).take(Self::ALL.len())
    }

    /// The word, as doubles of providers take it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
            Self::ChargedBack => "charged_back",
            Self::Expired => "expired",
        }
    }
}

/// One thing that somebody does. Invoices are named by any number: the one at that place, counted round and round. So are baskets, the newest
/// first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// A payer sets out to pay a part of some invoices.
    Begin {
        /// Which, by place.
        invoices: Vec<usize>,
        /// How much of what can be paid of each.
        percent: i64,
        /// Which of the ways that the form offers.
        way: usize,
        /// How the form is sent.
        sends: Sends,
    },
    /// The payer gives a basket up.
    GiveUp {
        /// Which.
        basket: usize,
    },
    /// Something happens at the provider.
    Happens {
        /// To which basket.
        basket: usize,
        /// What; where that cannot be, the next thing that can.
        fate: Fate,
        /// Of how much of what was asked for; 100 leaves it to the provider.
        percent: i64,
        /// How it is told.
        told: Told,
    },
    /// The provider tells everything of a basket again, what was never told too.
    TellAll {
        /// Of which.
        basket: usize,
    },
    /// The books enter the payment of a basket.
    Enter {
        /// Of which.
        basket: usize,
        /// Whether the entry has our id as its reference.
        is_named: bool,
    },
    /// Money comes that only the books know.
    Elsewhere {
        /// For which invoice.
        invoice: usize,
        /// How much of what is open in the books.
        percent: i64,
    },
    /// The books take the newest such money back.
    Reverse,
    /// The books credit a part of what is open of an invoice.
    Credit {
        /// Which.
        invoice: usize,
        /// How much.
        percent: i64,
    },
    /// The books make an invoice void, if nothing was paid of it there.
    Void {
        /// Which.
        invoice: usize,
    },
    /// The books move an invoice to another customer of the same family, or back, if no payment of it was begun.
    Move {
        /// Which.
        invoice: usize,
    },
    /// A function that works by itself dies the next time that it runs.
    Dies {
        /// Which.
        function: String,
        /// Where.
        death: Death,
    },
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Days past due.
    pub day: i64,
    /// Minutes from the moment of the day at which the customer is reminded.
    pub minute: i64,
    /// What.
    pub act: Act,
}

/// The story of one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// What it was drawn from.
    pub seed: u64,
    /// What is owed, minor units.
    pub totals: Vec<i64>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Schedule {
    /// The schedule of a seed.
    pub fn of(seed: u64) -> Self {
        let mut draw = Draw(Random(seed));
        let totals: Vec<i64> = (0..2 + draw.below(2)).map(|_| draw.pick(&TOTALS)).collect();
        let count = STEPS.0 + draw.below(STEPS.1 - STEPS.0 + 1);
        let mut moments: Vec<(i64, i64)> = (0..count).map(|_| draw.moment()).collect();
        moments.sort_unstable();
        let mut steps: Vec<Step> = Vec::new();
        for (day, minute) in moments {
            // Without a basket nothing can happen to one.
            let act = match steps.last() {
                None => draw.begin(totals.len()),
                Some(last) => draw.follows(&last.act).unwrap_or_else(|| draw.act(totals.len())),
            };
            steps.push(Step { day, minute, act });
        }
        Self { seed, totals, steps }
    }
}

struct Draw(Random);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    fn place(&mut self) -> usize {
        usize::try_from(self.below(8)).unwrap_or(0)
    }

    /// A basket, counted from the newest.
    fn basket(&mut self) -> usize {
        self.pick(&[0, 0, 0, 0, 1, 1, 2, 3])
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        let at = usize::try_from(self.below(all.len() as u64)).unwrap_or(0);
        all[at]
    }

    /// Near the beginning more often than later, so that much happens to one basket.
    fn moment(&mut self) -> (i64, i64) {
        let days = self.pick(&[1, 2, 2, 3, DAYS.len() as u64]);
        let day = DAYS[usize::try_from(self.below(days)).unwrap_or(0)];
        (day, self.pick(&MINUTES))
    }

    /// The whole more often than a part.
    fn percent(&mut self) -> i64 {
        self.pick(&[100, 100, 100, 50, 33])
    }

    fn death(&mut self) -> Death {
        Death { call: 1 + u32::try_from(self.below(CALLS)).unwrap_or(0), before: self.below(2) == 0 }
    }

    fn begin(&mut self, invoices: usize) -> Act {
        let first = self.place() % invoices;
        let mut all = vec![first];
        if self.below(2) == 0 {
            all.push((first + 1) % invoices);
        }
        let sends = match self.below(12) {
            0 => Sends::Twice,
            1 | 2 => Sends::TwoTabs,
            3 => Sends::TwoPeople,
            4 | 5 => Sends::Dies(self.death()),
            6 => Sends::AnswerLost,
            7 => Sends::ProviderLost,
            _ => Sends::Once,
        };
        Act::Begin { invoices: all, percent: self.percent(), way: self.place(), sends }
    }

    fn happens(&mut self) -> Act {
        let fates = [
            Fate::Paid,
            Fate::Paid,
            Fate::Paid,
            Fate::Pending,
            Fate::Pending,
            Fate::Succeeded,
            Fate::Succeeded,
            Fate::Failed,
            Fate::Failed,
            Fate::Refunded,
            Fate::ChargedBack,
            Fate::Expired,
        ];
        let fate = self.pick(&fates);
        let percent = match (fate, self.below(8)) {
            (Fate::Paid, 0) => 90,
            (Fate::Paid, 1) => 110,
            (Fate::Refunded, 0..4) => 40,
            (Fate::ChargedBack, 0) => 40,
            _ => 100,
        };
        let told = match self.below(12) {
            0 | 1 => Told::Reversed,
            2 | 3 => Told::Twice,
            4 | 5 => Told::Later,
            6 | 7 => Told::Dies(self.death()),
            8 => Told::AnswerLost,
            _ => Told::AtOnce,
        };
        Act::Happens { basket: self.basket(), fate, percent, told }
    }

    /// What often comes next: who was sent on pays, what is pending comes or fails, what came is taken back. What is rare in life is played often.
    fn follows(&mut self, last: &Act) -> Option<Act> {
        let (basket, fates): (usize, &[Fate]) = match last {
            Act::Begin { .. } => (0, &[Fate::Paid, Fate::Pending, Fate::Pending]),
            Act::Happens { basket, fate: Fate::Pending, .. } => (*basket, &[Fate::Succeeded, Fate::Succeeded, Fate::Failed]),
            Act::Happens { basket, fate: Fate::Paid | Fate::Succeeded, .. } => (*basket, &[Fate::Refunded, Fate::ChargedBack]),
            _ => return None,
        };
        if self.below(2) == 0 {
            return None;
        }
        let (fate, told) = (self.pick(fates), self.pick(&[Told::AtOnce, Told::AtOnce, Told::Twice, Told::Later]));
        Some(Act::Happens { basket, fate, percent: 100, told })
    }

    fn act(&mut self, invoices: usize) -> Act {
        let invoice = |draw: &mut Self| draw.place() % invoices;
        match self.below(24) {
            0..5 => self.begin(invoices),
            5..14 => self.happens(),
            14 => Act::GiveUp { basket: self.basket() },
            15 => Act::TellAll { basket: self.basket() },
            16 | 17 => Act::Enter { basket: self.basket(), is_named: self.below(2) == 0 },
            18 => Act::Elsewhere { invoice: invoice(self), percent: self.percent() },
            19 => Act::Reverse,
            20 => Act::Credit { invoice: invoice(self), percent: self.pick(&[100, 25, 10]) },
            21 => Act::Void { invoice: invoice(self) },
            22 => Act::Move { invoice: invoice(self) },
            _ => {
                let function = self.pick(&["sweep", "dispatch", "send-email"]).to_owned();
                Act::Dies { function, death: self.death() }
            }
        }
    }
}
