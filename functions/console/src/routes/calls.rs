//! The call list: work about customers who have a number, with the number, the last contact, and a form for what came of the call.

use std::collections::BTreeMap;

use domain::{Contact, CustomerId, Mode};
use futures::future::try_join_all;
use jiff::civil::Date;
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use service::{
    Done, NotDone, Operation, contacts,
    lists::{
        PageAsked,
        last_contacts::{LastHeard, last_heard},
        tasks,
    },
    logged_contacts::{CALL_OUTCOMES, ContactMade, log},
    tasks::{EndAsked, TaskAsked, TaskOf, end, raise},
};

use crate::{
    back::back_to,
    formats::Formats,
    outcome::{ConsolePage, ConsoleReply, PageResult},
    sections::Section,
    tables::PagerView,
    visit::ConsoleVisit,
    work_asked::{EVERYBODY, ListedChoice, ViewLink, WorkAsked, label_of},
    work_rows::{WorkOnPage, work_rows},
};

/// Tasks of a page.
const ROWS: u32 = 20;
/// Where the list is.
const CALLS: &str = "/console/calls";

/// A call to be made.
#[derive(Clone, Debug, Serialize)]
struct CallToMake {
    work: WorkOnPage,
    people: Vec<PersonToCall>,
    contacted: Option<String>,
    replied: Option<String>,
}

/// Somebody who has a number.
#[derive(Clone, Debug, Serialize)]
struct PersonToCall {
    id: String,
    name: String,
    number: String,
    roles: String,
}

/// `GET /console/calls`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    let me = visit.actor.by();
    let asked = WorkAsked { kind: "task".to_owned(), ..WorkAsked::of(visit) };
    let asked = if asked.whose.is_empty() { asked.of_whom(EVERYBODY) } else { asked };
    let page = PageAsked { limit: Some(ROWS), ..visit.page_asked() };
    let found = tasks::list(visit.reading(), &visit.actor, &asked.tasks(), &page, visit.now).await?;
    let about: Vec<TaskOf> = found.rows.into_iter().filter(|(task, _)| task.customer.is_some()).collect();
    let customers: Vec<CustomerId> = about.iter().filter_map(|(task, _)| task.customer.clone()).collect();
    let mode = visit.settings.as_ref().map_or(Mode::Live, |settings| settings.mode);
    let heard = last_heard(visit.reading(), &visit.actor, &customers, mode).await?;
    let mut each = Vec::with_capacity(customers.len());
    for customer in &customers {
        each.push(numbers_of(visit, customer));
    }
    let people: Vec<Vec<PersonToCall>> = try_join_all(each).await?;
    let people: BTreeMap<String, Vec<PersonToCall>> = customers.iter().map(ToString::to_string).zip(people).collect();
    let work = work_rows(visit, about, &visit.request.address()).await?;
    let rows: Vec<CallToMake> = work.into_iter().filter_map(|work| call(work, &people, &heard, &visit.formats)).collect();
    let tab = |name: &str, whose: &str| ViewLink {
        name: name.to_owned(),
        address: visit.request.address_with(&[("whose", Some(whose)), ("cursor", None)]),
        is_current: asked.whose == whose,
    };
    let mine = (!me.is_empty()).then(|| tab("Mine", me));
    let tabs: Vec<ViewLink> = mine.into_iter().chain([tab("Everybody's", EVERYBODY)]).collect();
    let outcomes: Vec<ListedChoice> = CALL_OUTCOMES.iter().map(|(word, _)| ListedChoice::new(*word, label_of(word))).collect();
    let values = context! {
        rows => Value::from(Serde(&rows)),
        tabs => Value::from(Serde(&tabs)),
        outcomes => Value::from(Serde(&outcomes)),
        pages => Value::from(Serde(&PagerView::of(&visit.request, found.next.as_deref()))),
        here => visit.request.address(),
        may_log => visit.may(Operation::LogContact),
    };
    Ok(ConsolePage::new(Section::Home, "Call list", "calls", values).into())
}

/// A row of it, where somebody of the customer has a number.
fn call(
    work: WorkOnPage,
    people: &BTreeMap<String, Vec<PersonToCall>>,
    heard: &BTreeMap<CustomerId, LastHeard>,
    formats: &Formats,
) -> Option<CallToMake> {
    let id = work.customer.as_ref()?.id.clone();
    let people = people.get(&id).filter(|people| !people.is_empty())?.clone();
    let heard = CustomerId::parse(&id).and_then(|id| heard.get(&id).copied()).unwrap_or_default();
    let contacted = heard.contacted_at.map(|at| formats.from_now(at));
    Some(CallToMake { work, people, contacted, replied: heard.replied_at.map(|at| formats.from_now(at)) })
}

/// Who of a customer has a number.
async fn numbers_of(visit: &ConsoleVisit, customer: &CustomerId) -> Done<Vec<PersonToCall>> {
    if !visit.may(Operation::ShowContacts) {
        return Ok(Vec::new());
    }
    match contacts::show(visit.store(), &visit.actor, customer.as_str()).await {
        Ok(shown) => Ok(shown.customer.contacts.into_iter().filter_map(person).collect()),
        // A customer whose profile is not there has no number.
        Err(NotDone::NotFound(_)) => Ok(Vec::new()),
        Err(other) => Err(other),
    }
}

fn person(contact: Contact) -> Option<PersonToCall> {
    let roles: Vec<&str> = contact.roles.iter().map(|role| role.as_str()).collect();
    Some(PersonToCall { number: contact.phone?, roles: roles.join(", "), id: contact.external_id, name: contact.name })
}

/// `POST /console/calls`: writes a call down, and ends the task that asked for it where the form says so.
pub(crate) async fn write_down(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let again_on: Option<Date> = match posted.text("again_on").map(str::parse) {
        Some(Err(_)) => return Err(NotDone::field("/again_on", "it is a day, such as 2026-02-04").into()),
        Some(Ok(on)) => Some(on),
        None => None,
    };
    if again_on.is_some_and(|on| on < visit.formats.today()) {
        return Err(NotDone::field("/again_on", "from today on: the day has passed").into());
    }
    let made = ContactMade {
        customer: posted.owned("customer").unwrap_or_default(),
        kind: "call".to_owned(),
        outcome: posted.owned("outcome").unwrap_or_default(),
        contact: posted.owned("contact"),
        case: None,
        note: posted.owned("note"),
    };
    let (customer, _) = log(visit.store(), &visit.actor, &made, visit.now).await?;
    let mut said = vec!["The call is written down.".to_owned()];
    if let Some(on) = again_on {
        let asked = TaskAsked {
            title: "Call again".to_owned(),
            detail: None,
            customer: Some(customer.to_string()),
            to: Some(visit.actor.by().to_owned()).filter(|by| !by.is_empty()),
            due_on: Some(on),
        };
        raise(visit.store(), &visit.actor, &asked, visit.now).await?;
        said.push(format!("You are reminded to call again on {}.", visit.formats.date(on)));
    }
    if let Some(task) = posted.text("task").filter(|_| posted.is_ticked("ends")) {
        end(visit.store(), &visit.actor, Operation::FinishTask, task, EndAsked::default(), visit.now).await?;
        said.push("Its task is over.".to_owned());
    }
    Ok(ConsoleReply::done(back_to(visit, CALLS), said.join(" ")))
}
