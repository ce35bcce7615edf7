//! Home, the worklist, one task, calls and views.

use domain::{CustomerId, MessageId, NewTask, ReplyId, TaskId, TaskKind, TenantId};
use store::{Ending, KeptBeside, KeptReply};

use crate::browser::Console;

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn task(kind: TaskKind, key: &str, title: &str) -> NewTask {
    NewTask {
        kind,
        key: key.to_owned(),
        title: title.to_owned(),
        detail: format!("Why: {title}"),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}

/// A task of a customer of its own.
async fn raised(console: &Console, number: &str, task: &NewTask) -> (TaskId, CustomerId) {
    let customer = console.world.customer("acme", number, |customer| customer.name = format!("Debtor {number}")).await;
    let id = console.world.store.raise(&acme(), Some(&customer), task, console.world.now()).await.unwrap();
    (id, customer)
}

/// An answer that promises to pay, and the task by which somebody looks at it.
async fn promised(console: &Console, suggestion: serde_json::Value) -> (ReplyId, TaskId) {
    let customer = console.world.customer("acme", "C-9", |customer| customer.name = "Promiser".to_owned()).await;
    let id = ReplyId::derive(&["acme", "an answer"]);
    let asked = task(TaskKind::CustomerAsked, id.as_str(), "A customer says that they will pay");
    let reply: KeptReply = serde_json::from_value(serde_json::json!({
        "id": id, "received_at": console.world.now(), "channel": "email", "from": "Anna <anna@buyer.example>",
        "to": "r@acme.example", "text": "We pay <b>soon</b>.", "found_by": "reply_address",
        "read": {"class": "promise", "certainty": "certain", "promised_on": "2026-02-16"}, "status": "open",
        "suggestion": suggestion, "task": asked.id(&acme(), Some(&customer)),
    }))
    .unwrap();
    let beside = KeptBeside { task: Some(&asked), ..KeptBeside::default() };
    console.world.store.keep_reply(&acme(), &customer, &reply, beside, console.world.now()).await.unwrap();
    (id, asked.id(&acme(), Some(&customer)))
}

#[tokio::test]
async fn the_worklist_says_why_and_offers_what_somebody_may_do() {
    let console = Console::new().await;
    let (viewer, collector) = (console.as_role("viewer").await, console.as_role("collector").await);
    console.world.customer("acme", "C-0", |_| {}).await;
    console.get(&viewer, "/console").await.is(200).says("Nothing needs you.");
    console.get(&viewer, "/console/tasks?sort=age").await.is(200).says("There is no such work.");
    let (id, _) = raised(&console, "C-1", &task(TaskKind::Approval, "k", "A <letter> waits")).await;
    for page in ["/console?sort=age&whose=all", "/console?sort=age", "/console/tasks?sort=age"] {
        let seen = console.get(&collector, page).await.is(200).says("A &lt;letter&gt; waits").says("Debtor C-1").says("Why: A ");
        let seen = seen.says("data-key=\"a\"").says("data-key=\"r\"");
        assert!(seen.html.replace("&#x2f;", "/").contains(&format!("/console/tasks/{id}/done")), "{}", seen.html);
        // Who may only look sees no button.
        console.get(&viewer, page).await.is(200).says("A &lt;letter&gt; waits").hides("data-key=\"a\"").hides("name=\"ids\"");
    }
    console.get(&viewer, "/console/tasks?sort=age&kind=in_doubt").await.is(200).hides("A &lt;letter&gt; waits");
    console.get(&viewer, "/console/tasks?kind=odd").await.is(422).says("all that automation could not settle");
    console.get(&viewer, "/console/tasks/tsk_nothing").await.is(404);
}

#[tokio::test]
async fn the_next_page_of_home_is_of_the_same_people() {
    let console = Console::new().await;
    let collector = console.as_role("collector").await;
    for place in 0..21 {
        raised(&console, &format!("C-{place}"), &task(TaskKind::Approval, &format!("k{place}"), "A letter waits")).await;
    }
    // Nothing is theirs, so that the page is everybody's without its address saying so.
    let first = console.get(&collector, "/console?sort=age").await.is(200).says("everybody's work");
    let address = first.html.split_once("rel=\"next\"").expect("a next page").0.rsplit_once("<a href=\"").unwrap().1;
    let address = address.split('"').next().unwrap().replace("&#x2f;", "/").replace("&amp;", "&");
    assert!(address.contains("whose=all"), "{address}");
    console.get(&collector, &address).await.is(200).says("A letter waits").says("First page");
}

#[tokio::test]
async fn a_dispute_is_decided_in_the_row_that_asks_for_it() {
    let console = Console::new().await;
    let collector = console.as_role("collector").await;
    let customer = console.world.customer("acme", "C-1", |_| {}).await;
    let page = format!("/console/customers/{customer}");
    let fields = [("reason", "quality"), ("currency", "EUR"), ("note", "It came broken")];
    console.post(&collector, &format!("{page}/disputes"), &fields).await.leads();
    let shown = console.get(&collector, &page).await.is(200).html.replace("&#x2f;", "/");
    let is_act = |part: &&str| part.starts_with("/console/agreements/") && part.ends_with("/uphold");
    let uphold = shown.split('"').find(is_act).expect("a dispute that can be upheld");
    let asked = task(TaskKind::Dispute, uphold.split('/').nth(3).unwrap(), "The customer contests an invoice");
    let id = console.world.store.raise(&acme(), Some(&customer), &asked, console.world.now()).await.unwrap();
    let home = console.get(&collector, "/console?sort=age").await.is(200).says("The customer contests an invoice");
    home.says("It came broken").says(">Uphold</button>").says(">Reject</button>").says(">Done</button>");
    console.get(&collector, &format!("/console/tasks/{id}")).await.is(200).says("It came broken");
    let fields = [("task", id.as_str()), ("back", "/console?sort=age")];
    assert_eq!(console.post(&collector, uphold, &fields).await.leads(), "/console?sort=age");
    console.get(&collector, "/console?sort=age").await.is(200).hides("The customer contests an invoice");
    console.get(&collector, &page).await.is(200).says("upheld");
}

#[tokio::test]
async fn a_task_is_taken_given_away_ended_and_opened_again() {
    let console = Console::new().await;
    let collector = console.as_role("collector").await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let page =
        console.post(&collector, "/console/tasks", &[("title", "Look at the shelf"), ("due_on", "2026-02-12")]).await.leads();
    console.get(&collector, &page).await.is(200).says("Look at the shelf").says("12 February 2026");
    let back = [("to", "acme-collector"), ("back", "/console?sort=age")];
    assert_eq!(console.post(&collector, &format!("{page}/assign"), &back).await.leads(), "/console?sort=age");
    console.get(&collector, "/console?sort=age").await.is(200).says("Look at the shelf").hides("everybody's work");
    // An address of elsewhere is not followed.
    let away = [("to", ""), ("back", "https://evil.example/")];
    assert_eq!(console.post(&collector, &format!("{page}/assign"), &away).await.leads(), page);
    console.get(&collector, "/console?sort=age").await.is(200).says("Nothing is yours in particular");
    console.post(&collector, &format!("{page}/done"), &[("result", "approve")]).await.is(422).says("ends with");
    console.post(&collector, &format!("{page}/done"), &[("result", "odd")]).await.is(422).says("a task ends with one of");
    console.post(&collector, &format!("{page}/done"), &[("result", "done"), ("note", "It was empty")]).await.is(303);
    console.get(&collector, &page).await.is(200).says("Done by acme-collector");
    console.get(&collector, "/console/tasks?sort=age").await.is(200).hides("Look at the shelf");
    console.post(&collector, &format!("{page}/reopen"), &[]).await.is(303);
    console.get(&collector, "/console/tasks?sort=age").await.is(200).says("Look at the shelf");
    // What is wrong is said at its field, with what was typed.
    let wrong = [("title", "Another"), ("due_on", "2026-01-01")];
    console.post(&collector, "/console/tasks", &wrong).await.is(422).says("from today on").says("value=\"Another\"");
    console.post(&collector, "/console/tasks", &[("due_on", "soon")]).await.is(422).says("it is a day");
}

#[tokio::test]
async fn what_an_answer_suggests_is_accepted_with_one_press() {
    let console = Console::new().await;
    let collector = console.as_role("collector").await;
    let (reply, id) = promised(&console, serde_json::json!({"kind": "promise", "on": "2026-02-16"})).await;
    let seen = console.get(&collector, "/console/tasks?sort=age").await.is(200).says("We pay &lt;b&gt;soon&lt;");
    let seen = seen.says("Words from outside").says("a promise to pay all of it on 16 February 2026");
    assert!(seen.html.replace("&#x2f;", "/").contains(&format!("/console/replies/{reply}/accept")), "{}", seen.html);
    let accept = format!("/console/replies/{reply}/accept");
    let task = id.as_str();
    let much = [("amount", "9,000,000.00"), ("currency", "EUR"), ("task", task)];
    console.post(&collector, &accept, &much).await.is(422).says("This is not right yet").says("value=\"9,000,000.00\"");
    console
        .post(&collector, &accept, &[("amount", "x"), ("currency", "EUR"), ("task", task)])
        .await
        .is(422)
        .says("an amount in EUR");
    assert_eq!(console.post(&collector, &accept, &[("back", "/console/tasks")]).await.leads(), "/console/tasks");
    let known = console.world.store.task(&acme(), &id).await.unwrap().unwrap();
    assert!(known.done_at.is_some(), "its task is over");
    // Said again, nothing changes; said otherwise, it is too late.
    console.post(&collector, &accept, &[]).await.is(303);
    console.post(&collector, &format!("/console/replies/{reply}/dismiss"), &[]).await.is(409).says("accepted already");
}

#[tokio::test]
async fn what_lacks_a_day_is_asked_for_it_on_its_own_page() {
    let console = Console::new().await;
    let collector = console.as_role("collector").await;
    let (reply, id) = promised(&console, serde_json::json!({"kind": "promise"})).await;
    console.get(&collector, "/console/tasks?sort=age").await.is(200).hides("data-key=\"a\"").says("data-key=\"d\"");
    console.get(&collector, &format!("/console/tasks/{id}")).await.is(200).says("Pays on");
    let accept = format!("/console/replies/{reply}/accept");
    console.post(&collector, &accept, &[("task", id.as_str())]).await.is(422);
    console.post(&collector, &accept, &[("on", "2026-02-20"), ("task", id.as_str())]).await.is(303);
}

#[tokio::test]
async fn a_message_in_doubt_has_three_answers_and_one_that_is_in_none_is_left() {
    let console = Console::new().await;
    let collector = console.as_role("collector").await;
    let message = MessageId::derive(&["m"]);
    let (_, customer) = raised(&console, "C-1", &task(TaskKind::InDoubt, message.as_str(), "Nobody knows")).await;
    let seen = console.get(&collector, "/console/tasks?sort=age").await.is(200);
    for label in ["It was sent", "Send again", "Leave it unsent"] {
        assert!(seen.html.contains(label), "no '{label}' in {}", seen.html);
    }
    let settle = format!("/console/messages/{message}/result");
    console.post(&collector, &settle, &[("result", "maybe"), ("customer", customer.as_str())]).await.is(422);
    console.post(&collector, &settle, &[("result", "sent"), ("customer", customer.as_str())]).await.is(404);
}

#[tokio::test]
async fn a_proposal_is_shown_and_left_to_the_api() {
    let console = Console::new().await;
    let admin = console.as_role("admin").await;
    let (id, _) = raised(&console, "C-1", &task(TaskKind::Proposal, "p", "Accept or refuse")).await;
    console.get(&admin, "/console/tasks?sort=age").await.is(200).hides("data-key=\"a\"").hides("data-key=\"r\"");
    console.post(&admin, &format!("/console/tasks/{id}/done"), &[("result", "refuse")]).await.is(409).says("of the API");
}

#[tokio::test]
async fn a_call_is_written_down_and_ends_its_task() {
    let console = Console::new().await;
    let collector = console.as_role("collector").await;
    let (id, customer) = raised(&console, "C-1", &task(TaskKind::Task, "call", "Call them")).await;
    let list = "/console/calls?sort=age";
    console.get(&collector, list).await.is(200).says("+493012345678").says("Call them").says("none yet");
    let who = customer.as_str();
    console.post(&collector, "/console/calls", &[("customer", who), ("outcome", "shouted")]).await.is(422);
    console
        .post(&collector, "/console/calls", &[("customer", who), ("outcome", "reached"), ("again_on", "2026-01-01")])
        .await
        .is(422);
    let made = [
        ("customer", who),
        ("outcome", "reached"),
        ("contact", "p1"),
        ("note", "Pays on Friday"),
        ("again_on", "2026-02-13"),
        ("task", id.as_str()),
        ("ends", "yes"),
        ("back", list),
    ];
    assert_eq!(console.post(&collector, "/console/calls", &made).await.leads(), list);
    console.get(&collector, list).await.is(200).hides("Call them").says("Call again").says("13 February 2026");
    let ended = console.world.store.task(&acme(), &id).await.unwrap().unwrap().ending;
    assert!(matches!(ended, Some(Ending { by: Some(by), .. }) if by == "acme-collector"));
}

#[tokio::test]
async fn a_view_is_kept_for_oneself_alone() {
    let console = Console::new().await;
    let (own, other) = (console.as_role("collector").await, console.as_role("viewer").await);
    console.world.customer("acme", "C-1", |_| {}).await;
    let kept = [("name", "Old <b>"), ("of", "tasks"), ("kind", "exception"), ("whose", "all"), ("sort", "age")];
    let led = console.post(&own, "/console/views", &kept).await.leads();
    assert_eq!(led, "/console/tasks?kind=exception&sort=age");
    console.get(&own, &led).await.is(200).says("Old &lt;b&gt;").says("aria-current=\"page\"");
    console.get(&own, "/console").await.is(200).says("Old &lt;b&gt;");
    console.get(&other, "/console/tasks").await.is(200).hides("Old &lt;b&gt;");
    for wrong in
        [&[("of", "tasks")][..], &[("name", "A"), ("of", "invoices")][..], &[("name", "A"), ("of", "tasks"), ("q", "x")][..]]
    {
        console.post(&own, "/console/views", wrong).await.is(422);
    }
    // Under the same name it takes the place of the first.
    console.post(&own, "/console/views", &[("name", "Old <b>"), ("of", "tasks"), ("sort", "age")]).await.is(303);
    let known = console.world.store.saved_views(&acme(), "acme-collector").await.unwrap();
    assert_eq!((known.views.len(), known.rev), (1, 2));
    console.post(&own, "/console/views/remove", &[("name", "Old <b>")]).await.is(303);
    console.post(&own, "/console/views/remove", &[("name", "Old <b>")]).await.is(404);
    console.get(&own, "/console/tasks").await.is(200).hides("Old &lt;b&gt;");
}
