//! Codes of six digits that are sent to the address of a portal link. Whoever enters one shows that they read what comes to the address, which
//! the link alone does not show: links are passed on.
//!
//! | what | bound |
//! |---|---|
//! | a code lives | [`CODE_MINUTES`] minutes |
//! | a code may be tried | [`TRIES_MAX`] times, right or wrong, and is good once |
//! | codes of an address | [`OF_ADDRESS`]: 3 within any hour |
//! | codes of a customer, whatever the address | [`OF_CUSTOMER`]: 20 within any 24 hours |
//! | answers to an address by themselves | [`OF_ANSWERS`]: 1 within any 24 hours |
//! | changes of how a customer's people are written to | [`OF_CHANGES`]: 20 within any 24 hours |
//! | the same again | within [`AGAIN_AFTER_S`] seconds of the one before no further code is sent |
//! | who entered one is known by it | [`CONFIRMED_MINUTES`] minutes |
//!
//! The hour and the day end with each instant and not with the clock's, so that nobody has six codes around the turn of an hour. Whoever guesses has
//! 5 tries in 1,000,000 with each code: at most 15 an hour at an address, and 100 a day at a customer. New links that somebody asks for who came
//! by an expired one have the same bounds, and are counted apart.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::CodeRequestId;

/// How many digits a code has.
const CODE_DIGITS: usize = 6;
/// How many codes there are.
const CODES: u64 = 1_000_000;
/// How long a code is good, in minutes.
pub const CODE_MINUTES: i64 = 10;
/// How often a code may be tried.
pub const TRIES_MAX: u32 = 5;
/// How long somebody who entered a code is known by it, in minutes.
pub const CONFIRMED_MINUTES: i64 = 30;
/// For how long asking again changes nothing, in seconds: a form that was posted twice is one.
pub const AGAIN_AFTER_S: i64 = 60;
/// How often an address may be asked for.
pub const OF_ADDRESS: AskingLimit = AskingLimit { most: 3, within: SignedDuration::from_hours(1) };
/// How often a customer may be, at all of its addresses.
pub const OF_CUSTOMER: AskingLimit = AskingLimit { most: 20, within: SignedDuration::from_hours(24) };
/// How often it may be changed by a customer's links how its people are written to: each change is decided on anew, and noted for good.
pub const OF_CHANGES: AskingLimit = AskingLimit { most: 20, within: SignedDuration::from_hours(24) };

/// How often an address is answered by itself, whatever is sent from there: two machines that answer each other end with the first answer.
pub const OF_ANSWERS: AskingLimit = AskingLimit { most: 1, within: SignedDuration::from_hours(24) };

/// What is counted of those who came by a portal link: what they have sent to the link's own address, and what they change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkAsk {
    /// A code.
    Code,
    /// The link that is good now, of one that expired.
    NewLink,
    /// How the customer's people are written to is changed. Nothing is sent.
    Change,
    /// The copies that an answer to a message asks for.
    Answer,
}

impl LinkAsk {
    /// The word under which it is counted.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::NewLink => "new_link",
            Self::Change => "change",
            Self::Answer => "answer",
        }
    }
}

/// A code. Whoever has it passes for who reads the address: it is never logged and never kept.
#[derive(Clone, PartialEq, Eq)]
pub struct PortalCode(String);

impl PortalCode {
    /// The code of a number: its last six digits.
    pub fn of(number: u64) -> Self {
        Self(format!("{:06}", number % CODES))
    }

    /// Reads what somebody typed: six digits, whatever blanks and hyphens stand between them. `None` for what cannot be a code.
    pub fn read(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|each| !each.is_whitespace() && *each != '-').collect();
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        (digits.len() == CODE_DIGITS && plain).then_some(Self(digits))
    }

    /// Its six digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PortalCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PortalCode(…)")
    }
}

/// A code that was asked for, without the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRequest {
    /// Its id.
    pub id: CodeRequestId,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// When it was entered, which makes it void.
    pub entered_at: Option<Timestamp>,
}

/// How a code stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeStanding {
    /// It may be tried so many times more.
    Open(u32),
    /// Its time is over.
    Expired,
    /// It was tried as often as it may be.
    UsedUp,
    /// It was entered before.
    Entered,
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeGuess {
    /// It is the code.
    Right,
    /// It is not, and so many tries are left.
    Wrong(u32),
    /// The code is good no more, whatever was typed.
    Over(CodeStanding),
    /// No code was asked for.
    NoneAsked,
}

impl CodeRequest {
    /// A code that is asked for now.
    pub fn new(id: CodeRequestId, now: Timestamp) -> Self {
        Self { id, asked_at: now, tries: 0, entered_at: None }
    }

    /// From then on it is good no more.
    pub fn expires_at(&self) -> Timestamp {
        self.asked_at.checked_add(SignedDuration::from_mins(CODE_MINUTES)).unwrap_or(Timestamp::MAX)
    }

    /// How it stands.
    pub fn standing(&self, now: Timestamp) -> CodeStanding {
        if self.entered_at.is_some() {
            CodeStanding::Entered
        } else if self.tries >= TRIES_MAX {
            CodeStanding::UsedUp
        } else if self.expires_at() <= now {
            CodeStanding::Expired
        } else {
            CodeStanding::Open(TRIES_MAX - self.tries)
        }
    }

    /// Whether it was asked for just now and can be entered: asking once more sends no other one.
    pub fn is_just_asked(&self, now: Timestamp) -> bool {
        let is_open = matches!(self.standing(now), CodeStanding::Open(_));
        is_open && now.duration_since(self.asked_at) < SignedDuration::from_secs(AGAIN_AFTER_S)
    }

    /// The same after a try that was right or not, and what came of it. A code that is good no more counts no tries.
    #[must_use]
    pub fn tried(self, is_right: bool, now: Timestamp) -> (Self, CodeGuess) {
        match (self.standing(now), is_right) {
            (CodeStanding::Open(_), true) => {
                let tries = self.tries + 1;
                (Self { tries, entered_at: Some(now), ..self }, CodeGuess::Right)
            }
            (CodeStanding::Open(left), false) => {
                let tries = self.tries + 1;
                (Self { tries, ..self }, CodeGuess::Wrong(left - 1))
            }
            (over @ (CodeStanding::Expired | CodeStanding::UsedUp | CodeStanding::Entered), _) => (self, CodeGuess::Over(over)),
        }
    }
}

/// How often something may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskingLimit {
    /// So many times.
    pub most: usize,
    /// Within any span of this length.
    pub within: SignedDuration,
}

/// When something was asked for lately, the earliest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AskedLately(Vec<Timestamp>);

impl AskedLately {
    /// The same with one more now; nothing older than the limit's span is kept.
    ///
    /// # Errors
    ///
    /// When there is room again, where there is none.
    pub fn and_now(&self, limit: AskingLimit, now: Timestamp) -> Result<Self, Timestamp> {
        let counts = |at: &Timestamp| now.duration_since(*at) < limit.within;
        let mut at: Vec<Timestamp> = self.0.iter().copied().filter(counts).collect();
        at.sort_unstable();
        // The one that has to be over before there is room: clocks that differ may have left more than the limit.
        if let Some(first) = at.len().checked_sub(limit.most).and_then(|over| at.get(over)) {
            return Err(first.checked_add(limit.within).unwrap_or(Timestamp::MAX));
        }
        at.push(now);
        at.sort_unstable();
        Ok(Self(at))
    }
}

#[cfg(test)]
mod tests;
