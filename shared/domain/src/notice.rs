//! How people of the tenant are told of work: whom, by which ways, and when. Nothing here goes to a customer.
//!
//! ```text
//! queued ── taken once ── calling ── done
//!    │                       ├─ failed: after some tries by a channel, it goes by email instead
//!    │                       └─ unknown: nobody knows whether it arrived, and it is never sent again
//!    ├─ superseded: what it tells of is over
//!    └─ blocked: there is nobody to tell, or nothing leaves
//! ```

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use crate::{
    Mode, TaskKind,
    dates::add_days,
    settings::minutes,
    teams::stand_in,
    word::{self, stored_words},
};

/// How long a notice, and what became of it, is kept: in days.
pub const NOTICE_DAYS: i64 = 90;
/// Most rules, and most kinds that one names.
pub const NOTICE_RULES_MAX: usize = 50;
/// Most steps by which an overdue task is escalated.
pub const OVERDUE_RULES_MAX: usize = 10;
/// How late a task may be when it is escalated, in days.
pub const OVERDUE_DAYS_MAX: u16 = 365;
/// Most business days that a kind of task is due in.
pub const DUE_IN_MAX: u16 = 250;
/// Most people that one notice goes to.
pub const NOTICE_PEOPLE_MAX: usize = 50;
/// Longest name of whom to tell, in characters.
const TO_MAX: usize = 200;
/// When people are reminded whose tenant says nothing of its hours.
const MORNING: Time = Time::constant(9, 0, 0, 0);

stored_words!(
    /// A way by which people are told.
    NoticeWay {
        /// An email to each of them.
        Email = "email",
        /// A channel of Slack.
        Slack = "slack",
        /// A channel of Microsoft Teams.
        Teams = "teams",
        /// A topic of Amazon SNS.
        Sns = "sns",
    }
);

stored_words!(
    /// What a notice tells.
    NoticeKind {
        /// There is work: a step or a rule wants somebody told.
        Raised = "raised",
        /// Work is overdue: whoever is to do it is reminded.
        Reminder = "reminder",
        /// Work is overdue: somebody else is told, by rule.
        Overdue = "overdue",
    }
);

stored_words!(
    /// How soon people are told.
    NoticeUrgency {
        /// At once, whatever the hour.
        Urgent = "urgent",
        /// At once, but in quiet hours.
        Soon = "soon",
        /// With the digest of the day, where there is one.
        Digest = "digest",
    }
);

/// How people of the tenant are told of work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeSettings {
    /// Hours of the tenant's zone in which nobody is told what is not urgent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// What is neither urgent nor an escalation waits for the digest of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<NoticeDigest>,
    /// The ways where a step or rule names none; email where there are none either.
    #[serde(default, deserialize_with = "word::known_each", skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<NoticeWay>,
    /// Who is told of which kinds of tasks, beside what steps say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<NoticeRule>,
    /// Who is told of tasks that are overdue, beside whoever is to do them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overdue: Vec<OverdueRule>,
    /// In how many business days of the tenant tasks of a kind are due that decisions raise and whose step says nothing.
    #[serde(default, deserialize_with = "word::known_keys", skip_serializing_if = "BTreeMap::is_empty")]
    pub due_in: BTreeMap<TaskKind, u16>,
}

/// From when until when nobody is told, in the tenant's zone; over midnight where it begins after it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// First moment, inclusive: `18:00`.
    #[serde(with = "minutes")]
    pub from: Time,
    /// Last moment, exclusive: `08:00`.
    #[serde(with = "minutes")]
    pub to: Time,
}

/// The digest of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeDigest {
    /// When it leaves, in the tenant's zone: `08:30`.
    #[serde(with = "minutes")]
    pub at: Time,
}

/// Who is told of some kinds of tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeRule {
    /// The kinds.
    #[serde(deserialize_with = "word::known_each")]
    pub kinds: Vec<TaskKind>,
    /// Whom: a role, `owner`, a team or a member.
    pub to: String,
    /// By which ways; those of the settings where none are named.
    #[serde(default, deserialize_with = "word::known_each", skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<NoticeWay>,
    /// Whether at once, whatever the hour.
    #[serde(default)]
    pub urgent: bool,
}

/// Who is told of a task that is so late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverdueRule {
    /// How many days after the day by which it was due.
    pub after_days: u16,
    /// Whom: a role, `owner`, a team or a member.
    pub to: String,
    /// By which ways; those of the settings where none are named.
    #[serde(default, deserialize_with = "word::known_each", skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<NoticeWay>,
}

impl NoticeSettings {
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The ways of a step or rule that names some, or none.
    pub fn ways(&self, named: &[NoticeWay]) -> Vec<NoticeWay> {
        let ways = if named.is_empty() { &self.via } else { named };
        if ways.is_empty() { vec![NoticeWay::Email] } else { ways.to_vec() }
    }

    /// When a notice leaves that there is at `now`.
    pub fn leaves_at(&self, urgency: NoticeUrgency, zone: &TimeZone, now: Timestamp) -> Timestamp {
        match (urgency, self.digest) {
            (NoticeUrgency::Urgent, _) => now,
            (NoticeUrgency::Digest, Some(digest)) => {
                let today = zone.to_datetime(now).date();
                let own = [today, add_days(today, 1)].map(|day| instant(zone, day.to_datetime(digest.at)));
                own.into_iter().find(|at| *at >= now).unwrap_or(now)
            }
            (NoticeUrgency::Soon | NoticeUrgency::Digest | NoticeUrgency::Later(_), _) => self.after_quiet(zone, now),
        }
    }

    fn after_quiet(&self, zone: &TimeZone, now: Timestamp) -> Timestamp {
        let Some(quiet) = self.quiet_hours else { return now };
        let local = zone.to_datetime(now);
        let (time, today) = (local.time(), local.date());
        let ends_on = if quiet.from <= quiet.to {
            (quiet.from <= time && time < quiet.to).then_some(today)
        } else if time >= quiet.from {
            Some(add_days(today, 1))
        } else {
            (time < quiet.to).then_some(today)
        };
        ends_on.map_or(now, |day| instant(zone, day.to_datetime(quiet.to)).max(now))
    }

    /// When somebody is told of a task that was due on a day and is so late.
    pub fn overdue_at(&self, zone: &TimeZone, due_on: Date, after_days: u16) -> Timestamp {
        let day = add_days(due_on, i64::from(after_days));
        let time = self.digest.map(|digest| digest.at).or(self.quiet_hours.map(|quiet| quiet.to)).unwrap_or(MORNING);
        instant(zone, day.to_datetime(time))
    }

    /// What is wrong with them: a JSON pointer and a sentence for each.
    pub fn flaws(&self) -> Vec<(String, String)> {
        let mut wrong = Vec::new();
        let is_name =
            |name: &str| !name.trim().is_empty() && name.chars().count() <= TO_MAX && !name.chars().any(char::is_control);
        let to_detail = || format!("whom to tell: a role, 'owner', a team or a member, at most {TO_MAX} characters");
        if self.quiet_hours.is_some_and(|quiet| quiet.from == quiet.to) {
            wrong.push(("/notices/quiet_hours".to_owned(), "quiet hours end at another time than they begin".to_owned()));
        }
        if self.rules.len() > NOTICE_RULES_MAX {
            wrong.push(("/notices/rules".to_owned(), format!("at most {NOTICE_RULES_MAX} rules")));
        }
        for (at, rule) in self.rules.iter().take(NOTICE_RULES_MAX).enumerate() {
            if rule.kinds.is_empty() || rule.kinds.len() > NOTICE_RULES_MAX {
                wrong.push((format!("/notices/rules/{at}/kinds"), format!("1 to {NOTICE_RULES_MAX} kinds of tasks")));
            }
            if !is_name(&rule.to) {
                wrong.push((format!("/notices/rules/{at}/to"), to_detail()));
            }
        }
        if self.overdue.len() > OVERDUE_RULES_MAX {
            wrong.push(("/notices/overdue".to_owned(), format!("at most {OVERDUE_RULES_MAX} rules")));
        }
        for (at, rule) in self.overdue.iter().take(OVERDUE_RULES_MAX).enumerate() {
            if !(1..=OVERDUE_DAYS_MAX).contains(&rule.after_days) {
                wrong.push((format!("/notices/overdue/{at}/after_days"), format!("days are 1 to {OVERDUE_DAYS_MAX}")));
            }
            if !is_name(&rule.to) {
                wrong.push((format!("/notices/overdue/{at}/to"), to_detail()));
            }
        }
        let rules = self.rules.iter().take(NOTICE_RULES_MAX).enumerate().map(|(at, rule)| (format!("/rules/{at}"), &rule.via));
        let late =
            self.overdue.iter().take(OVERDUE_RULES_MAX).enumerate().map(|(at, rule)| (format!("/overdue/{at}"), &rule.via));
        for (at, via) in [(String::new(), &self.via)].into_iter().chain(rules).chain(late) {
            if via.iter().collect::<BTreeSet<_>>().len() < via.len() {
                wrong.push((format!("/notices{at}/via"), "each way is named once".to_owned()));
            }
        }
        for (kind, days) in &self.due_in {
            if *days > DUE_IN_MAX {
                wrong.push((format!("/notices/due_in/{kind}"), format!("business days are 0 to {DUE_IN_MAX}")));
            }
        }
        wrong
    }
}

fn instant(zone: &TimeZone, at: DateTime) -> Timestamp {
    zone.to_ambiguous_timestamp(at).compatible().unwrap_or(Timestamp::MAX)
}

/// Whether notices leave, and why not: those of a step are of what a live tenant does, those of other work of any tenant's.
pub fn why_not(mode: Mode, paused: bool, training: bool, of_step: bool) -> Option<&'static str> {
    if training {
        return Some("the tenant is there for training");
    }
    if paused {
        return Some("the tenant is paused");
    }
    match mode {
        Mode::Live => None,
        Mode::Off | Mode::Shadow | Mode::Later(_) => of_step.then_some("the tenant is not live"),
    }
}

/// One of the tenant's people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeMember {
    /// Who: the subject of their sign-in.
    pub subject: String,
    /// The word of their role.
    pub role: String,
    /// Their address, where it is proven to be theirs.
    pub email: Option<String>,
}

/// Among whom a name is looked for.
#[derive(Clone, Copy, Debug)]
pub struct NoticePeople<'a> {
    /// The members.
    pub members: &'a [NoticeMember],
    /// The teams, each with the subjects of its members.
    pub teams: &'a BTreeMap<String, Vec<String>>,
    /// Who is away today, each with who stands in.
    pub away: &'a BTreeMap<String, String>,
    /// Who looks after the customer: a subject or a team.
    pub owner: Option<&'a str>,
}

impl NoticePeople<'_> {
    /// Whom a name means: `owner`, a role (`collector` is whoever looks after the customer, where somebody does), a team, or a member by
    /// subject or address. Whoever is away is told by who stands in. Nobody where it means nobody.
    pub fn named(&self, to: &str) -> BTreeSet<&str> {
        let names: Vec<&str> = match to {
            "owner" => self.owner.into_iter().collect(),
            "collector" | "collectors" if self.owner.is_some() => self.owner.into_iter().collect(),
            name => vec![name],
        };
        names.into_iter().flat_map(|name| self.of_name(name)).collect()
    }

    /// Whoever is to do a task: whom it is given to, else who looks after the customer, else the managers, else the admins.
    pub fn responsible(&self, to: Option<&str>) -> BTreeSet<&str> {
        let names = to.into_iter().chain(["owner", "manager", "admin"]);
        names.map(|name| self.named(name)).find(|found| !found.is_empty()).unwrap_or_default()
    }

    fn of_name(&self, name: &str) -> Vec<&str> {
        let subjects: Vec<&str> = match self.teams.get_key_value(name) {
            Some((_, members)) => members.iter().map(String::as_str).collect(),
            None => {
                let role = name.strip_suffix('s').unwrap_or(name);
                let is_it = |member: &&NoticeMember| {
                    member.subject == name || member.email.as_deref() == Some(name) || member.role == name || member.role == role
                };
                self.members.iter().filter(is_it).map(|member| member.subject.as_str()).collect()
            }
        };
        subjects.into_iter().flat_map(|subject| self.there(subject)).collect()
    }

    /// Who does somebody's work today, as far as they are members.
    fn there(&self, subject: &str) -> Vec<&str> {
        let of_members =
            |subject: &str| self.members.iter().find(|member| member.subject == subject).map(|member| member.subject.as_str());
        let acts = stand_in(subject, self.away).unwrap_or(subject);
        match self.teams.get(acts) {
            Some(members) => members.iter().filter_map(|member| of_members(member)).collect(),
            None => of_members(acts).into_iter().collect(),
        }
    }

    /// The address of a member.
    pub fn email(&self, subject: &str) -> Option<&str> {
        self.members.iter().find(|member| member.subject == subject)?.email.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn settings(json: &str) -> NoticeSettings {
        serde_json::from_str(json).expect("settings")
    }

    #[test]
    fn what_is_not_urgent_waits_for_morning_or_the_digest() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let night = r#"{"quiet_hours": {"from": "18:00", "to": "08:00"}}"#;
        let noon = r#"{"quiet_hours": {"from": "12:00", "to": "13:00"}}"#;
        let both = r#"{"quiet_hours": {"from": "18:00", "to": "08:00"}, "digest": {"at": "08:30"}}"#;
        use NoticeUrgency::{Digest, Soon, Urgent};
        for (given, urgency, now, leaves) in [
            ("{}", Soon, "2026-02-05T22:00:00Z", "2026-02-05T22:00:00Z"),
            ("{}", Digest, "2026-02-05T22:00:00Z", "2026-02-05T22:00:00Z"),
            (night, Urgent, "2026-02-05T22:00:00Z", "2026-02-05T22:00:00Z"),
            (night, Soon, "2026-02-05T16:59:59Z", "2026-02-05T16:59:59Z"),
            (night, Soon, "2026-02-05T17:00:00Z", "2026-02-06T07:00:00Z"),
            (night, Soon, "2026-02-06T06:59:59Z", "2026-02-06T07:00:00Z"),
            (night, Soon, "2026-02-06T07:00:00Z", "2026-02-06T07:00:00Z"),
            (night, Digest, "2026-02-06T02:00:00Z", "2026-02-06T07:00:00Z"),
            (noon, Soon, "2026-02-06T11:30:00Z", "2026-02-06T12:00:00Z"),
            (noon, Soon, "2026-02-06T12:00:00Z", "2026-02-06T12:00:00Z"),
            (both, Digest, "2026-02-05T22:00:00Z", "2026-02-06T07:30:00Z"),
            (both, Digest, "2026-02-06T07:30:00Z", "2026-02-06T07:30:00Z"),
            (both, Digest, "2026-02-06T07:30:01Z", "2026-02-07T07:30:00Z"),
            // The clocks go forward in the night: half past two does not come.
            (r#"{"digest": {"at": "02:30"}}"#, Digest, "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z"),
        ] {
            assert_eq!(settings(given).leaves_at(urgency, &zone, at(now)), at(leaves), "{given} {urgency} {now}");
        }
        let due = crate::testing::on("2026-02-05");
        assert_eq!(settings("{}").overdue_at(&zone, due, 1), at("2026-02-06T08:00:00Z"));
        assert_eq!(settings(night).overdue_at(&zone, due, 2), at("2026-02-07T07:00:00Z"));
        assert_eq!(settings(both).overdue_at(&zone, due, 1), at("2026-02-06T07:30:00Z"));
    }

    #[test]
    fn a_name_means_people_who_are_there() {
        let member = |subject: &str, role: &str| NoticeMember {
            subject: subject.to_owned(),
            role: role.to_owned(),
            email: Some(format!("{subject}@acme.example")),
        };
        let members = [member("ann", "collector"), member("bob", "collector"), member("cid", "manager"), member("dan", "admin")];
        let teams = BTreeMap::from([("north".to_owned(), vec!["ann".to_owned(), "gone".to_owned()])]);
        let away = BTreeMap::from([("bob".to_owned(), "cid".to_owned()), ("dan".to_owned(), "north".to_owned())]);
        let nobody = BTreeMap::new();
        for (owner, is_away, to, expected) in [
            (None, false, "owner", vec![]),
            (Some("ann"), false, "owner", vec!["ann"]),
            (Some("north"), false, "owner", vec!["ann"]),
            (None, false, "collector", vec!["ann", "bob"]),
            (Some("bob"), false, "collectors", vec!["bob"]),
            (None, true, "collectors", vec!["ann", "cid"]),
            (None, false, "managers", vec!["cid"]),
            (None, true, "admin", vec!["ann"]),
            (None, false, "north", vec!["ann"]),
            (None, false, "bob", vec!["bob"]),
            (None, false, "bob@acme.example", vec!["bob"]),
            (None, false, "finance-director", vec![]),
        ] {
            let people = NoticePeople { members: &members, teams: &teams, away: if is_away { &away } else { &nobody }, owner };
            assert_eq!(people.named(to).into_iter().collect::<Vec<_>>(), expected, "{owner:?} {is_away} {to}");
        }
        let people = NoticePeople { members: &members, teams: &teams, away: &nobody, owner: None };
        for (to, expected) in [(Some("bob"), "bob"), (Some("nobody"), "cid"), (None, "cid")] {
            assert_eq!(people.responsible(to).into_iter().collect::<Vec<_>>(), [expected], "{to:?}");
        }
        let owned = NoticePeople { owner: Some("ann"), ..people };
        assert_eq!(owned.responsible(None).into_iter().collect::<Vec<_>>(), ["ann"]);
        assert_eq!((owned.email("ann"), owned.email("gone")), (Some("ann@acme.example"), None));
    }

    #[test]
    fn nothing_of_a_tenant_that_is_not_live_leaves_but_what_people_have_to_look_at() {
        for (mode, paused, training, of_step, leaves) in [
            (Mode::Live, false, false, true, true),
            (Mode::Live, true, false, false, false),
            (Mode::Live, false, true, false, false),
            (Mode::Shadow, false, false, true, false),
            (Mode::Shadow, false, false, false, true),
            (Mode::Off, false, false, true, false),
            (Mode::Off, false, false, false, true),
        ] {
            assert_eq!(why_not(mode, paused, training, of_step).is_none(), leaves, "{mode} {paused} {training} {of_step}");
        }
    }

    #[test]
    fn settings_of_notices() {
        for (given, expected) in [
            ("{}", vec![]),
            (r#"{"rules": [{"kinds": ["breaker"], "to": "admins", "urgent": true}], "due_in": {"approval": 2}}"#, vec![]),
            (r#"{"quiet_hours": {"from": "08:00", "to": "08:00"}}"#, vec!["/notices/quiet_hours"]),
            (r#"{"rules": [{"kinds": [], "to": " "}]}"#, vec!["/notices/rules/0/kinds", "/notices/rules/0/to"]),
            (
                r#"{"overdue": [{"after_days": 0, "to": "x"}, {"after_days": 1, "to": ""}]}"#,
                vec!["/notices/overdue/0/after_days", "/notices/overdue/1/to"],
            ),
            (r#"{"due_in": {"approval": 251}}"#, vec!["/notices/due_in/approval"]),
            (
                r#"{"via": ["slack", "slack"], "overdue": [{"after_days": 1, "to": "x", "via": ["sns", "sns"]}]}"#,
                vec!["/notices/via", "/notices/overdue/0/via"],
            ),
        ] {
            let found = settings(given).flaws();
            assert_eq!(found.iter().map(|(pointer, _)| pointer.as_str()).collect::<Vec<_>>(), expected, "{given}");
        }
        for unread in [r#"{"via": ["fax"]}"#, r#"{"due_in": {"fax": 1}}"#, r#"{"quiet_hours": {"from": "8"}}"#, r#"{"x": 1}"#] {
            assert!(serde_json::from_str::<NoticeSettings>(unread).is_err(), "{unread}");
        }
        assert_eq!(settings("{}").ways(&[]), [NoticeWay::Email]);
        assert_eq!(settings(r#"{"via": ["slack"]}"#).ways(&[]), [NoticeWay::Slack]);
        assert_eq!(settings(r#"{"via": ["slack"]}"#).ways(&[NoticeWay::Sns]), [NoticeWay::Sns]);
    }
}
