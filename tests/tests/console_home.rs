//! A day at the console: a list of exceptions is cleared by the forms of its pages alone, and many customers are paused at once and go on.

use local::Sent;
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TENANT, TestTenant},
};

use crate::console::Browser;

fn as_role(role: &'static str) -> [(&'static str, &'static str); 4] {
    [("tenant", TENANT), ("role", role), ("sub", "robin"), ("name", "Robin Birch")]
}

/// A form of a page that is posted: where, with which hidden fields, and what its button says.
struct PageForm {
    to: String,
    fields: Vec<(String, String)>,
    button: String,
}

fn plain(html: &str) -> String {
    [("&#x2f;", "/"), ("&#x27;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
        .iter()
        .fold(html.to_owned(), |text, (escaped, letter)| text.replace(escaped, letter))
}

fn attribute(tag: &str, name: &str) -> String {
    let rest = tag.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest);
    plain(rest.split('"').next().unwrap_or_default())
}

/// The forms of a part of a page.
fn forms(html: &str) -> Vec<PageForm> {
    let form = |part: &str| {
        let (tag, rest) = part.split_once('>')?;
        let body = rest.split("</form>").next()?;
        let inputs = body.split("<input ").skip(1).filter_map(|input| Some(input.split_once('>')?.0));
        let hidden = inputs.filter(|input| input.contains("type=\"hidden\""));
        let fields = hidden.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect();
        let button = body.split("<button").nth(1)?.split_once('>')?.1.split("</button>").next()?;
        Some(PageForm { to: attribute(tag, "action"), fields, button: plain(button).trim().to_owned() })
    };
    html.split("<form method=\"post\" ").skip(1).filter_map(form).collect()
}

/// Presses a button of the row that speaks of somebody, and sees the page that it leads to.
async fn press(browser: &Browser<'_>, page: &str, of: &str, button: &str) -> String {
    let html = browser.get(page).await.is(200).text;
    let row = html.split("<li class=\"work\"").find(|row| row.contains(of)).unwrap_or_else(|| panic!("no row of {of} in {html}"));
    let found = forms(row).into_iter().find(|form| form.button == button);
    let PageForm { to, fields, .. } = found.unwrap_or_else(|| panic!("no button '{button}' in {row}"));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let led = browser.post(&to, &fields).await.is(303).location.unwrap();
    browser.get(&led).await.is(200).text
}

/// Fills the form of a page that is posted to an address.
async fn fill(browser: &Browser<'_>, page: &str, to: &str, typed: &[(&str, &str)]) -> tests::test_tenant::Reply {
    let html = browser.get(page).await.is(200).text;
    let form = forms(&html).into_iter().find(|form| form.to == to).unwrap_or_else(|| panic!("no form to {to} in {html}"));
    let own = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = own.chain(typed.iter().copied()).collect();
    browser.post(to, &fields).await
}

/// The customer answers the mail that they got.
async fn answers(desk: &TestTenant, mails: &[Sent], id: &str, text: &str) {
    let from = format!("{}@buyer.example", id.to_lowercase());
    let mail = mails.iter().find(|mail| mail.to == from).unwrap_or_else(|| panic!("no mail to {from}"));
    let wish = json!({"channel": "email", "from": from, "in_reply_to": mail.message_id, "text": text});
    desk.call("POST", "/_local/inbound", &[], wish.to_string().as_bytes()).await.is(202);
    assert_eq!(desk.advance("PT1M").await.errors, 0, "{text}");
}

/// Four customers who were reminded of what they owe: 1,250.00, 2,500.00, 10.00 and 50.00.
async fn reminded() -> (TestTenant, Vec<Sent>) {
    let desk = TestTenant::with("2026-02-04T20:00:00Z", json!({}), None).await;
    for (n, amount) in [(1, 125_000), (2, 250_000), (3, 1_000), (4, 5_000)] {
        desk.put(&invoice(&customer(&format!("C-{n}")), &format!("F-{n}"), amount, "2026-02-04")).await;
    }
    desk.to("2026-02-05T16:30:00Z").await;
    let mails = desk.sent();
    assert_eq!(mails.len(), 4);
    (desk, mails)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_exceptions_is_cleared_by_the_buttons_of_home() {
    let (desk, mails) = reminded().await;
    answers(&desk, &mails, "C-1", "We will pay the invoice on 16 February 2026.").await;
    answers(&desk, &mails, "C-2", "We will pay the invoice on 17 February 2026.").await;
    for (id, title) in [("C-3", "Call about the tenner"), ("C-4", "Look at the delivery note")] {
        let customer = desk.matter(id).await["customer"]["id"].clone();
        desk.admin("POST", "/v1/tasks", &json!({"title": title, "customer": customer})).await.is(200);
    }
    desk.advance("PT1M").await;
    let browser = Browser::of(&desk);
    assert_eq!(browser.sign_in("/console", &as_role("collector")).await, "/console");
    // By money at stake, with the words of whoever answered, and what was done without anybody.
    let home = browser.get("/console").await.is(200).text;
    let place = |text: &str| home.find(text).unwrap_or_else(|| panic!("no '{text}' in {home}"));
    assert!(place("Look at the delivery note") < place("Call about the tenner"), "{home}");
    for text in
        ["16 February 2026", "17 February 2026", "Words from outside", "€10.00", "4 messages", "Nothing is yours in particular"]
    {
        place(text);
    }
    // One press each.
    let home = press(&browser, "/console", "Firma C-2", "Accept").await;
    assert!(home.contains("It is accepted") && !home.contains("17 February 2026"), "{home}");
    desk.advance("PT1M").await;
    let promises = desk.admin("GET", "/v1/agreements?kind=promise", &Value::Null).await.is(200).body;
    assert_eq!(promises["data"].as_array().unwrap().len(), 1, "{promises}");
    press(&browser, "/console", "Firma C-1", "Dismiss").await;
    press(&browser, "/console?whose=all", "Firma C-4", "Done").await;
    let home = press(&browser, "/console", "Firma C-3", "Take it").await;
    assert!(home.contains("It is for robin now") && !home.contains("Nothing is yours in particular"), "{home}");
    // The last one is a call.
    let call = [("outcome", "reached"), ("contact", "p1"), ("note", "The tenner is on its way"), ("ends", "yes")];
    let calls = browser.get("/console/calls").await.is(200).text;
    assert!(calls.contains("+493012345678") && calls.contains("Call about the tenner"), "{calls}");
    fill(&browser, "/console/calls", "/console/calls", &call).await.is(303);
    desk.advance("PT1M").await;
    let home = browser.get("/console").await.is(200).text;
    assert!(home.contains("Nothing needs you."), "{home}");
    assert_eq!(desk.admin("GET", "/v1/tasks", &Value::Null).await.is(200).body["data"], json!([]));
    // The same form again is carried out once, and leads where it led.
    let page = browser.get("/console/tasks").await.is(200).text;
    let form = forms(&page).into_iter().find(|form| form.to == "/console/tasks").unwrap();
    let own = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = own.chain([("title", "Once")]).collect();
    let first = browser.post("/console/tasks", &fields).await.is(303).location;
    assert_eq!(browser.post("/console/tasks", &fields).await.is(303).location, first);
    assert_eq!(desk.admin("GET", "/v1/tasks", &Value::Null).await.is(200).body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_paused_at_once_and_goes_on_when_that_is_undone() {
    let (desk, _) = reminded().await;
    let browser = Browser::of(&desk);
    browser.sign_in("/console/bulk", &as_role("manager")).await;
    let pause = [("action", "pause"), ("action.pause.until_on", "2026-06-30")];
    let seen = fill(&browser, "/console/bulk", "/console/bulk/preview", &pause).await.is(200).text;
    for text in ["Do it with 4 customers", "This is everybody", "€3,810.00", "Firma C-2"] {
        assert!(seen.contains(text), "no '{text}' in {seen}");
    }
    let form = forms(&seen).into_iter().find(|form| form.to == "/console/bulk/run").unwrap();
    let own = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = own.chain([("confirm_count", "4")]).collect();
    let run = browser.post("/console/bulk/run", &fields).await.is(303).location.unwrap();
    desk.advance("PT10S").await;
    let done = browser.get(&run).await.is(200).text;
    assert!(done.contains("it is done") && done.contains("4 done"), "{done}");
    let pauses = async || desk.admin("GET", "/v1/agreements?kind=pause", &Value::Null).await.is(200).body["data"].clone();
    assert_eq!(pauses().await.as_array().unwrap().len(), 4);
    fill(&browser, &run, &format!("{run}/undo"), &[]).await.is(303);
    desk.advance("PT10S").await;
    let undone = browser.get(&run).await.is(200).text;
    assert!(undone.contains("it is undone") && undone.contains("4 undone"), "{undone}");
    assert_eq!(pauses().await, json!([]));
}
