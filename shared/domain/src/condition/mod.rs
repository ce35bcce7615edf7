//! Conditions: a typed subset of CEL.
//!
//! A condition compares facts with values: `customer.segment != 'strategic' && exposure.open_minor > 5000`. It has paths,
//! whole numbers, strings, `true` and `false`, lists behind `in`, comparisons, `! && ||`, parentheses, and functions of a
//! step's id. It has no arithmetic, ternary, index or macro, so that evaluating one is total and takes time in proportion to
//! its text. Whatever is accepted means what CEL says that it means.
//!
//! Names and types are checked over the whole text, also where evaluation would never come. [`FACTS`] lists the names.

mod error;
mod eval;
mod facts;
mod lex;
mod parse;
mod settled;
#[cfg(test)]
mod tests;

pub use error::{ConditionError, DEPTH_MAX};
pub use facts::{
    ConditionFacts, CustomerFacts, ExposureFacts, FACTS, Fact, HistoryFacts, InvoiceFacts, NEVER, OF_PERSONS_DAY, OF_TENANTS_DAY,
    RiskFacts,
};

/// The longest source, in bytes.
pub const SOURCE_MAX: usize = 1024;

/// A condition that was checked and is ready to be held against facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    code: Vec<eval::Op>,
    steps: Vec<(usize, String)>,
}

impl Condition {
    /// Checks a source text.
    ///
    /// # Errors
    ///
    /// [`ConditionError`] for text over [`SOURCE_MAX`] bytes, nested deeper than [`DEPTH_MAX`], outside the grammar, with
    /// names that nothing has, or with types that do not fit.
    pub fn check(source: &str) -> Result<Self, ConditionError> {
        if source.len() > SOURCE_MAX {
            let detail = format!("the condition has {} bytes; at most {SOURCE_MAX} are allowed", source.len());
            return Err(ConditionError::new(SOURCE_MAX, detail));
        }
        let parse::Parsed { code, steps } = parse::parse(lex::tokens(source)?)?;
        Ok(Self { code, steps })
    }

    /// Whether it is true of `facts`.
    pub fn holds(&self, facts: &ConditionFacts) -> bool {
        // Checked code always answers once facts are there.
        eval::run(&self.code, Some(facts)).unwrap_or(false)
    }

    /// What it always answers, where no fact can change that.
    pub fn constant(&self) -> Option<bool> {
        eval::run(&self.code, None)
    }

    /// Whether it asks for a fact of [`FACTS`].
    pub fn names(&self, fact: &str) -> bool {
        self.names_any(|name| name == fact)
    }

    /// Whether it asks for one of the facts of [`FACTS`] that `wanted` picks by name.
    pub fn names_any(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.code.iter().any(|op| match op {
            eval::Op::Fact(index) | eval::Op::InFact(index) | eval::Op::OfStep(index, _) => {
                FACTS.get(*index).is_some_and(|known| wanted(known.name))
            }
            eval::Op::Bool(_)
            | eval::Op::Int(_)
            | eval::Op::Text(_)
            | eval::Op::Not
            | eval::Op::And
            | eval::Op::Or
            | eval::Op::Compare(_)
            | eval::Op::In(_) => false,
        })
    }

    /// The steps that it names, each with the byte where.
    pub fn steps(&self) -> impl Iterator<Item = (usize, &str)> {
        self.steps.iter().map(|(at, step)| (*at, step.as_str()))
    }
}
