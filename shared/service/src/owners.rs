//! Who looks after a customer: whom a person named, else whom the first rule of the settings names; who stands in while a member is away; and
//! handing over all of one owner's customers and tasks.

use domain::{
    CustomerId, Settings, TenantId,
    calendar::tenant_zone,
    owners::{OWNER_MAX, owner_by_rule},
    teams::stand_in,
};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde_json::json;
use store::{Absence, CustomerOwner, Store, Task};

use crate::{
    Actor, Done, NotDone, Operation, StaffRole,
    cursors::no_cursor,
    customers::{known_customer, no_customer, reason_of},
    matter,
    teams::{TeamMemberFound, away, today},
    tenant_limits::TenantLimit,
};

/// Most customers and tasks that one request hands over; asked again, it goes on.
pub const HANDED_OVER_MAX: usize = 200;
/// Open tasks of a page, and most pages that one request looks through.
const TASKS: u32 = 200;
const TASK_PAGES_MAX: usize = 150;
/// How far ahead an absence may end, in days.
const AWAY_DAYS_MAX: i64 = 400;
/// Customers of a page.
const PAGE: usize = 100;

/// Who looks after a customer now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerFound {
    /// The owner; nobody where neither a person nor a rule says one.
    pub owner: Option<String>,
    /// What a person said, where one did.
    pub by_hand: Option<CustomerOwner>,
    /// Who stands in today, where the owner is away: the first who is not away too.
    pub stand_in: Option<String>,
    /// Who of the owner is there, where it is a team.
    pub team: Option<Vec<TeamMemberFound>>,
}

/// Who looks after a customer.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], and those of reading.
pub async fn show(store: &Store, actor: &Actor, customer: &str, now: Timestamp) -> Done<OwnerFound> {
    let tenant = actor.may(Operation::ShowOwner)?;
    let customer = CustomerId::parse(customer).ok_or_else(no_customer)?;
    found(store, tenant, &customer, now).await
}

async fn found(store: &Store, tenant: &TenantId, customer: &CustomerId, now: Timestamp) -> Done<OwnerFound> {
    let facts = matter::facts(store, tenant, customer).await?;
    let settings = matter::settings(store, tenant).await?;
    let by_hand = store.owner(tenant, customer).await?;
    let by_rule = || owner_by_rule(&settings.owners, &facts.customer).map(str::to_owned);
    let owner = by_hand.as_ref().map(|known| known.owner.clone()).or_else(by_rule);
    let (mut instead, mut team) = (None, None);
    if let Some(owner) = &owner {
        let away = away(store, tenant, &settings, now).await?;
        instead = stand_in(owner, &away).filter(|acts| *acts != owner).map(str::to_owned);
        team = settings.teams.get(owner).map(|members| today(members, &away));
    }
    Ok(OwnerFound { owner, by_hand, stand_in: instead, team })
}

/// Says who a customer's owner is; `None` leaves it to the rules.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], and those of the table.
pub async fn set(
    store: &Store,
    actor: &Actor,
    customer: &str,
    owner: Option<&str>,
    reason: Option<&str>,
    now: Timestamp,
) -> Done<OwnerFound> {
    let tenant = actor.may(Operation::SetOwner)?;
    let reason = reason_of(reason)?;
    let customer = known_customer(store, tenant, customer).await?;
    let mut flaws = Vec::new();
    let owner = matter::text("/owner", owner, OWNER_MAX, &mut flaws);
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let before = store.owner(tenant, &customer).await?;
    if before.as_ref().map(|before| &before.owner) != owner.as_ref() {
        let what = json!({ "owner": { "from": before.as_ref().map(|before| &before.owner), "to": owner } });
        let entry = actor.entry(Operation::SetOwner, now).about(&customer).with(what).noting(reason);
        let after = owner.map(|owner| CustomerOwner { owner, by: actor.by().to_owned(), at: now });
        store.acting(entry).set_owner(tenant, &customer, before.as_ref(), after.as_ref()).await?;
    }
    found(store, tenant, &customer, now).await
}

/// The customers that a person gave to an owner, and the id to go on after. Those that are an owner's by a rule are not listed.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`] for a cursor that is none, and those of reading.
pub async fn list(
    store: &Store,
    actor: &Actor,
    owner: &str,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Done<(Vec<CustomerId>, Option<CustomerId>)> {
    let tenant = actor.may(Operation::ListOwned)?;
    let after = cursor.map(|cursor| CustomerId::parse(cursor).ok_or_else(no_cursor)).transpose()?;
    let most = limit.map_or(PAGE, |limit| limit as usize);
    let (customers, more) = store.owned(tenant, owner, most, after.as_ref()).await?;
    let next = customers.last().cloned().filter(|_| more);
    Ok((customers, next))
}

/// How far handing over came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOver {
    /// How many customers went over now.
    pub count: usize,
    /// How many open tasks.
    pub tasks: usize,
    /// Whether there are more: the same request again goes on.
    pub more: bool,
    /// What still names the one who hands over, and is for the settings or an absence to change: JSON pointers into the settings, and paths of
    /// absences.
    pub still: Vec<String>,
}

/// Gives the customers that a person gave to one owner, and the open tasks that are theirs, to another, at most 200 a request.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], and those of the table; what went over before stays so.
pub async fn hand_over(
    store: &Store,
    actor: &Actor,
    from: &str,
    to: &str,
    reason: Option<&str>,
    now: Timestamp,
) -> Done<HandedOver> {
    let tenant = actor.may(Operation::HandOver)?;
    let reason = reason_of(reason)?;
    let mut flaws = Vec::new();
    let from = named("/from", from, &mut flaws);
    let to = named("/to", to, &mut flaws);
    if from.is_some() && from == to {
        flaws.push(("/to".to_owned(), "it is the same owner".to_owned()));
    }
    let (Some(from), Some(to), true) = (from, to, flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
    let settings = matter::settings(store, tenant).await?;
    let (customers, more) = store.owned(tenant, &from, HANDED_OVER_MAX, None).await?;
    let mut count = 0;
    for customer in &customers {
        let before = store.owner(tenant, customer).await?;
        let Some(before) = before.filter(|before| before.owner == from) else { continue };
        let after = CustomerOwner { owner: to.clone(), by: actor.by().to_owned(), at: now };
        // An entry's place goes by its object: what many customers have alike is told apart by theirs.
        let entry = actor.entry(Operation::HandOver, now).of(customer.as_str()).about(customer);
        let entry = entry.with(json!({ "from": from, "to": to })).noting(reason.clone());
        store.acting(entry).set_owner(tenant, customer, Some(&before), Some(&after)).await?;
        count += 1;
    }
    let still = still_named(store, tenant, &settings, &from, now).await?;
    if more {
        return Ok(HandedOver { count, tasks: 0, more, still });
    }
    let (theirs, more) = tasks_of(store, tenant, &from, HANDED_OVER_MAX - count).await?;
    let mut tasks = 0;
    for task in theirs {
        let entry = actor.entry(Operation::HandOver, now).of(task.id.as_str()).noting(reason.clone());
        let entry = entry.with(json!({ "to": { "from": from, "to": to } }));
        let entry = task.customer.iter().fold(entry, |entry, customer| entry.about(customer));
        // One that is over meanwhile is nobody's any more.
        tasks += usize::from(store.acting(entry).assign_task(tenant, &task.id, Some(&to)).await?);
    }
    Ok(HandedOver { count, tasks, more, still })
}

/// What somebody leaves who is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// How many customers a person gave them, at most 200.
    pub customers: usize,
    /// How many open tasks are theirs, at most 200.
    pub tasks: usize,
    /// Whether there are more of either.
    pub more: bool,
    /// What of the settings and absences names them, as in [`HandedOver`].
    pub still: Vec<String>,
}

/// What is somebody's who is removed, and in nobody's worklist until it is handed over.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn left_behind(store: &Store, actor: &Actor, owner: &str, now: Timestamp) -> Done<LeftBehind> {
    let tenant = actor.may(Operation::RemoveMember)?;
    let (customers, more_customers) = store.owned(tenant, owner, HANDED_OVER_MAX, None).await?;
    let (tasks, more_tasks) = tasks_of(store, tenant, owner, HANDED_OVER_MAX).await?;
    let still = match store.settings(tenant).await? {
        Some(settings) => still_named(store, tenant, &settings.value, owner, now).await?,
        None => vec![],
    };
    Ok(LeftBehind { customers: customers.len(), tasks: tasks.len(), more: more_customers || more_tasks, still })
}

/// Open tasks that somebody should do, at most so many, and whether there are more.
async fn tasks_of(store: &Store, tenant: &TenantId, to: &str, most: usize) -> Done<(Vec<Task>, bool)> {
    let (mut found, mut after): (Vec<Task>, Option<String>) = (Vec::new(), None);
    for _ in 0..TASK_PAGES_MAX {
        let page = store.tasks(tenant, TASKS, after.as_deref()).await?;
        found.extend(page.tasks.into_iter().filter(|task| task.task.to.as_deref() == Some(to)));
        after = page.after;
        if after.is_none() || found.len() > most {
            break;
        }
    }
    let more = found.len() > most;
    found.truncate(most);
    Ok((found, more))
}

/// What of the settings and absences names somebody.
async fn still_named(store: &Store, tenant: &TenantId, settings: &Settings, name: &str, now: Timestamp) -> Done<Vec<String>> {
    let mut still = Vec::new();
    let rules = settings.owners.iter().enumerate().filter(|(_, rule)| rule.owner == name);
    still.extend(rules.map(|(at, _)| format!("/owners/{at}")));
    let pointed = |text: &str| text.replace('~', "~0").replace('/', "~1");
    let teams = settings.teams.iter().filter(|(_, members)| members.iter().any(|member| member == name));
    still.extend(teams.map(|(team, _)| format!("/teams/{}", pointed(team))));
    still.extend(settings.key_accounts.as_ref().filter(|of| of.owner == name).map(|_| "/key_accounts".to_owned()));
    let today = now.to_zoned(tenant_zone(settings)).date();
    let absences = store.absences(tenant).await?.into_iter();
    let absences = absences.filter(|away| away.stand_in == name && away.until_on >= today);
    still.extend(absences.map(|away| format!("/v1/absences/{}", away.subject)));
    Ok(still)
}

fn named(pointer: &str, text: &str, flaws: &mut Vec<(String, String)>) -> Option<String> {
    let before = flaws.len();
    let name = matter::text(pointer, Some(text), OWNER_MAX, flaws);
    if name.is_none() && before == flaws.len() {
        flaws.push((pointer.to_owned(), "an owner is a member's subject or a team's name".to_owned()));
    }
    name
}

/// Who is away, today or later.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn absences(store: &Store, actor: &Actor, now: Timestamp) -> Done<Vec<Absence>> {
    let tenant = actor.may(Operation::ListAbsences)?;
    let today = now.to_zoned(tenant_zone(&matter::settings(store, tenant).await?)).date();
    Ok(store.absences(tenant).await?.into_iter().filter(|away| away.until_on >= today).collect())
}

/// Days on which a member is away, and who stands in.
#[derive(Clone, Debug, Default)]
pub struct AbsenceAsked {
    /// Who: the subject of their sign-in.
    pub subject: String,
    /// The first day.
    pub from_on: Option<Date>,
    /// The last day; nobody is away where neither is named.
    pub until_on: Option<Date>,
    /// Who stands in.
    pub stand_in: Option<String>,
}

/// Says when a member is away, or that they are not. Members say it of themselves, managers of everybody.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], and those of the table.
pub async fn set_absence(store: &Store, actor: &Actor, asked: &AbsenceAsked, now: Timestamp) -> Done<Option<Absence>> {
    let tenant = actor.may(Operation::SetAbsence)?;
    let is_manager = actor.role().is_some_and(|role| role >= StaffRole::Manager);
    let mut flaws = Vec::new();
    let subject = named("/sub", &asked.subject, &mut flaws);
    let today = now.to_zoned(tenant_zone(&matter::settings(store, tenant).await?)).date();
    let last = today.checked_add(AWAY_DAYS_MAX.days()).unwrap_or(Date::MAX);
    let absence = match (asked.from_on, asked.until_on, &asked.stand_in) {
        (None, None, None) => None,
        (Some(from_on), Some(until_on), Some(stand_in)) => {
            if until_on < from_on || until_on < today || until_on > last {
                flaws.push((
                    "/until_on".to_owned(),
                    format!("not before the first day or today, at most {AWAY_DAYS_MAX} days ahead"),
                ));
            }
            let stand_in = named("/stand_in", stand_in, &mut flaws);
            if stand_in.is_some() && stand_in == subject {
                flaws.push(("/stand_in".to_owned(), "somebody else stands in".to_owned()));
            }
            subject.clone().zip(stand_in).map(|(subject, stand_in)| Absence { subject, from_on, until_on, stand_in })
        }
        (from_on, until_on, stand_in) => {
            let all = [("/from_on", from_on.is_none()), ("/until_on", until_on.is_none()), ("/stand_in", stand_in.is_none())];
            let missing = all.into_iter().filter(|(_, missing)| *missing);
            let detail = "an absence has a first and a last day and somebody who stands in; leave all out to end it";
            flaws.extend(missing.map(|(pointer, _)| (pointer.to_owned(), detail.to_owned())));
            None
        }
    };
    let (Some(subject), true) = (subject, flaws.is_empty()) else { return Err(NotDone::Fields(flaws)) };
    if !is_manager && subject != actor.by() {
        return Err(NotDone::NotAllowed("you may say it of yourself; a manager says it of others".to_owned()));
    }
    if absence.is_some() {
        let all = store.absences(tenant).await?;
        let others = all.iter().filter(|known| known.subject != subject).count();
        TenantLimit::Absences.unless_full(others)?;
    }
    let what = json!({ "from_on": asked.from_on, "until_on": asked.until_on, "stand_in": asked.stand_in });
    let entry = actor.entry(Operation::SetAbsence, now).of(subject.as_str()).with(what);
    store.acting(entry).set_absence(tenant, &subject, absence.as_ref()).await?;
    Ok(absence)
}
