//! What an action in bulk is asked: with whom, and what is done with each; and what is wrong with that.

use domain::{Currency, Settings, calendar::tenant_zone, owners::OWNER_MAX};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use store::Head;

use crate::{Done, NotDone, matter};

/// Most customers that are named by their ids.
pub const IDS_MAX: usize = 1_000;
/// Longest id of a customer or workflow, in characters.
const ID_MAX: usize = 64;
/// Longest text of a note, in characters.
const TEXT_MAX: usize = 2_000;
/// Longest title of a task, in characters.
const TITLE_MAX: usize = 200;

/// Which customers a filter takes. All that it names has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkFilter {
    /// Those that a person gave to this owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Those with a case by this workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Those who owe in this currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Those of whom at least so much was past due in that currency when they were last decided, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_at_least_minor: Option<i64>,
}

impl BulkFilter {
    /// Whether it names nothing, and so takes everybody.
    pub fn names_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it takes a customer of those whom it looks at.
    pub(super) fn takes(&self, head: &Head) -> bool {
        let least = self.overdue_at_least_minor.unwrap_or(i64::MIN);
        let owes = |currency: &Currency| head.owed.get(currency).is_some_and(|owed| owed.overdue_minor >= least);
        self.currency.as_ref().is_none_or(owes)
            && self.workflow.as_ref().is_none_or(|id| head.cases.values().any(|case| case.workflow == *id))
    }
}

/// What is done with each customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// Nobody is chased, until a last day or until somebody ends it. Undone by ending it.
    Pause {
        /// The last day.
        until_on: Option<Date>,
    },
    /// The customer gets this owner. Undone by the owner before.
    Assign {
        /// The owner.
        owner: String,
    },
    /// A task is raised. Undone by ending it as not done.
    Task {
        /// One line.
        title: String,
        /// Who is to do it.
        to: Option<String>,
        /// On which day.
        due_on: Option<Date>,
    },
    /// A note is made. Undone by taking it away.
    Note {
        /// What it says.
        text: String,
    },
    /// The case in a currency goes on by another workflow. Undone while no decision has done it.
    Move {
        /// The currency of the case.
        currency: Currency,
        /// The workflow.
        workflow: String,
    },
}

impl BulkAction {
    /// Its word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Assign { .. } => "assign",
            Self::Task { .. } => "task",
            Self::Note { .. } => "note",
            Self::Move { .. } => "move",
        }
    }

    /// The same without what a person wrote: nothing that undoes it needs that.
    #[must_use]
    pub fn without_words(self) -> Self {
        match self {
            Self::Task { to, due_on, .. } => Self::Task { title: String::new(), to, due_on },
            Self::Note { .. } => Self::Note { text: String::new() },
            Self::Pause { .. } | Self::Assign { .. } | Self::Move { .. } => self,
        }
    }
}

/// What is done with whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkWhat {
    /// The customers, where they are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// Which customers otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<BulkFilter>,
    /// What is done.
    pub action: BulkAction,
}

/// One action on many customers, as somebody asks for it.
#[derive(Clone, Debug)]
pub struct BulkAsked {
    /// What, and with whom.
    pub what: BulkWhat,
    /// Whether it is only to be said what would be done.
    pub dry_run: bool,
    /// How many customers are meant.
    pub confirm_count: Option<u64>,
}

impl BulkWhat {
    /// What is wrong with it, whoever it is done with.
    ///
    /// # Errors
    ///
    /// [`NotDone::Fields`] with every flaw.
    pub(super) fn check(&self, settings: &Settings, now: Timestamp) -> Done<()> {
        let mut flaws = Vec::new();
        let mut flaw = |pointer: &str, detail: &str| flaws.push((pointer.to_owned(), detail.to_owned()));
        match (&self.ids, &self.filter) {
            (Some(ids), None) if ids.is_empty() || ids.len() > IDS_MAX => {
                flaw("/ids", &format!("name 1 to {IDS_MAX} customers, or say by a filter which are meant"));
            }
            (None, Some(filter)) if filter.overdue_at_least_minor.is_some() && filter.currency.is_none() => {
                flaw("/filter/currency", "an amount needs its currency");
            }
            (Some(_), Some(_)) => flaw("/filter", "name ids or a filter, not both"),
            (None, None) => flaw("/ids", "name the customers by ids, or by a filter"),
            (Some(_), None) | (None, Some(_)) => {}
        }
        let is_longer = |text: &str, most: usize| text.chars().count() > most;
        for (at, _) in self.ids.iter().flatten().enumerate().take(IDS_MAX).filter(|(_, id)| is_longer(id.as_str(), ID_MAX)) {
            flaw(&format!("/ids/{at}"), &format!("a customer's id is `cus_…` and has at most {ID_MAX} characters"));
        }
        let filter = self.filter.as_ref();
        if filter.and_then(|filter| filter.owner.as_ref()).is_some_and(|owner| is_longer(owner.as_str(), OWNER_MAX)) {
            flaw("/filter/owner", &format!("an owner has at most {OWNER_MAX} characters"));
        }
        if filter.and_then(|filter| filter.workflow.as_ref()).is_some_and(|id| is_longer(id.as_str(), ID_MAX)) {
            flaw("/filter/workflow", &format!("the id of a workflow has at most {ID_MAX} characters"));
        }
        let today = now.to_zoned(tenant_zone(settings)).date();
        let past = |on: &Option<Date>| on.is_some_and(|on| on < today);
        match &self.action {
            BulkAction::Pause { until_on } if past(until_on) => flaw("/action/pause/until_on", "the day has passed"),
            BulkAction::Task { due_on, .. } if past(due_on) => flaw("/action/task/due_on", "the day has passed"),
            BulkAction::Pause { .. }
            | BulkAction::Task { .. }
            | BulkAction::Assign { .. }
            | BulkAction::Note { .. }
            | BulkAction::Move { .. } => {}
        }
        match &self.action {
            BulkAction::Pause { .. } => {}
            BulkAction::Assign { owner } => needed("/action/assign/owner", owner, OWNER_MAX, &mut flaws),
            BulkAction::Task { title, to, .. } => {
                needed("/action/task/title", title, TITLE_MAX, &mut flaws);
                matter::text("/action/task/to", to.as_deref(), OWNER_MAX, &mut flaws);
            }
            BulkAction::Note { text } => needed("/action/note/text", text, TEXT_MAX, &mut flaws),
            BulkAction::Move { workflow, .. } => needed("/action/move/workflow", workflow, ID_MAX, &mut flaws),
        }
        if flaws.is_empty() { Ok(()) } else { Err(NotDone::Fields(flaws)) }
    }
}

/// A text that is needed.
fn needed(pointer: &str, text: &str, most: usize, flaws: &mut Vec<(String, String)>) {
    let before = flaws.len();
    if matter::text(pointer, Some(text), most, flaws).is_none() && before == flaws.len() {
        flaws.push((pointer.to_owned(), "it is needed".to_owned()));
    }
}
