//! A workflow that is ready to be asked: its conditions are checked once, not at each decision.

use std::{collections::BTreeMap, ops::Deref};

use super::Workflow;
use crate::condition::{Condition, ConditionFacts};

/// A workflow with its conditions compiled. It reads like the workflow itself.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledWorkflow {
    workflow: Workflow,
    applies_when: Compiled,
    exit_when: Compiled,
    when: Vec<Compiled>,
    wait_until: Vec<Compiled>,
    positions: BTreeMap<String, usize>,
    carried: Vec<(String, String)>,
}

/// A condition of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub enum Compiled {
    /// There is none.
    Absent,
    /// It was checked.
    Checked(Condition),
    /// It no longer checks, though it did when it was published: it never holds, so that nothing is sent on its account.
    Broken,
}

impl Compiled {
    fn of(source: Option<&str>) -> Self {
        match source.map(Condition::check) {
            None => Self::Absent,
            Some(Ok(condition)) => Self::Checked(condition),
            Some(Err(_)) => Self::Broken,
        }
    }

    /// Whether it names a fact.
    pub fn names(&self, fact: &str) -> bool {
        self.names_any(|name| name == fact)
    }

    /// Whether it names one of the facts that `wanted` picks by name.
    pub fn names_any(&self, wanted: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Checked(condition) => condition.names_any(wanted),
            Self::Absent | Self::Broken => false,
        }
    }

    /// Whether it holds of what `facts` makes, which is asked only where there is a condition; `absent` where there is none.
    pub fn holds(&self, absent: bool, facts: impl FnOnce() -> ConditionFacts) -> bool {
        match self {
            Self::Absent => absent,
            Self::Checked(condition) => condition.holds(&facts()),
            Self::Broken => false,
        }
    }
}

impl CompiledWorkflow {
    /// Compiles a workflow.
    pub fn compile(workflow: Workflow) -> Self {
        Self {
            applies_when: Compiled::of(workflow.applies_when.as_deref()),
            exit_when: Compiled::of(workflow.exit_when.as_deref()),
            when: workflow.steps.iter().map(|step| Compiled::of(step.when.as_deref())).collect(),
            wait_until: workflow
                .steps
                .iter()
                .map(|step| Compiled::of(step.wait.as_ref().map(|wait| wait.until.as_str())))
                .collect(),
            positions: workflow.steps.iter().enumerate().rev().map(|(at, step)| (step.id.clone(), at)).collect(),
            carried: Vec::new(),
            workflow,
        }
    }

    /// The same with what became of steps that versions before it had, see [`super::carried_on`].
    #[must_use]
    pub fn carrying(self, carried: Vec<(String, String)>) -> Self {
        Self { carried, ..self }
    }

    /// What became of steps of versions before it: their id, and that of the step which counts for them here.
    pub fn carried(&self) -> &[(String, String)] {
        &self.carried
    }

    /// Which cases it is for.
    pub fn applies_when(&self) -> &Compiled {
        &self.applies_when
    }

    /// When a case of it is over.
    pub fn exit_when(&self) -> &Compiled {
        &self.exit_when
    }

    /// The condition of the step at a position.
    pub fn when(&self, step: usize) -> &Compiled {
        self.when.get(step).unwrap_or(&Compiled::Absent)
    }

    /// What the step at a position waits for.
    pub fn wait_until(&self, step: usize) -> &Compiled {
        self.wait_until.get(step).unwrap_or(&Compiled::Absent)
    }

    /// Where the step with this id stands.
    pub fn position(&self, step: &str) -> Option<usize> {
        self.positions.get(step).copied()
    }

    /// How many steps a due item climbs, each time of a repeated one counted.
    pub fn rungs(&self) -> usize {
        self.steps.iter().map(|step| usize::try_from(step.times()).unwrap_or(usize::MAX)).fold(0, usize::saturating_add)
    }

    /// The workflow as it was published.
    pub fn workflow(&self) -> &Workflow {
        &self.workflow
    }
}

impl Deref for CompiledWorkflow {
    type Target = Workflow;

    fn deref(&self) -> &Workflow {
        &self.workflow
    }
}
