//! Workflows: the plan by which due items are chased.

use serde::{Deserialize, Serialize};

use crate::{AttachedDocument, Channel, Role, StricterTerms, word};

mod compiled;
mod finding;
mod left_to_people;
mod migration;
mod offset;
mod prove;
mod read;
mod receipt_time;
#[cfg(test)]
mod schema_tests;
mod statement_plan;
pub mod validate;

pub use compiled::{Compiled, CompiledWorkflow};
pub use finding::{Finding, RULES, Severity};
pub use left_to_people::left_to_people;
pub use migration::{Carried, Migration, carried_back, carried_on, migration_flaws};
pub use prove::{days_to_next, prove, prove_migration};
pub use read::read;
pub use receipt_time::ReceiptTime;
pub use statement_plan::{STATEMENT_DAY_MAX, StatementDay, StatementEvery, StatementPlan};
pub use validate::{CLEARING_BUSINESS_DAYS, Flaw, PublishContext, flaws};

/// An immutable published revision of a workflow, or one on its way to being published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// One to 64 of `a-z 0-9 - _`.
    pub id: String,
    /// The published version, from 1; 0 before publishing. The API sets it, a caller's is ignored.
    #[serde(default)]
    pub version: u32,
    /// For people.
    pub name: String,
    /// Who drives.
    pub scope: Scope,
    /// Highest wins where several apply; then the smaller id.
    #[serde(default = "default_priority")]
    pub priority: i32,
    /// CEL subset; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_when: Option<String>,
    /// CEL subset; while it holds, the case is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_when: Option<String>,
    /// Least civil days between two contacts of a customer, ISO 8601 days.
    #[serde(default = "default_min_gap")]
    pub min_gap: Days,
    /// Statements by the calendar, beside the steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementPlan>,
    /// In order, at least one.
    pub steps: Vec<Step>,
}

fn default_priority() -> i32 {
    100
}

fn default_min_gap() -> Days {
    Days(3)
}

/// Who drives a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The oldest due item that has something due now and a step left.
    Customer,
    /// Each due item by itself.
    Invoice,
}

/// One timed action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// One to 64 of `a-z 0-9 - _`, unlike every other step's.
    pub id: String,
    /// When.
    pub at: At,
    /// CEL subset; where it is false when the step falls due, the step is skipped and the skip recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Until when the step, and those behind it, wait once it would be due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// By when the message asks to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_by: Option<PayBy>,
    /// How often the step comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// What happens when the step is late.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// Whether the planned distance to the step before is kept when that one was late.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keep_distance: bool,
    /// Whether a person must approve first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// How long the step waits for that at most, ISO 8601 days from the day on which it was asked for; for good when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve_within: Option<Days>,
    /// What becomes of the step that nobody approved or refused in that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<AfterWait>,
    /// What it does.
    pub action: Action,
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Step {
    /// A step that does something at a moment, and says no more.
    pub fn new(id: &str, at: At, action: Action) -> Self {
        Self {
            id: id.to_owned(),
            at,
            when: None,
            wait: None,
            pay_by: None,
            repeat: None,
            catch_up: CatchUp::default(),
            keep_distance: false,
            approval: None,
            approve_within: None,
            then: None,
            action,
        }
    }

    /// Whether it reminds of a promise before its day: a message that stands beside the ladder, because what was promised is kept back and nothing
    /// of it is chased.
    pub fn reminds_of_promise(&self) -> bool {
        let sends = match self.action {
            Action::Send(_) => true,
            Action::Task(_)
            | Action::Notify(_)
            | Action::Escalate(_)
            | Action::CreditHold(_)
            | Action::ChangeTerms(_)
            | Action::HandOff(_)
            | Action::Fee(_) => false,
        };
        sends && self.at.anchor == Anchor::PromiseDate && self.at.offset.is_negative()
    }

    /// How often it comes.
    pub fn times(&self) -> u32 {
        self.repeat.map_or(1, |repeat| repeat.times.clamp(1, validate::REPEAT_TIMES.1))
    }
}

/// By when a message asks to be paid: a date that it names, and that the steps after it respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayBy {
    /// Civil days from the day of sending where the person is.
    pub days: i32,
}

/// That a step comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How long after the time before.
    pub every: Days,
    /// How often in all.
    pub times: u32,
}

/// That a step waits until a condition holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// CEL subset: while it is false, the step waits.
    pub until: String,
    /// How long at most, counted from the day on which the step would have been due.
    pub at_most: Days,
    /// What becomes of the step after that.
    pub then: AfterWait,
}

/// What becomes of a step that waited as long as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterWait {
    /// It is skipped, recorded.
    Skip,
    /// It is done all the same.
    Do,
}

/// Whether a person must approve a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// A task asks for approval; the step is done when it is given.
    Required,
}

/// A step's moment, before gaps, holds and windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// What the offset counts from.
    pub anchor: Anchor,
    /// How far from it.
    pub offset: Offset,
}

/// What an offset counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The invoice's issue date.
    InvoiceDate,
    /// The due item's due date.
    DueDate,
    /// The day on which the step before was satisfied.
    PreviousStep,
    /// The day on which the case opened.
    CaseOpened,
    /// The day of the customer's latest promise.
    PromiseDate,
}

/// A distance: civil days (`"P5D"`, `"-P5D"`), months (`"P1M"`, `{"months": 1, "end_of_month": true}`), or business days
/// (`{"business_days": 5}`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// Civil days, negative before the anchor.
    Days(Days),
    /// Calendar months, negative before the anchor.
    Months {
        /// How many.
        months: i32,
        /// Whether the last day of the month that they lead to is meant.
        end_of_month: bool,
    },
    /// Business days of the tenant's calendar, negative before the anchor.
    Business {
        /// How many.
        business_days: i32,
    },
}

impl Offset {
    /// Whether it lies before its anchor.
    pub fn is_negative(&self) -> bool {
        match self {
            Self::Days(days) => days.0 < 0,
            Self::Months { months, .. } => *months < 0,
            Self::Business { business_days } => *business_days < 0,
        }
    }
}

/// The longest [`Days`] that are read, about ten years.
pub const DAYS_MAX: i32 = 3_650;

/// A count of civil days whose text form is ISO 8601: `P5D`, `-P5D`, `P2W`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Days(pub i32);

impl TryFrom<String> for Days {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        // By hand: a general parser of durations also takes hours, fractions and "5 days".
        let wrong =
            || format!("'{}' is not a duration in days such as 'P5D' or '-P5D'", text.chars().take(32).collect::<String>());
        let count = |digits: &str| {
            let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<i32>().ok()).flatten()
        };
        let (sign, rest) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
        let rest = rest.strip_prefix('P').ok_or_else(wrong)?;
        let (weeks, rest) = match rest.split_once('W') {
            Some((digits, rest)) => (count(digits).ok_or_else(wrong)?, rest),
            None => (0, rest),
        };
        let days = match rest.strip_suffix('D') {
            Some(digits) => count(digits).ok_or_else(wrong)?,
            None if rest.is_empty() && text.ends_with('W') => 0,
            None => return Err(wrong()),
        };
        let total = weeks * 7 + days;
        if total <= DAYS_MAX { Ok(Self(sign * total)) } else { Err(format!("'{text}' is over {DAYS_MAX} days")) }
    }
}

impl From<Days> for String {
    fn from(days: Days) -> Self {
        if days.0 < 0 { format!("-P{}D", -days.0) } else { format!("P{}D", days.0) }
    }
}

/// What happens when a step's day went by: after an outage, or because the item arrived already overdue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// The lowest unsatisfied step goes first.
    #[default]
    Lowest,
    /// A later step that is due as well goes instead; this one is skipped, recorded.
    Highest,
    /// A step whose day went by is skipped, recorded.
    Skip,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Writes to the customer.
    Send(Send),
    /// Asks a person to do something.
    Task(TaskAction),
    /// Tells people of the tenant.
    Notify(Notify),
    /// Hands judgement to a person.
    Escalate(Notify),
    /// Stops supply.
    CreditHold(CreditHold),
    /// Asks for stricter terms of payment.
    ChangeTerms(ChangeTerms),
    /// Gives the matter to an agency.
    HandOff(HandOff),
    /// Charges for the delay.
    Fee(Fee),
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// In order of preference; the first usable is taken.
    #[serde(deserialize_with = "word::known_each")]
    pub channels: Vec<Channel>,
    /// The template's id.
    pub template: String,
    /// Roles in order of preference.
    #[serde(deserialize_with = "word::known_each")]
    pub to: Vec<Role>,
    /// What happens when nobody can be reached.
    #[serde(default)]
    pub fallback: Fallback,
    /// How many further people of the roles get a message of their own about the same; at most 5.
    #[serde(default)]
    pub copies: u32,
    /// How long a message may take to arrive before the next channel is tried; for good when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ReceiptTime>,
    /// What its mails carry as files; nothing by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attach: Vec<AttachedDocument>,
}

/// What happens when a step can reach nobody; the step is missed either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// A person gets a task.
    #[default]
    Task,
    /// Only the exception.
    None,
}

/// A task for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskAction {
    /// What to do.
    pub title: String,
    /// Who: a role or name of the tenant's.
    #[serde(default)]
    pub to: Option<String>,
    /// How long they have, ISO 8601 days.
    #[serde(default)]
    pub due_in: Option<Days>,
}

/// Whom to tell, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// A role or name of the tenant's.
    pub to: String,
    /// `email`, `slack`, `teams`, `sns`.
    #[serde(default)]
    pub via: Vec<String>,
    /// Whether they are told at once, whatever the hour.
    #[serde(default)]
    pub urgent: bool,
}

/// Stops supply to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditHold {
    /// How long whoever carries it out has to say so, ISO 8601 days.
    #[serde(default = "usual_confirm_within")]
    pub confirm_within: Days,
}

/// Asks for stricter terms of payment of the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeTerms {
    /// The terms.
    pub terms: StricterTerms,
    /// How long whoever carries it out has to say so, ISO 8601 days.
    #[serde(default = "usual_confirm_within")]
    pub confirm_within: Days,
}

fn usual_confirm_within() -> Days {
    Days(3)
}

/// Gives the matter to an agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOff {
    /// Which.
    pub agency: String,
}

/// A charge for the delay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// Fixed or by law.
    pub kind: FeeKind,
    /// Minor units of the case's currency, for a fixed fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
}

/// How a fee is reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeKind {
    /// The amount that the step states.
    Fixed,
    /// What the law of the place allows.
    Statutory,
}

impl Action {
    /// The text form of the kind, as in traces and events.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Send(_) => "send",
            Self::Task(_) => "task",
            Self::Notify(_) => "notify",
            Self::Escalate(_) => "escalate",
            Self::CreditHold(_) => "credit_hold",
            Self::ChangeTerms(_) => "change_terms",
            Self::HandOff(_) => "hand_off",
            Self::Fee(_) => "fee",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_and_write() {
        for (text, days) in [("P5D", 5), ("-P5D", -5), ("P2W", 14), ("P1W3D", 10), ("P0D", 0), ("-P0D", 0), ("P3650D", 3650)] {
            assert_eq!(Days::try_from(text.to_owned()), Ok(Days(days)));
        }
        for text in [
            "P1M", "PT5H", "5", "", "P99999D", "P3651D", "P522W", "5 days", "p5d", "P", "-P", "PD", "PW", "P5", "P-5D", "+P5D",
            "P1DT0S", "P1D1W", "P1.5D", " P5D", "--P5D", "P5D\u{0}", "P٥D",
        ] {
            assert!(Days::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert_eq!(String::from(Days(-5)), "-P5D");
    }
}
