//! The worklist: by kind, by whose work it is, by age or by money at stake; and the forms that raise, give away, end and open tasks again.

use std::collections::BTreeMap;

use domain::{TaskKind, TaskResult, word::Word};
use jiff::civil::Date;
use minijinja::{Value, context, value::Serde};
use service::{
    Done, NotDone, Operation,
    lists::tasks,
    tasks::{EndAsked, EndedTask, TaskAsked, assign as give, end, raise as begin, reopen as open_again, show as look_at},
};

use crate::{
    back::back_to,
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    tables::PagerView,
    visit::ConsoleVisit,
    work_asked::{EVERYBODY, ListedChoice, WorkAsked, kind_choices, order_choices, people_choices, view_links},
    work_rows::work_rows,
};

/// `GET /console/tasks`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    Ok(worklist(visit, FormFlaws::default(), BTreeMap::new()).await?.into())
}

/// The page, with what was typed and is wrong.
async fn worklist(visit: &ConsoleVisit, flaws: FormFlaws, typed: BTreeMap<&str, &str>) -> Done<ConsolePage> {
    let asked = WorkAsked::of(visit);
    let found = tasks::list(visit.reading(), &visit.actor, &asked.tasks(), &visit.page_asked(), visit.now).await?;
    let rows = work_rows(visit, found.rows, &visit.request.address()).await?;
    let people = people_choices(visit).await?;
    let views = view_links(visit).await?;
    let whose: Vec<ListedChoice> = [ListedChoice::new(EVERYBODY, "Everybody's")].into_iter().chain(people.clone()).collect();
    let nobody: Vec<ListedChoice> = [ListedChoice::new("", "Nobody yet")].into_iter().chain(people).collect();
    let values = context! {
        rows => Value::from(Serde(&rows)),
        pages => Value::from(Serde(&PagerView::of(&visit.request, found.next.as_deref()))),
        asked => Value::from(Serde(&asked)),
        kinds => Value::from(Serde(&kind_choices())),
        orders => Value::from(Serde(&order_choices())),
        whose => Value::from(Serde(&whose)),
        people => Value::from(Serde(&nobody)),
        views => Value::from(Serde(&views)),
        flaws => Value::from(Serde(&flaws)),
        typed => Value::from(Serde(&typed)),
        may_bulk => visit.may(Operation::RunBulk),
        may_save => visit.may(Operation::SaveViews),
        may_raise => visit.may(Operation::RaiseTask),
    };
    Ok(ConsolePage::new(Section::Tasks, "Tasks", "tasks", values))
}

/// `POST /console/tasks`: raises one.
pub(crate) async fn raise(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let due_on = match posted.text("due_on").map(str::parse::<Date>) {
        Some(Err(_)) => Err(NotDone::field("/due_on", "it is a day, such as 2026-02-04")),
        Some(Ok(on)) => Ok(Some(on)),
        None => Ok(None),
    };
    let asked = due_on.map(|due_on| TaskAsked {
        title: posted.owned("title").unwrap_or_default(),
        detail: posted.owned("detail"),
        customer: posted.owned("customer"),
        to: posted.owned("to"),
        due_on,
    });
    let raised = match asked {
        Ok(asked) => begin(visit.store(), &visit.actor, &asked, visit.now).await,
        Err(flaw) => Err(flaw),
    };
    match raised {
        Ok((task, _)) => Ok(ConsoleReply::done(back_to(visit, &format!("/console/tasks/{}", task.id)), "The task is raised.")),
        // Of a form on a task's page the browser's way back leads to what was typed.
        Err(NotDone::Fields(flaws)) if posted.text("back").is_none() => {
            Ok(worklist(visit, FormFlaws::of(flaws), posted.typed()).await?.with_status(422).into())
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/tasks/{id}/done`: ends one, as the form says.
pub(crate) async fn finish(visit: &ConsoleVisit) -> PageResult {
    let (posted, id) = (visit.posted(), visit.path_value("id"));
    let (task, _) = look_at(visit.store(), &visit.actor, id).await?;
    if task.task.kind == TaskKind::Proposal {
        let why = "a proposal is carried out, or refused, by POST /v1/tasks/{id}/done of the API";
        return Err(NotDone::Conflict(why.to_owned()).into());
    }
    let none = || NotDone::field("/result", format!("a task ends with one of: {}", TaskResult::WORDS.join(", ")));
    let result = posted.text("result").map(|word| TaskResult::of_this_release(word).ok_or_else(none)).transpose()?;
    let asked = EndAsked { result, note: posted.owned("note") };
    match end(visit.store(), &visit.actor, Operation::FinishTask, id, asked, visit.now).await? {
        EndedTask::Over(_) => {
            Ok(ConsoleReply::done(back_to(visit, Section::Tasks.path()), format!("It is over: {}", task.task.title)))
        }
        EndedTask::DoesNotFit(why) => Err(NotDone::field("/result", why).into()),
        EndedTask::Proposed => Err(NotDone::Conflict("it is a proposal; look how it is now".to_owned()).into()),
    }
}

/// `POST /console/tasks/{id}/assign`: gives one to somebody, or to nobody.
pub(crate) async fn assign(visit: &ConsoleVisit) -> PageResult {
    let (posted, id) = (visit.posted(), visit.path_value("id"));
    let (task, _) = give(visit.store(), &visit.actor, id, posted.text("to"), visit.now).await?;
    let whose = task.task.to.map_or_else(|| "nobody's in particular".to_owned(), |to| format!("for {to}"));
    Ok(ConsoleReply::done(back_to(visit, &format!("/console/tasks/{id}")), format!("It is {whose} now: {}", task.task.title)))
}

/// `POST /console/tasks/{id}/reopen`: opens one again that a person raised.
pub(crate) async fn reopen(visit: &ConsoleVisit) -> PageResult {
    let id = visit.path_value("id");
    open_again(visit.store(), &visit.actor, id, visit.now).await?;
    Ok(ConsoleReply::done(format!("/console/tasks/{id}"), "The task is open again."))
}
