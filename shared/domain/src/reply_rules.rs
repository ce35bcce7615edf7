//! What is done about an answer by its class: one table, and one function that reads it.
//!
//! | class | pause, days | suggested |
//! |---|---|---|
//! | `opt_out` | the channel is closed at once; 7 where it is unclear | |
//! | `claimed_paid` | 7 | money on its way |
//! | `promise` | 5 | a promise, where a day is named |
//! | `dispute` | 10 | a dispute |
//! | `copy_request` | none where it is answered by itself, else 3 | |
//! | `po_missing` | 10 | a dispute for want of the number |
//! | `wrong_person` | 7 | |
//! | `out_of_office` | until the day before its sender is back, 14 at most | |
//! | `hardship` | 10 | |
//! | `write_off_claimed` | 10 | a dispute |
//! | `remittance` | 7 | money on its way |
//! | `complaint` | 7 | |
//! | `hostile` | 10 | |
//! | `thanks` | none | |
//! | `other` | 3 | |
//!
//! Nothing here changes money: a pause keeps reminders back for some days, and a suggestion waits for a person.

use jiff::civil::Date;

use crate::{
    Agreement, AnswerSettings, AnswerStage, Channel, MachineWritten, ReplyId,
    dates::{add_days, days_between},
    reply::{ReplyClass, ReplyRead, SuggestedKind},
};

/// Most days that one answer keeps reminders back.
pub const PAUSE_DAYS_MAX: i64 = 14;
/// Most pauses that answers of one customer make by themselves within [`PAUSES_WITHIN_DAYS`]: whoever answers each reminder is chased all the same.
pub const PAUSES_MAX: usize = 3;
/// See [`PAUSES_MAX`].
pub const PAUSES_WITHIN_DAYS: i64 = 60;
/// Most invoices whose copies are sent in answer to a request.
pub const COPIES_MAX: usize = 10;

/// What is done about answers of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyRule {
    /// The class.
    pub class: ReplyClass,
    /// For how many days reminders are kept back; of who is away at most.
    pub pause_days: i64,
    /// What is suggested.
    pub suggests: Option<SuggestedKind>,
    /// The task's one line.
    pub title: &'static str,
    /// What somebody is to do.
    pub todo: &'static str,
}

const fn rule(
    class: ReplyClass,
    pause_days: i64,
    suggests: Option<SuggestedKind>,
    title: &'static str,
    todo: &'static str,
) -> ReplyRule {
    ReplyRule { class, pause_days, suggests, title, todo }
}

/// What is done about each class.
pub const REPLY_RULES: [ReplyRule; 15] = [
    rule(
        ReplyClass::OptOut,
        7,
        None,
        "A customer may want no more messages",
        "Read the answer. Where they want no more messages by this channel, enter that (POST /v1/suppressions).",
    ),
    rule(
        ReplyClass::ClaimedPaid,
        7,
        Some(SuggestedKind::Money),
        "A customer says that it was paid",
        "Look for the payment. Accept the suggestion to wait for the money, or ask for proof.",
    ),
    rule(
        ReplyClass::Promise,
        5,
        Some(SuggestedKind::Promise),
        "A customer says that it will be paid",
        "Accept the promise, with another day or amount where that is right, or ask for a day.",
    ),
    rule(
        ReplyClass::Dispute,
        10,
        Some(SuggestedKind::Dispute),
        "A customer contests what is asked",
        "Accept the suggestion to open a dispute, with the reason and the invoices, or answer why it is right.",
    ),
    rule(ReplyClass::CopyRequest, 3, None, "A customer asks for a copy of an invoice", "Send the copies that they ask for."),
    rule(
        ReplyClass::PoMissing,
        10,
        Some(SuggestedKind::Dispute),
        "A customer wants a purchase order's number",
        "Send the number or the invoice with it. Accept the suggestion where that takes longer.",
    ),
    rule(
        ReplyClass::WrongPerson,
        7,
        None,
        "Somebody answered who is not in charge",
        "Find out who is, and enter them at the customer. Nobody was written to in their place.",
    ),
    rule(
        ReplyClass::OutOfOffice,
        PAUSE_DAYS_MAX,
        None,
        "Somebody is away and names a deputy",
        "Enter the deputy at the customer if they are to be written to. Nobody was written to in their place.",
    ),
    rule(
        ReplyClass::Hardship,
        10,
        None,
        "A customer cannot pay, or not all at once",
        "Talk to them. Offer a plan (POST /v1/plan_offers) where that helps.",
    ),
    rule(
        ReplyClass::WriteOffClaimed,
        10,
        Some(SuggestedKind::Dispute),
        "A customer says that an amount was credited or cancelled",
        "Look in the books. Accept the suggestion to open a dispute while that is looked into.",
    ),
    rule(
        ReplyClass::Remittance,
        7,
        Some(SuggestedKind::Money),
        "A customer tells what a payment is for",
        "Allocate the payment in the books. Accept the suggestion to wait for the money where it is not there yet.",
    ),
    rule(ReplyClass::Complaint, 7, None, "A customer complains", "Answer them yourself, and say what is done about it."),
    rule(
        ReplyClass::Hostile,
        10,
        None,
        "A customer wrote in anger",
        "Read the answer before anybody writes again, and decide who talks to them.",
    ),
    rule(ReplyClass::Thanks, 0, None, "A customer thanks", "Nothing may be left to do: look, and end the task."),
    rule(ReplyClass::Other, 3, None, "A customer answered", "Read the answer, and answer it."),
];

impl ReplyRule {
    /// The rule of a class; of a class of a later release that of what is none of them.
    pub fn of(class: ReplyClass) -> &'static Self {
        let last = REPLY_RULES.len() - 1;
        REPLY_RULES.iter().find(|rule| rule.class == class).unwrap_or(&REPLY_RULES[last])
    }
}

/// What is known beside the answer when it is looked what to do.
#[derive(Clone, Copy, Debug)]
pub struct ReplyCircumstances<'a> {
    /// By which channel it came.
    pub channel: Channel,
    /// What wrote it, where no person did.
    pub machine: Option<MachineWritten>,
    /// What the tenant lets happen by itself.
    pub settings: &'a AnswerSettings,
    /// The day, in the tenant's zone.
    pub today: Date,
    /// How many pauses answers made lately ([`pauses_lately`]).
    pub pauses: usize,
    /// Whether copies can be sent: there are invoices, and an address that may get them.
    pub has_copies: bool,
}

/// What is done about an answer, beside closing a channel or opening it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyPlan {
    /// The last day on which reminders are kept back.
    pub pause_until: Option<Date>,
    /// What is suggested, where somebody is asked to look.
    pub suggests: Option<SuggestedKind>,
    /// Whether copies are sent by themselves.
    pub sends_copies: bool,
    /// The rule by which somebody is asked to look.
    pub task: Option<&'static ReplyRule>,
}

impl ReplyPlan {
    const NOTHING: Self = Self { pause_until: None, suggests: None, sends_copies: false, task: None };
}

/// How many pauses answers made by themselves until `today` that count as lately.
pub fn pauses_lately(agreements: &[Agreement], today: Date, zone: &jiff::tz::TimeZone) -> usize {
    let is_lately = |agreement: &&Agreement| {
        let on = agreement.made_at.to_zoned(zone.clone()).date();
        ReplyId::parse(&agreement.by).is_some() && agreement.kind() == "pause" && days_between(on, today) <= PAUSES_WITHIN_DAYS
    };
    agreements.iter().filter(is_lately).count()
}

/// What is done about an answer. Total: whatever is read, it ends in something that people see, or in nothing where nothing is asked.
pub fn plan_reply(read: &ReplyRead, around: &ReplyCircumstances<'_>) -> ReplyPlan {
    match around.machine {
        None => of_person(read, around),
        Some(MachineWritten::AutoReply) => of_auto_reply(read, around),
        Some(MachineWritten::Robot) => match &read.portal {
            Some(portal) if portal.is_news => by_rule(read, ReplyRule::of(read.class), around),
            Some(_) | None => ReplyPlan::NOTHING,
        },
        Some(MachineWritten::Bounce | MachineWritten::ReadReceipt) => ReplyPlan::NOTHING,
    }
}

fn of_person(read: &ReplyRead, around: &ReplyCircumstances<'_>) -> ReplyPlan {
    if read.portal.as_ref().is_some_and(|portal| !portal.is_news) {
        return ReplyPlan::NOTHING;
    }
    if read.opt_in && around.channel == Channel::Sms {
        return ReplyPlan::NOTHING;
    }
    if read.stops {
        // The channel is closed: what else is said is for a person.
        let other = std::iter::once(read.class).chain(read.also.iter().copied());
        let other = other
            .filter(|class| *class != ReplyClass::OptOut && *class != ReplyClass::Thanks)
            .find(|class| *class != ReplyClass::Other);
        return other.map_or(ReplyPlan::NOTHING, |class| by_rule(read, ReplyRule::of(class), around));
    }
    if read.class == ReplyClass::OutOfOffice {
        let plan = of_auto_reply(read, around);
        // A person who writes that they are away may say more than that.
        return if plan == ReplyPlan::NOTHING { by_rule(read, ReplyRule::of(ReplyClass::Other), around) } else { plan };
    }
    if read.class == ReplyClass::Thanks && around.settings.stage == AnswerStage::Auto && read.certainty.is_enough() {
        return ReplyPlan::NOTHING;
    }
    if read.class == ReplyClass::CopyRequest && around.settings.copies && around.has_copies && read.certainty.is_enough() {
        let other = read.also.iter().find(|class| !matches!(class, ReplyClass::Thanks | ReplyClass::Other));
        let rest = other.map_or(ReplyPlan::NOTHING, |class| by_rule(read, ReplyRule::of(*class), around));
        return ReplyPlan { sends_copies: true, ..rest };
    }
    by_rule(read, ReplyRule::of(read.class), around)
}

/// What a mail program wrote for somebody who is away, or for whoever left: nobody is asked to look unless it names somebody else.
fn of_auto_reply(read: &ReplyRead, around: &ReplyCircumstances<'_>) -> ReplyPlan {
    let has_left = read.has(ReplyClass::WrongPerson);
    let is_away = read.has(ReplyClass::OutOfOffice);
    let back = read.back_on.filter(|_| is_away).map(|back| days_between(around.today, back).min(PAUSE_DAYS_MAX + 1));
    // The last day that is waited for is the one before they are back.
    let pause_until = back.filter(|days| *days > 1 && around.pauses < PAUSES_MAX).map(|days| add_days(around.today, days - 1));
    let task = if has_left {
        Some(ReplyRule::of(ReplyClass::WrongPerson))
    } else {
        read.deputy.as_ref().filter(|_| is_away).map(|_| ReplyRule::of(ReplyClass::OutOfOffice))
    };
    ReplyPlan { pause_until, task, ..ReplyPlan::NOTHING }
}

fn by_rule(read: &ReplyRead, rule: &'static ReplyRule, around: &ReplyCircumstances<'_>) -> ReplyPlan {
    let may_pause = rule.pause_days > 0 && around.pauses < PAUSES_MAX;
    let suggests = match rule.suggests {
        // Without a day there is nothing to promise: a person asks for one.
        Some(SuggestedKind::Promise) if read.promised_on.is_none_or(|on| on < around.today) => None,
        suggests => suggests,
    };
    ReplyPlan {
        pause_until: may_pause.then(|| add_days(around.today, rule.pause_days)),
        suggests,
        sends_copies: false,
        task: Some(rule),
    }
}

#[cfg(test)]
mod tests;
