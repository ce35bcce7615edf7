//! Misbehaviour on demand: which calls, deliveries and invocations go wrong next.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A fault as `POST /_local/faults` takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// An AWS service, `bus`, `queue`, `stream`, `slack`, `teams`, or a function's name.
    pub target: String,
    /// What goes wrong; not needed with `times: 0`.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// How often; 0 clears the target.
    #[serde(default = "once")]
    pub times: u32,
    /// Which call of the invocation, from 1 (`crash`); how many calls until the fault, from 1 (AWS services).
    #[serde(default)]
    pub call: Option<u32>,
    /// Before or after the call is made (`crash`).
    #[serde(default)]
    pub when: Option<When>,
}

fn once() -> u32 {
    1
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Refused as too fast; nothing was done.
    Throttle,
    /// 503; nothing was done.
    Error,
    /// The connection closes; nothing was done.
    Timeout,
    /// Done, and the connection closes.
    AcceptThenDrop,
    /// Delivered twice.
    Duplicate,
    /// Delivered five minutes later.
    Delay,
    /// Delivered after what follows it at the same moment.
    Reorder,
    /// The function's environment dies.
    Crash,
    /// The function is not invoked at all.
    Skip,
    /// There is no such channel any more: 410.
    Gone,
}

/// Before or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// The call is not made.
    Before,
    /// The call is made, and its answer is not seen.
    After,
}

/// The AWS services that can fail.
pub const SERVICES: [&str; 9] = ["dynamodb", "sesv2", "sns", "sms-voice", "eventbridge", "sqs", "kms", "s3", "lambda"];
/// What stands for channels of notices.
pub const NOTICES: [&str; 2] = ["slack", "teams"];
/// What carries events.
pub const CARRIERS: [&str; 3] = ["bus", "queue", "stream"];

/// A crash that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crashed {
    /// When, by the virtual clock.
    pub at: Timestamp,
    /// The function.
    pub function: String,
    /// Before or after the call.
    pub when: When,
    /// Which call of its invocation, from 1.
    pub call: u32,
    /// What was called: `dynamodb:UpdateItem`.
    pub what: String,
}

/// All faults that are still to come, a count of those that came, and the crashes among them.
#[derive(Debug, Default)]
pub struct Faults(BTreeMap<String, VecDeque<Fault>>, BTreeMap<String, u64>, Vec<Crashed>);

impl Faults {
    /// Adds a fault, or clears its target.
    ///
    /// # Errors
    ///
    /// Says which modes the target can have.
    pub fn add(&mut self, fault: Fault, functions: &dyn Fn(&str) -> bool) -> Result<(), String> {
        use Mode::{AcceptThenDrop, Crash, Delay, Duplicate, Error, Gone, Reorder, Skip, Throttle, Timeout};
        let allowed: &[Mode] = match fault.target.as_str() {
            target if SERVICES.contains(&target) => &[Throttle, Error, Timeout, AcceptThenDrop],
            target if CARRIERS.contains(&target) => &[Duplicate, Delay, Reorder],
            target if NOTICES.contains(&target) => &[Throttle, Error, Gone],
            target if functions(target) => &[Crash, Skip],
            target => {
                return Err(format!(
                    "{target} is not a target: give one of {SERVICES:?}, {CARRIERS:?}, {NOTICES:?} or a function's name"
                ));
            }
        };
        if fault.times == 0 {
            self.0.remove(&fault.target);
            return Ok(());
        }
        match fault.mode {
            Some(mode) if allowed.contains(&mode) => {}
            mode => return Err(format!("{} cannot have the mode {mode:?}: give one of {allowed:?}", fault.target)),
        }
        if fault.call == Some(0) {
            return Err("call counts from 1".to_owned());
        }
        self.0.entry(fault.target.clone()).or_default().push_back(fault);
        Ok(())
    }

    /// The next fault of a target, used up.
    pub fn take(&mut self, target: &str) -> Option<Mode> {
        let queue = self.0.get_mut(target)?;
        let first = queue.front_mut()?;
        if let Some(call) = first.call.as_mut()
            && *call > 1
        {
            *call -= 1;
            return None;
        }
        first.call = None;
        let mode = first.mode;
        first.times -= 1;
        if first.times == 0 {
            queue.pop_front();
        }
        if let Some(mode) = mode {
            *self.1.entry(format!("{target} {}", word(mode))).or_default() += 1;
        }
        mode
    }

    /// How often each fault came: `bus delay`, `sweep crash before 3`.
    pub fn came(&self) -> &BTreeMap<String, u64> {
        &self.1
    }

    /// Whether the function's next invocation is to be skipped; uses it up.
    pub fn take_skip(&mut self, function: &str) -> bool {
        self.use_first(function, Mode::Skip)
    }

    /// Whether a skip is waiting for the function.
    pub fn will_skip(&self, function: &str) -> bool {
        self.first(function, Mode::Skip).is_some()
    }

    /// The crash that is waiting for the function.
    pub fn crash(&self, function: &str) -> Option<(When, Option<u32>)> {
        self.first(function, Mode::Crash).map(|fault| (fault.when.unwrap_or(When::After), fault.call))
    }

    /// Notes a crash that has happened, and uses up its fault.
    pub fn crashed(&mut self, crash: Crashed) {
        self.use_first(&crash.function, Mode::Crash);
        *self.1.entry(format!("{} crash {} {}", crash.function, word(crash.when), crash.call)).or_default() += 1;
        self.2.push(crash);
    }

    /// The crashes that came, in order.
    pub fn crashes(&self) -> &[Crashed] {
        &self.2
    }

    fn first(&self, function: &str, mode: Mode) -> Option<&Fault> {
        self.0.get(function)?.iter().find(|fault| fault.mode == Some(mode))
    }

    fn use_first(&mut self, function: &str, mode: Mode) -> bool {
        let Some(queue) = self.0.get_mut(function) else { return false };
        let Some(at) = queue.iter().position(|fault| fault.mode == Some(mode)) else { return false };
        queue[at].times -= 1;
        if queue[at].times == 0 {
            queue.remove(at);
        }
        true
    }
}

fn word(what: impl Serialize) -> String {
    serde_json::to_value(what).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(target: &str, mode: Mode, times: u32, call: Option<u32>) -> Fault {
        Fault { target: target.to_owned(), mode: Some(mode), times, call, when: None }
    }

    #[test]
    fn faults_add_up_and_clear() {
        let mut faults = Faults::default();
        let known = |name: &str| name == "sweep";
        faults.add(fault("sesv2", Mode::Throttle, 2, None), &known).unwrap();
        faults.add(fault("sesv2", Mode::Error, 1, Some(2)), &known).unwrap();
        let taken: Vec<_> = (0..5).map(|_| faults.take("sesv2")).collect();
        assert_eq!(faults.came()["sesv2 throttle"], 2);
        assert_eq!(taken, [Some(Mode::Throttle), Some(Mode::Throttle), None, Some(Mode::Error), None]);
        faults.add(fault("sesv2", Mode::Throttle, 2, None), &known).unwrap();
        faults.add(Fault { mode: None, ..fault("sesv2", Mode::Error, 0, None) }, &known).unwrap();
        assert_eq!(faults.take("sesv2"), None);
        faults.add(fault("sweep", Mode::Skip, 2, None), &known).unwrap();
        assert!(
            faults.take_skip("sweep") && faults.will_skip("sweep") && faults.take_skip("sweep") && !faults.take_skip("sweep")
        );
    }

    #[test]
    fn a_target_has_its_own_modes() {
        let known = |name: &str| name == "sweep";
        for (target, mode) in [("sesv2", Mode::Crash), ("bus", Mode::Throttle), ("sweep", Mode::Delay), ("nobody", Mode::Error)] {
            assert!(Faults::default().add(fault(target, mode, 1, None), &known).is_err(), "{target}");
        }
    }
}
