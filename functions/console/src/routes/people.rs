//! The tenant's people: members and their roles, invitations, teams, who is away and who stands in, and handing over.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::{Value, context};
use serde_json::json;
use service::{
    NotDone, Operation,
    members::{self, InvitationAsked, MemberAsked, MemberChange},
    notices::{self, NoticesAsked},
    owners::{self, AbsenceAsked, HandedOver},
    teams,
};
use store::Member;

use crate::{
    outcome::{ConsolePage, ConsoleReply, PageResult},
    own_pages::{YOU, language_choices},
    posted::FormFlaws,
    sections::Section,
    shown::{percent, roles_up_to, shown},
    visit::ConsoleVisit,
};

/// Where people are.
const PEOPLE: &str = "/console/people";

/// `GET /console/people`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    page(visit, "", FormFlaws::default()).await
}

/// `POST /console/people/invitations`: invites somebody.
pub(crate) async fn invite(visit: &ConsoleVisit) -> PageResult {
    let form = visit.posted();
    let asked = InvitationAsked {
        email: form.owned("email").unwrap_or_default(),
        name: form.owned("name"),
        role: form.owned("role").unwrap_or_default(),
    };
    match members::invite(visit.store(), &visit.actor, &asked, visit.now).await {
        Ok(invited) => {
            let said = format!(
                "{} is invited as {} until {}. Nothing is sent: tell them to sign in at this address, and that the tenant is {}.",
                invited.email,
                invited.role,
                visit.formats.moment(invited.until),
                visit.tenant()
            );
            Ok(ConsoleReply::done(PEOPLE, said))
        }
        Err(other) => again(visit, "invite", other).await,
    }
}

/// `POST /console/people/invitations/withdraw`: takes an invitation back.
pub(crate) async fn withdraw(visit: &ConsoleVisit) -> PageResult {
    let email = visit.posted().text("email").unwrap_or_default();
    members::withdraw(visit.store(), &visit.actor, email, visit.now).await?;
    Ok(ConsoleReply::done(PEOPLE, "The invitation is taken back."))
}

/// `POST /console/people/members`: makes somebody a member by the subject of their sign-in.
pub(crate) async fn add(visit: &ConsoleVisit) -> PageResult {
    let form = visit.posted();
    let asked = MemberAsked {
        subject: form.owned("sub").unwrap_or_default(),
        email: form.owned("email"),
        name: form.owned("name"),
        role: form.owned("role").unwrap_or_default(),
    };
    match members::add(visit.store(), &visit.actor, &asked, visit.now).await {
        Ok(member) => Ok(ConsoleReply::done(PEOPLE, format!("{} is a member as {}.", called(&member), member.role))),
        Err(other) => again(visit, "add", other).await,
    }
}

/// `GET /console/people/members/{subject}`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    member_page(visit, FormFlaws::default()).await
}

/// `POST /console/people/members/{subject}`: changes role, name, signature and the language of notices.
pub(crate) async fn change(visit: &ConsoleVisit) -> PageResult {
    let (form, subject) = (visit.posted(), visit.path_value("subject"));
    let before = members::show(visit.store(), &visit.actor, subject).await?;
    let seen = form.text("revision").and_then(|rev| rev.parse::<u64>().ok());
    if seen.is_some_and(|seen| seen != before.rev) {
        return Err(NotDone::Stale(before.rev).into());
    }
    // A field that is emptied is taken away; the page always has all four.
    let asked = MemberChange {
        role: form.owned("role"),
        name: Some(form.owned("name").unwrap_or_default()),
        signature: Some(form.owned("signature").unwrap_or_default()),
        language: Some(form.owned("language").unwrap_or_default()),
    };
    match members::change(visit.store(), &visit.actor, subject, &asked, visit.now).await {
        Ok(member) => Ok(ConsoleReply::done(PEOPLE, format!("{} is changed, and is {} now.", called(&member), member.role))),
        Err(NotDone::Fields(flaws)) => member_page(visit, FormFlaws::of(flaws)).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/you/language`: in which language whoever is signed in is told of work.
pub(crate) async fn own_language(visit: &ConsoleVisit) -> PageResult {
    let language = visit.posted().text("language").unwrap_or_default();
    members::change_own(visit.store(), &visit.actor, Some(language), visit.now).await?;
    Ok(ConsoleReply::done(YOU, "The language in which you are told of work is changed.".to_owned()))
}

/// `POST /console/people/members/{subject}/remove`: they are refused at once.
pub(crate) async fn remove(visit: &ConsoleVisit) -> PageResult {
    let subject = visit.path_value("subject");
    let member = members::remove(visit.store(), &visit.actor, subject, visit.now).await?;
    let left = owners::left_behind(visit.store(), &visit.actor, subject, visit.now).await?;
    let said = format!("{} is removed, and is refused from now on.", called(&member));
    let rest = if left.customers + left.tasks > 0 || !left.still.is_empty() {
        let more = if left.more { " or more" } else { "" };
        format!(" {}{more} customers and {} open tasks are still theirs: hand them over below.", left.customers, left.tasks)
    } else {
        String::new()
    };
    Ok(ConsoleReply::done(format!("{PEOPLE}?from={}#hand-over", percent(subject)), said + &rest))
}

/// `POST /console/people/absences`: says when somebody is away, or that they are not.
pub(crate) async fn set_absence(visit: &ConsoleVisit) -> PageResult {
    let form = visit.posted();
    let day = |name: &str| {
        let wrong = || NotDone::field(&format!("/{name}"), "it is a day, such as 2026-02-04");
        form.text(name).map(|text| text.parse::<Date>().map_err(|_| wrong())).transpose()
    };
    let asked = AbsenceAsked {
        subject: form.owned("sub").unwrap_or_default(),
        from_on: match day("from_on") {
            Ok(day) => day,
            Err(other) => return again(visit, "absence", other).await,
        },
        until_on: match day("until_on") {
            Ok(day) => day,
            Err(other) => return again(visit, "absence", other).await,
        },
        stand_in: form.owned("stand_in"),
    };
    match owners::set_absence(visit.store(), &visit.actor, &asked, visit.now).await {
        Ok(Some(away)) => {
            let (from, until) = (visit.formats.date(away.from_on), visit.formats.date(away.until_on));
            Ok(ConsoleReply::done(PEOPLE, format!("Away from {from} to {until}; {} stands in.", away.stand_in)))
        }
        Ok(None) => Ok(ConsoleReply::done(PEOPLE, "They are not away.")),
        Err(other) => again(visit, "absence", other).await,
    }
}

/// `POST /console/people/hand_over`: gives all of one owner's customers and open tasks to another.
pub(crate) async fn hand_over(visit: &ConsoleVisit) -> PageResult {
    let form = visit.posted();
    let (from, to) = (form.text("from").unwrap_or_default(), form.text("to").unwrap_or_default());
    match owners::hand_over(visit.store(), &visit.actor, from, to, form.text("reason"), visit.now).await {
        Ok(HandedOver { count, tasks, more, still }) => {
            let rest = if more { " There are more: hand over again." } else { "" };
            let named = if still.is_empty() { String::new() } else { format!(" Still naming {from}: {}.", still.join(", ")) };
            let said = format!("{count} customers and {tasks} open tasks are {to}'s now.{rest}{named}");
            let to = if more { format!("{PEOPLE}?from={}#hand-over", percent(from)) } else { PEOPLE.to_owned() };
            Ok(ConsoleReply::done(to, said))
        }
        Err(other) => again(visit, "hand_over", other).await,
    }
}

/// Shows the page again with what is wrong with one of its forms.
async fn again(visit: &ConsoleVisit, form: &'static str, why: NotDone) -> PageResult {
    match why {
        NotDone::Fields(flaws) => page(visit, form, FormFlaws::of(flaws)).await,
        other => Err(other.into()),
    }
}

async fn page(visit: &ConsoleVisit, wrong: &'static str, flaws: FormFlaws) -> PageResult {
    let (store, actor) = (visit.store(), &visit.actor);
    let all = members::list(store, actor, true).await?;
    let names: BTreeMap<&str, &str> = all.iter().map(|member| (member.subject.as_str(), called(member))).collect();
    let name = |subject: &str| names.get(subject).copied().unwrap_or(subject).to_owned();
    let member = |member: &Member| {
        json!({
            "address": format!("{PEOPLE}/members/{}", percent(&member.subject)), "subject": member.subject, "name": called(member),
            "email": member.email, "role": member.role, "seen": member.seen_at.map(|at| visit.formats.from_now(at)),
            "removed": member.removed_at.map(|at| visit.formats.moment(at)),
        })
    };
    let (gone, present): (Vec<&Member>, Vec<&Member>) = all.iter().partition(|member| member.removed_at.is_some());
    let invitations =
        if visit.may(Operation::ListInvitations) { members::invitations(store, actor, visit.now).await? } else { vec![] };
    let invited: Vec<_> = invitations
        .iter()
        .map(|one| json!({ "email": one.email, "name": one.name, "role": one.role, "until": visit.formats.moment(one.until) }))
        .collect();
    let has_settings = visit.settings.is_some();
    let absences = if has_settings { owners::absences(store, actor, visit.now).await? } else { vec![] };
    let absences: Vec<_> = absences
        .iter()
        .map(|away| {
            json!({
                "subject": away.subject, "name": name(&away.subject), "from": visit.formats.date(away.from_on),
                "until": visit.formats.date(away.until_on), "stand_in": name(&away.stand_in),
                "is_own": away.subject == actor.by(),
            })
        })
        .collect();
    let teams = if has_settings { teams::list(store, actor, visit.now).await? } else { vec![] };
    let teams: Vec<_> = teams
        .iter()
        .map(|team| {
            let of = |one: &teams::TeamMemberFound| {
                json!({ "name": name(&one.subject), "is_away": one.is_away, "stand_in": one.stand_in.as_deref().map(name) })
            };
            json!({ "name": team.name, "members": team.members.iter().map(of).collect::<Vec<_>>() })
        })
        .collect();
    let told = told(visit).await?;
    let form = visit.posted();
    let typed = if wrong.is_empty() {
        context! { from => visit.query("from").unwrap_or_default() }
    } else {
        shown(&form.typed())
    };
    let values = context! {
        members => shown(&present.into_iter().map(member).collect::<Vec<_>>()),
        gone => shown(&gone.into_iter().map(member).collect::<Vec<_>>()),
        invitations => shown(&invited),
        absences => shown(&absences),
        teams => shown(&teams),
        told,
        own => actor.by(),
        roles => roles_up_to(actor.role()),
        may_add => visit.may(Operation::AddMember),
        may_be_away => has_settings && visit.may(Operation::SetAbsence),
        may_hand_over => has_settings && visit.may(Operation::HandOver),
        is_manager => visit.may(Operation::HandOver),
        wrong,
        typed,
        flaws => shown(&flaws),
    };
    let status = if flaws.all.is_empty() { 200 } else { 422 };
    Ok(ConsolePage::new(Section::People, "People", "people", values).with_status(status).into())
}

/// How people were told of work of late.
async fn told(visit: &ConsoleVisit) -> Result<Value, NotDone> {
    let asked = NoticesAsked { limit: Some(10), ..NoticesAsked::default() };
    let found = notices::list(visit.store(), &visit.actor, asked, visit.now).await?;
    let rows: Vec<_> = found
        .notices
        .iter()
        .take(10)
        .map(|known| {
            let notice = &known.notice;
            json!({
                "at": visit.formats.moment(notice.made_at), "kind": notice.kind, "way": notice.way,
                "to": notice.person.as_deref().or(notice.to.as_deref()), "status": known.status, "why": known.why,
            })
        })
        .collect();
    Ok(shown(&rows))
}

async fn member_page(visit: &ConsoleVisit, flaws: FormFlaws) -> PageResult {
    let member = members::show(visit.store(), &visit.actor, visit.path_value("subject")).await?;
    let form = visit.posted();
    let has_flaws = !flaws.all.is_empty();
    let typed = form.typed();
    let as_typed = |name: &str, known: Option<&str>| -> String {
        let typed = typed.get(name).copied().filter(|_| has_flaws);
        typed.or(known).unwrap_or_default().to_owned()
    };
    let values = context! {
        address => format!("{PEOPLE}/members/{}", percent(&member.subject)),
        subject => member.subject.as_str(),
        email => member.email.as_deref().unwrap_or_default(),
        email_verified => member.email_verified,
        added => visit.formats.moment(member.added_at),
        added_by => member.added_by.as_str(),
        seen => member.seen_at.map(|at| visit.formats.from_now(at)).unwrap_or_default(),
        removed => member.removed_at.map(|at| visit.formats.moment(at)).unwrap_or_default(),
        rev => member.rev,
        role => as_typed("role", Some(&member.role)),
        name => as_typed("name", member.name.as_deref()),
        signature => as_typed("signature", member.signature.as_deref()),
        language => as_typed("language", member.language.as_deref()),
        languages => language_choices(),
        roles => roles_up_to(visit.actor.role()),
        may_change => member.removed_at.is_none() && visit.may(Operation::ChangeMember),
        may_remove => member.removed_at.is_none() && visit.may(Operation::RemoveMember),
        flaws => shown(&flaws),
    };
    let status = if has_flaws { 422 } else { 200 };
    Ok(ConsolePage::new(Section::People, called(&member), "member", values).with_status(status).into())
}

/// What people call a member.
fn called(member: &Member) -> &str {
    member.name.as_deref().or(member.email.as_deref()).unwrap_or(&member.subject)
}
