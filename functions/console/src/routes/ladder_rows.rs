//! The ladder of a due item as it is drawn: a rung a step, from the first that was to the last that may come.

use domain::{Currency, Outcome};
use serde::Serialize;
use service::invoice_matter::{ItemLadder, LadderRung, RungStanding};

use crate::{agreement_rows::in_words, formats::Formats, timeline_rows::channel_name};

/// A rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct RungRow {
    /// What its mark is drawn as, also its class: `done`, `open`, `passed`, `next`, `later`. Each has a shape of its own beside its colour.
    mark: &'static str,
    step: String,
    does: &'static str,
    /// What came of it, or that it is to come.
    said: String,
    when: Option<String>,
    /// How far that is from now.
    away: Option<String>,
    message: Option<String>,
    is_first: bool,
    is_last: bool,
}

/// The ladder of a due item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct LadderView {
    part: Option<String>,
    due_on: String,
    open: String,
    /// What of it is kept back now.
    kept_back: Option<String>,
    days: i64,
    workflow: Option<String>,
    rungs: Vec<RungRow>,
}

impl LadderView {
    pub(super) fn of(ladder: &ItemLadder, currency: Currency, formats: &Formats) -> Self {
        let kept_back = ladder.open_minor.saturating_sub(ladder.due_now_minor);
        let last = ladder.rungs.len().saturating_sub(1);
        let is_kept_back = ladder.open_minor > 0 && ladder.due_now_minor <= 0;
        let rung = |(at, rung): (usize, &LadderRung)| {
            let row = if is_kept_back && rung.standing == RungStanding::Next {
                kept_back_row(rung, formats)
            } else {
                row(rung, formats)
            };
            RungRow { is_first: at == 0, is_last: at == last, ..row }
        };
        Self {
            part: ladder.instalment.map(|(at, of)| format!("{at} of {of}")),
            due_on: formats.date(ladder.due_on),
            open: formats.amount(ladder.open_minor, currency),
            kept_back: (kept_back > 0).then(|| formats.amount(kept_back, currency)),
            days: ladder.days_past_due,
            workflow: ladder.workflow.clone(),
            rungs: ladder.rungs.iter().enumerate().map(rung).collect(),
        }
    }
}

fn row(rung: &LadderRung, formats: &Formats) -> RungRow {
    let (mark, said) = match (rung.standing, rung.outcome) {
        (RungStanding::Was, Some(outcome)) => came(outcome),
        (RungStanding::Was, None) => ("done", "over".to_owned()),
        (RungStanding::Lapsed, _) => ("passed", "lapsed: its day passed before it could happen".to_owned()),
        (RungStanding::Next, _) => ("next", "next, at the earliest".to_owned()),
        (RungStanding::Later, _) => ("later", "follows if nothing changes".to_owned()),
        (RungStanding::Beside, _) => ("later", "reminds of the promise".to_owned()),
    };
    let comma = if rung.outcome == Some(Outcome::Sent) { "" } else { "," };
    let by = rung.channel.map(|channel| format!("{comma} by {}", channel_name(channel))).unwrap_or_default();
    let shadow = if rung.is_shadow { ", in shadow mode" } else { "" };
    let when = match (rung.at, rung.on) {
        (Some(at), _) => Some(formats.moment(at)),
        (None, on) => on.map(|on| formats.date(on)),
    };
    RungRow {
        mark,
        step: in_words(&rung.step.replace('-', " ")),
        does: rung.does,
        said: format!("{said}{by}{shadow}"),
        when,
        away: rung.at.map(|at| formats.from_now(at)),
        message: rung.message.as_ref().map(ToString::to_string),
        is_first: false,
        is_last: false,
    }
}

/// The next step of what is kept back whole: it does not happen at its moment.
fn kept_back_row(rung: &LadderRung, formats: &Formats) -> RungRow {
    let said = "next, once nothing keeps it back; not before".to_owned();
    RungRow { said, away: None, ..row(rung, formats) }
}

/// What came of a step: its mark, and words.
fn came(outcome: Outcome) -> (&'static str, String) {
    let (mark, said) = match outcome {
        Outcome::Sent => ("done", "sent"),
        Outcome::Unknown => ("open", "it is not known whether it was sent"),
        Outcome::Done => ("done", "done"),
        Outcome::Skipped => ("passed", "skipped"),
        Outcome::Missed => ("passed", "missed: nobody could be reached"),
        Outcome::Undelivered => ("open", "not delivered: the step is open again"),
        Outcome::NotSent => ("open", "never left: the step is open again"),
        Outcome::Approved => ("done", "approved by a person"),
        Outcome::BroughtForward => ("done", "brought forward by a person"),
        Outcome::SendNow => ("done", "wanted at once by a person"),
        Outcome::CapLifted => ("done", "allowed beyond the cap by a person"),
        Outcome::Unconfirmed => ("done", "sent; its arrival was not confirmed"),
        Outcome::Later(_) => ("done", "over, as a later release knows"),
    };
    (mark, said.to_owned())
}

#[cfg(test)]
mod tests {
    use domain::Channel;

    use super::*;

    fn rung(standing: RungStanding, outcome: Option<Outcome>) -> LadderRung {
        LadderRung {
            standing,
            step: "first-reminder".to_owned(),
            does: "message",
            on: Some("2026-02-12".parse().unwrap()),
            at: outcome.map(|_| "2026-02-05T15:45:00Z".parse().unwrap()),
            outcome,
            message: None,
            channel: outcome.map(|_| Channel::Email),
            is_shadow: false,
        }
    }

    #[test]
    fn what_was_is_and_will_be_is_told_apart_without_colours() {
        let formats = Formats::of(None, "2026-02-10T10:00:00Z".parse().unwrap());
        let ladder = ItemLadder {
            instalment: Some((1, 2)),
            due_on: "2026-02-04".parse().unwrap(),
            open_minor: 125_000,
            due_now_minor: 100_000,
            days_past_due: 6,
            workflow: Some("standard@3".to_owned()),
            rungs: vec![
                rung(RungStanding::Lapsed, None),
                rung(RungStanding::Was, Some(Outcome::Sent)),
                rung(RungStanding::Next, None),
                rung(RungStanding::Later, None),
            ],
        };
        let shown = LadderView::of(&ladder, Currency::EUR, &formats);
        let marks: Vec<&str> = shown.rungs.iter().map(|rung| rung.mark).collect();
        assert_eq!(marks, ["passed", "done", "next", "later"]);
        assert_eq!((shown.rungs[1].said.as_str(), shown.rungs[1].step.as_str()), ("sent by email", "first reminder"));
        assert_eq!(shown.rungs[1].away.as_deref(), Some("4 days ago"));
        assert_eq!(shown.rungs[2].when.as_deref(), Some("2026-02-12"));
        assert!(shown.rungs[0].is_first && shown.rungs[3].is_last && shown.kept_back.is_some());
        assert_eq!(shown.rungs[2].said, "next, at the earliest");
        let shown = LadderView::of(&ItemLadder { due_now_minor: 0, ..ladder }, Currency::EUR, &formats);
        assert_eq!(shown.rungs[2].said, "next, once nothing keeps it back; not before");
    }
}
