//! Where people begin: what needs them, by money at stake; what is decided today; and what was done without them since yesterday.

use minijinja::{Value, context, value::Serde};
use service::{
    Operation,
    lists::{self, ListedPage},
    tasks::TaskOf,
};

use crate::{
    day_on_home::{done_since_yesterday, due_today},
    outcome::{ConsolePage, PageResult},
    sections::Section,
    tables::PagerView,
    visit::ConsoleVisit,
    work_asked::{EVERYBODY, ViewLink, WorkAsked, view_links},
    work_rows::work_rows,
};

/// Rows of a page: few enough to be looked at one after the other.
const ROWS: u32 = 20;
/// Pages without a row of theirs that are read on at most.
const READS: u32 = 5;

/// `GET /console`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let me = visit.actor.by();
    let asked = WorkAsked::of(visit);
    // Whose work is whose, the settings say: without any, it is everybody's.
    let is_nobodys = me.is_empty() || visit.settings.is_none();
    let is_said = !asked.whose.is_empty();
    let asked = if is_said { asked } else { asked.of_whom(if is_nobodys { EVERYBODY } else { me }) };
    let mut found = work(visit, &asked).await?;
    // Who owns nothing of the foremost sees what there is, and the page says so.
    let is_everybody_instead = !is_said && asked.whose != EVERYBODY && found.rows.is_empty();
    let asked = if is_everybody_instead { asked.of_whom(EVERYBODY) } else { asked };
    if is_everybody_instead {
        found = work(visit, &asked).await?;
    }
    let rows = work_rows(visit, found.rows, &visit.request.address()).await?;
    let (views, beside) = (view_links(visit).await?, day(visit).await?);
    let values = context! {
        rows => Value::from(Serde(&rows)),
        pages => Value::from(Serde(&pages(visit, &asked, found.next.as_deref()))),
        tabs => Value::from(Serde(&tabs(visit, &asked))),
        views => Value::from(Serde(&views)),
        is_mine => asked.whose == me,
        is_everybody_instead,
        may_bulk => visit.may(Operation::RunBulk),
        ..beside
    };
    Ok(ConsolePage::new(Section::Home, "Home", "home", values).into())
}

/// The ways to other pages. They say whose work it is also where the address did not: a cursor is good for what it was made for, and for nothing else.
fn pages(visit: &ConsoleVisit, asked: &WorkAsked, next: Option<&str>) -> PagerView {
    let to = |cursor: Option<&str>| visit.request.address_with(&[("whose", Some(asked.whose.as_str())), ("cursor", cursor)]);
    PagerView { first: visit.query("cursor").map(|_| to(None)), next: next.map(|next| to(Some(next))) }
}

/// A page of work: the first that holds any. A page of everybody's may hold nothing of one person's, and the next one something.
async fn work(visit: &ConsoleVisit, asked: &WorkAsked) -> service::Done<ListedPage<TaskOf>> {
    let mut page = lists::PageAsked { limit: Some(ROWS), ..visit.page_asked() };
    let mut reads = READS;
    loop {
        let found = lists::tasks::list(visit.reading(), &visit.actor, &asked.tasks(), &page, visit.now).await?;
        reads -= 1;
        if reads == 0 || !found.rows.is_empty() || found.next.is_none() {
            return Ok(found);
        }
        page.cursor = found.next;
    }
}

/// What is beside the work.
async fn day(visit: &ConsoleVisit) -> service::Done<Value> {
    let today = due_today(visit).await?;
    let (messages, payments) = done_since_yesterday(visit).await?;
    Ok(context! {
        today => Value::from(Serde(&today)),
        messages => Value::from(Serde(&messages)),
        payments => Value::from(Serde(&payments)),
    })
}

/// Mine, and everybody's.
fn tabs(visit: &ConsoleVisit, asked: &WorkAsked) -> Vec<ViewLink> {
    let me = visit.actor.by();
    let tab = |name: &str, whose: &str| ViewLink {
        name: name.to_owned(),
        address: visit.request.address_with(&[("whose", Some(whose)), ("cursor", None)]),
        is_current: asked.whose == whose,
    };
    let mine = (!me.is_empty()).then(|| tab("Mine", me));
    mine.into_iter().chain([tab("Everybody's", EVERYBODY)]).collect()
}
