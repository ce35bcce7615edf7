//! The page of a customer, and what is done from it.

use crate::browser::Console;

#[tokio::test]
async fn one_page_answers_a_call() {
    let console = Console::new().await;
    let id = console.world.customer("acme", "C-1", |_| {}).await;
    let viewer = console.as_role("viewer").await;
    let page = console.get(&viewer, &format!("/console/customers/{id}")).await.is(200);
    let page = page.says("<bdi>Beispiel GmbH</bdi>").says("€1,349.00").says("€1,250.00").says("€99.00");
    let page =
        page.says("6 days past due").says("ap@acme.example").says("no promise has come due").says("Nothing has passed yet.");
    // Who may not do something sees nothing that leads to it.
    page.hides("act=promise").hides("/write\"").says("Changes by people are shown to managers.");
    let collector = console.as_role("collector").await;
    console
        .get(&collector, &format!("/console/customers/{id}"))
        .await
        .says("act=promise")
        .says("data-key=\"p\"")
        .says("/write\"");
}

#[tokio::test]
async fn a_promise_is_recorded_once_and_stands_on_the_page() {
    let console = Console::new().await;
    let id = console.world.customer("acme", "C-1", |_| {}).await;
    let collector = console.as_role("collector").await;
    let page = format!("/console/customers/{id}");
    let form = console.get(&collector, &format!("{page}?act=promise")).await.is(200);
    form.says("name=\"pays_on\" type=\"date\" value=\"2026-02-17\"").says("value=\"1250.00\"").says("autofocus");
    let fields = [("pays_on", "2026-02-13"), ("amount_minor", "1,250.00"), ("currency", "EUR"), ("note", "Said Ms Weber")];
    assert_eq!(console.post(&collector, &format!("{page}/promises"), &fields).await.leads(), page);
    let shown = console.get(&collector, &page).await.is(200).says("to pay by 13 February 2026").says("everything in EUR");
    let shown = shown.says("Said Ms Weber");
    assert_eq!(shown.html.matches("to pay by 13 February 2026").count(), 1);
    // The same from another tab is the same promise.
    assert_eq!(console.post(&collector, &format!("{page}/promises"), &fields).await.leads(), page);
    let shown = console.get(&collector, &page).await;
    assert_eq!(shown.html.matches("to pay by 13 February 2026").count(), 1);
    let act = shown.html.replace("&#x2f;", "/");
    let act =
        act.split('"').find(|part| part.starts_with("/console/agreements/") && part.ends_with("/cancel")).unwrap().to_owned();
    assert_eq!(console.post(&collector, &act, &[]).await.leads(), page);
    console.get(&collector, &page).await.says("cancelled").says("1 that is over");
    // Of a page that is older, the other button is refused.
    console.post(&collector, &act.replace("/cancel", "/keep"), &[]).await.is(409);
    let viewer = console.as_role("viewer").await;
    console.post(&viewer, &format!("{page}/promises"), &fields).await.is(403);
}

#[tokio::test]
async fn a_form_that_is_wrong_is_shown_again_with_what_was_typed() {
    let console = Console::new().await;
    let id = console.world.customer("acme", "C-1", |_| {}).await;
    let collector = console.as_role("collector").await;
    let page = format!("/console/customers/{id}");
    for (form, fields, said) in [
        ("promises", vec![("pays_on", "2026-02-30"), ("currency", "EUR"), ("note", "as typed")], "a day is written such as"),
        (
            "promises",
            vec![("pays_on", "2026-02-13"), ("amount_minor", "1.2.3"), ("currency", "EUR")],
            "an amount in EUR is written",
        ),
        ("promises", vec![("pays_on", "2026-02-13"), ("amount_minor", "5"), ("currency", "")], "in which currency"),
        ("notes", vec![("text", "  ")], "a note says something"),
        ("calls", vec![("outcome", "sang")], "an outcome of it is one of"),
        ("tasks", vec![("title", "")], "a line that says what to do"),
        ("plans", vec![("parts", "0"), ("currency", "EUR"), ("amount_minor", "100")], "1 to 60"),
        ("links", vec![("address", "email nobody")], "name one of the customer"),
        ("disputes", vec![("reason", "weather"), ("currency", "EUR")], "reason"),
    ] {
        let reply =
            console.post(&collector, &format!("{page}/{form}"), &fields).await.is(422).says("This is not right yet").says(said);
        if fields.contains(&("note", "as typed")) {
            reply.says("value=\"as typed\"");
        }
    }
}

#[tokio::test]
async fn everything_is_done_from_the_page() {
    let console = Console::new().await;
    let id = console.world.customer("acme", "C-1", |_| {}).await;
    let manager = console.as_role("manager").await;
    let page = format!("/console/customers/{id}");
    let forms: [(&str, &[(&str, &str)]); 7] = [
        ("notes", &[("text", "Prefers <b>mornings</b>")]),
        ("calls", &[("outcome", "promised"), ("contact", "p1"), ("note", "pays on Friday")]),
        ("disputes", &[("reason", "quality"), ("currency", "EUR"), ("amount_minor", "50")]),
        ("pauses", &[("reason", "manual"), ("until_on", "2026-02-20")]),
        ("tasks", &[("title", "Look at the contract"), ("due_on", "2026-02-12")]),
        ("owner", &[("owner", "kim")]),
        ("plans", &[("parts", "3"), ("first_on", "2026-03-01"), ("currency", "EUR"), ("amount_minor", "900")]),
    ];
    for (form, fields) in forms {
        let led = console.post(&manager, &format!("{page}/{form}"), fields).await.leads();
        // Of a call in which something was promised the form of the promise follows.
        let expected = if form == "calls" { format!("{page}?act=promise") } else { page.clone() };
        assert_eq!(led, expected, "{form}");
    }
    let shown = console.get(&manager, &page).await.is(200);
    let shown =
        shown.says("Prefers &lt;b&gt;mornings&lt;&#x2f;b&gt;").says("Call: promised").says("quality").says("manual until");
    let shown = shown.says("looked after by <bdi>kim</bdi>").says("€300.00 by 1 March 2026");
    // What people changed is part of the timeline, and what is an entry of its own is not there twice.
    shown.says("Make agreement").says("Set owner").hides("Add note");
    let once = console.post(&manager, &format!("{page}/links"), &[("address", "email p1")]).await.is(200);
    once.says("https:&#x2f;&#x2f;api.dunlin.example&#x2f;p&#x2f;").says("It is shown once");
}

#[tokio::test]
async fn a_message_is_looked_at_sent_and_taken_back() {
    let console = Console::new().await;
    let id = console.world.customer("acme", "C-1", |_| {}).await;
    let collector = console.as_role("collector").await;
    let page = format!("/console/customers/{id}");
    console.get(&collector, &format!("{page}/write")).await.is(200).says("ap@acme.example").says("value=\"email p1\"");
    let fields = [("contact", "email p1"), ("subject", "Your call"), ("body", "Thank you for calling."), ("do", "preview")];
    let seen = console.post(&collector, &format!("{page}/write"), &fields).await.is(200);
    let seen = seen.says("As it would leave").says("Thank you for calling.");
    assert!(seen.html.contains("value=\"send\"") || seen.html.contains("The guard forbids it"), "{}", seen.html);
    console
        .post(&collector, &format!("{page}/write"), &[("contact", "email p1"), ("body", "x")])
        .await
        .is(422)
        .says("an email has a subject");
    console
        .post(&collector, &format!("{page}/write"), &[("contact", "email nobody"), ("subject", "x"), ("body", "x")])
        .await
        .is(422);
}

#[tokio::test]
async fn a_customer_of_another_tenant_is_not_there() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let foreign = console.world.customer("other", "C-9", |customer| customer.name = "Secret Ltd".to_owned()).await;
    let manager = console.as_role("manager").await;
    for address in ["", "/write", "?act=note"] {
        let reply = console.get(&manager, &format!("/console/customers/{foreign}{address}")).await;
        reply.is(404).hides("Secret Ltd");
    }
    for (form, fields) in [
        ("promises", vec![("pays_on", "2026-02-13"), ("currency", "EUR")]),
        ("notes", vec![("text", "x")]),
        ("calls", vec![("outcome", "reached")]),
        ("tasks", vec![("title", "x")]),
        ("owner", vec![("owner", "x")]),
        ("links", vec![("address", "email p1")]),
    ] {
        console.post(&manager, &format!("/console/customers/{foreign}/{form}"), &fields).await.is(404);
    }
}

#[tokio::test]
async fn names_stay_text_and_in_their_direction() {
    let console = Console::new().await;
    let long = format!("<script>alert(1)</script>{}", "ö".repeat(300));
    let name = long.clone();
    let id = console.world.customer("acme", "C-1", move |customer| customer.name = name).await;
    let arabic = console.world.customer("acme", "C-2", |customer| customer.name = "شركة المثال".to_owned()).await;
    let viewer = console.as_role("viewer").await;
    let page = console.get(&viewer, &format!("/console/customers/{id}")).await.is(200).hides("<script>alert");
    page.says("&lt;script&gt;");
    console.get(&viewer, &format!("/console/customers/{arabic}")).await.is(200).says("<h1><bdi>شركة المثال</bdi></h1>");
}
