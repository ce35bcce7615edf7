//! What a step may say besides its moment and its action: distances, waits, repeats and dates to pay by.

use super::{APPROVE_WITHIN_MAX, Flaw, PAY_BY_MAX, REPEAT_EVERY_MAX, REPEAT_TIMES, WAIT_MAX, condition};
use crate::workflow::{Action, Anchor, CatchUp, Repeat, Step, Wait, Workflow};

pub(super) fn flaws(found: &mut Vec<Flaw>, workflow: &Workflow, position: usize, step: &Step) {
    let pointer = format!("/steps/{position}");
    if let Some(detail) = distance(position, step) {
        found.push(Flaw::at(format!("{pointer}/keep_distance"), detail));
    }
    if let Some(waits) = &step.wait {
        wait(found, workflow, &pointer, step, waits);
    }
    if let Some(pay_by) = &step.pay_by {
        if pay_by.days < 1 || pay_by.days > PAY_BY_MAX {
            let detail = format!("{} days; a message asks to be paid within 1 to {PAY_BY_MAX}", pay_by.days);
            found.push(Flaw::at(format!("{pointer}/pay_by/days"), detail));
        }
        if !matches!(step.action, Action::Send(_)) {
            let detail =
                format!("only a message names a date to pay by, and this step is a {}; leave pay_by out", step.action.kind());
            found.push(Flaw::at(format!("{pointer}/pay_by"), detail));
        }
    }
    approval(found, &pointer, step);
    if let Some(repeat) = &step.repeat {
        repeats(found, &format!("{pointer}/repeat"), step, repeat);
    }
}

fn distance(position: usize, step: &Step) -> Option<&'static str> {
    match step.at.anchor {
        _ if !step.keep_distance => None,
        _ if position == 0 => Some("there is no step before it to keep a distance from; leave keep_distance out"),
        Anchor::PreviousStep => {
            Some("a step that is anchored to previous_step keeps its distance as it is; leave keep_distance out")
        }
        Anchor::InvoiceDate | Anchor::DueDate | Anchor::CaseOpened | Anchor::PromiseDate => None,
    }
}

fn wait(found: &mut Vec<Flaw>, workflow: &Workflow, pointer: &str, step: &Step, wait: &Wait) {
    let useless = (false, "so the step only waits out at_most; leave the wait out and give the step a later moment, or none");
    condition(found, workflow, &format!("{pointer}/wait/until"), Some(&wait.until), useless);
    if wait.at_most.0 < 1 || wait.at_most.0 > WAIT_MAX {
        let detail = format!("at_most is {} days; a step waits between P1D and P{WAIT_MAX}D", wait.at_most.0);
        found.push(Flaw::at(format!("{pointer}/wait/at_most"), detail));
    }
    if step.catch_up == CatchUp::Skip {
        let detail = "a step that waits is never late, so nothing would be skipped; leave catch_up out, and say in \
                      wait.then what becomes of the step";
        found.push(Flaw::at(format!("{pointer}/catch_up"), detail));
    }
}

fn approval(found: &mut Vec<Flaw>, pointer: &str, step: &Step) {
    let mut flaw = |key: &str, detail: String| found.push(Flaw::at(format!("{pointer}/{key}"), detail));
    match (step.approval, step.approve_within) {
        (None, Some(_)) => {
            flaw("approve_within", "the step asks for no approval; add approval 'required', or leave it out".to_owned())
        }
        (Some(_), Some(days)) if days.0 < 1 || days.0 > APPROVE_WITHIN_MAX => {
            let detail = format!("{} days; a person has between P1D and P{APPROVE_WITHIN_MAX}D to answer", days.0);
            flaw("approve_within", detail);
        }
        (Some(_), Some(_)) if step.then.is_none() => {
            flaw("then", "say what becomes of a step that nobody approved or refused in time: 'skip' or 'do'".to_owned());
        }
        (_, None) if step.then.is_some() => {
            flaw("then", "without approve_within the step waits until a person answers; add it, or leave 'then' out".to_owned());
        }
        (None | Some(_), None | Some(_)) => {}
    }
}

fn repeats(found: &mut Vec<Flaw>, pointer: &str, step: &Step, repeat: &Repeat) {
    let (least, most) = REPEAT_TIMES;
    if repeat.times < least || repeat.times > most {
        let detail = format!("{} times; a step that is repeated comes {least} to {most} times in all", repeat.times);
        found.push(Flaw::at(format!("{pointer}/times"), detail));
    }
    if repeat.every.0 < 1 || repeat.every.0 > REPEAT_EVERY_MAX {
        let detail = format!("every {} days; between two times lie P1D to P{REPEAT_EVERY_MAX}D", repeat.every.0);
        found.push(Flaw::at(format!("{pointer}/every"), detail));
    }
    match step.action {
        Action::Send(_) | Action::Task(_) => {}
        Action::Notify(_)
        | Action::Escalate(_)
        | Action::CreditHold(_)
        | Action::ChangeTerms(_)
        | Action::HandOff(_)
        | Action::Fee(_) => {
            let detail = format!("a send or a task can be repeated, a {} cannot; leave repeat out", step.action.kind());
            found.push(Flaw::at(pointer, detail));
        }
    }
}
