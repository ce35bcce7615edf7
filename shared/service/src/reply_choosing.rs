//! A model chooses the class of an answer that the rules do not understand, where the tenant lets it: behind a trait, so that nothing here knows whose it is.
//!
//! ```text
//! unclear, of a person ─ setting? ─ words left? ─ time left? ─ counted ─ asked ─ a class and a draft of the lists, else what the rules said
//! ```
//!
//! What it chose stays unclear ([`ReplyRead::chosen`]), so that nothing is done by it without a person. Whatever goes wrong, what the rules said stands.

use std::pin::Pin;

use domain::{AnswerModelUse, AnswerSettings, Facts, HeardReply, ReplyRead, reply_question::ReplyQuestion};
use jiff::Timestamp;
use store::{Result, Store};

/// Shortest part of somebody's name that is not told by itself, in characters.
const PART_OF_NAME_MIN: usize = 4;

/// What a model says; `None` where it said nothing in time, or refused.
pub type ModelSays<'a> = Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>>;

/// A model that chooses among classes and drafts. What it says is read by [`ReplyQuestion::choice_in`], and nothing else of it is used.
pub trait AnswerModel: Send + Sync {
    /// What it is called, as the record of its choices names it.
    fn id(&self) -> &str;

    /// Whether there is time to ask it now.
    fn has_time(&self) -> bool;

    /// Asks it once, and waits no longer than it may.
    fn choose<'a>(&'a self, question: &'a ReplyQuestion) -> ModelSays<'a>;

    /// Takes note of what came of asking, or of not asking.
    fn note(&self, outcome: ModelOutcome);
}

/// What came of a model that might be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelOutcome {
    /// It chose a class and a draft.
    Chosen,
    /// What it said is no choice.
    NoChoice,
    /// It said nothing.
    Failed,
    /// It was not asked: the tenant's calls of the day are used up.
    DayIsUsedUp,
    /// It was not asked: there was no time left.
    NoTime,
}

impl ModelOutcome {
    /// For metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::NoChoice => "no_choice",
            Self::Failed => "failed",
            Self::DayIsUsedUp => "day_is_used_up",
            Self::NoTime => "no_time",
        }
    }
}

/// What chooses where rules do not understand.
#[derive(Clone, Copy)]
pub struct Chooser<'a> {
    /// The model.
    pub model: &'a dyn AnswerModel,
    /// The words of whoever wrote a text, without what they quoted.
    pub own_words: fn(&str) -> String,
}

impl Chooser<'_> {
    /// What was read of a customer's answer, with the class that the model chose where it was asked and chose one.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub(crate) async fn chosen(
        self,
        store: &Store,
        (heard, read): (&HeardReply, ReplyRead),
        (settings, facts): (&AnswerSettings, &Facts),
        now: Timestamp,
    ) -> Result<ReplyRead> {
        let is_wanted = match settings.model {
            AnswerModelUse::Suggest => heard.machine.is_none() && read.is_for_a_model(),
            AnswerModelUse::Off => false,
        };
        if !is_wanted {
            return Ok(read);
        }
        let Some(question) = ReplyQuestion::of(&(self.own_words)(&heard.text), &names_of(facts)) else { return Ok(read) };
        if !self.model.has_time() {
            self.model.note(ModelOutcome::NoTime);
            return Ok(read);
        }
        if !store.count_model_call(&heard.about.tenant, settings.model_calls_per_day, now).await? {
            self.model.note(ModelOutcome::DayIsUsedUp);
            return Ok(read);
        }
        let Some(said) = self.model.choose(&question).await else {
            self.model.note(ModelOutcome::Failed);
            return Ok(read);
        };
        match ReplyQuestion::choice_in(&said) {
            Some(choice) => {
                self.model.note(ModelOutcome::Chosen);
                Ok(read.chosen(self.model.id(), &choice))
            }
            None => {
                self.model.note(ModelOutcome::NoChoice);
                Ok(read)
            }
        }
    }
}

/// The names that are known at a customer, the longest first: its own, those of its people, and the parts of these.
fn names_of(facts: &Facts) -> Vec<String> {
    let people = facts.customer.contacts.iter().map(|contact| contact.name.as_str());
    let whole = [facts.customer.name.as_str(), facts.described().name.as_str()].into_iter().chain(people.clone());
    let parts = people.flat_map(str::split_whitespace).filter(|part| part.chars().count() >= PART_OF_NAME_MIN);
    let mut names: Vec<String> = whole.chain(parts).map(str::to_owned).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    names.dedup();
    names
}
