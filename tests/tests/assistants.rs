//! An assistant at its tools: it reads what there is, and proposes what a person then decides about.

use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice, payment},
    test_tenant::{Reply, TENANT, TestTenant},
};

/// What stands in every text that a source fills, and that people and assistants say of a customer.
const MARK: &str = "zqxjvkwm";
/// Tools that are not asked for: three give files as they are, and a test message goes to a member and has no text from outside but its trouble.
const NOT_ASKED: [&str; 4] = ["show_invoice_pdf", "fetch_job_file", "fetch_customer_file", "show_test_message"];
/// Where texts stand that are put together of what a source said, beside the fields that hold a source's own texts.
const PUT_TOGETHER: [(&str, &str); 17] = [
    ("show_case", "due_items.untrusted_item"),
    ("show_case", "due_items.untrusted_legal_entity"),
    ("show_case", "head.untrusted_because"),
    ("show_case", "now.untrusted_legal_entity"),
    ("show_case", "now.untrusted_why"),
    ("show_case", "orders.steps.untrusted_item"),
    ("show_case", "records.explained.untrusted_why"),
    ("show_invoice", "untrusted_legal_entity"),
    ("show_payment", "untrusted_legal_entity"),
    ("show_credit_note", "untrusted_legal_entity"),
    ("explain_invoice", "untrusted_outcome"),
    ("explain_invoice", "items.untrusted_item"),
    ("explain_message", "untrusted_outcome"),
    ("explain_message", "message.rules.untrusted_said"),
    ("preview_message", "untrusted_due_items"),
    ("list_audit", "data.untrusted_object"),
    ("list_audit", "data.untrusted_what.contact"),
];

/// What a client of the protocol asks, with these headers besides.
async fn post(desk: &TestTenant, token: Option<&str>, more: &[(&str, &str)], asked: &Value) -> Reply {
    let sent = [("accept", "application/json, text/event-stream"), ("content-type", "application/json")];
    let mut headers: Vec<(String, String)> =
        sent.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    headers.extend(token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
    desk.call("POST", "/mcp", &headers, asked.to_string().as_bytes()).await
}

/// The result of a method.
async fn ask(desk: &TestTenant, role: &str, method: &str, params: Value) -> Value {
    let token = desk.stack.token(TENANT, role).unwrap();
    let asked = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let reply = post(desk, Some(&token), &[], &asked).await.is(200);
    assert!(reply.body["error"].is_null(), "{}", reply.text);
    reply.body["result"].clone()
}

/// What a tool gives, which must be taken.
async fn tool(desk: &TestTenant, role: &str, name: &str, arguments: Value) -> Value {
    let result = ask(desk, role, "tools/call", json!({"name": name, "arguments": arguments})).await;
    assert_eq!(result["isError"], false, "{result}");
    result["structuredContent"].clone()
}

async fn accept(desk: &TestTenant, role: &str, task: &Value) -> Reply {
    let token = desk.stack.token(TENANT, role).unwrap();
    let headers = [("authorization".to_owned(), format!("Bearer {token}"))];
    let address = format!("/v1/tasks/{}/done", task["id"].as_str().unwrap());
    desk.call("POST", &address, &headers, b"{\"result\": \"approve\"}").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_reads_and_proposes_and_a_person_decides() {
    // Nothing is decided, so that only people and documents change what is known of the customer.
    let desk = TestTenant::with("2026-02-05T09:00:00Z", json!({"mode": "off"}), None).await;
    let owed = invoice(&customer("C-1"), "INV-1", 125_000, "2026-02-04");
    desk.put(&owed).await;
    desk.advance("PT1M").await;
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    let told = ask(&desk, "collector", "initialize", hello).await;
    assert_eq!((&told["protocolVersion"], &told["capabilities"]["tools"]), (&json!("2025-11-25"), &json!({})), "{told}");
    let listed = ask(&desk, "collector", "tools/list", json!({})).await;
    let has = |name: &str| listed["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == name);
    assert!(has("list_customers") && has("propose_make_agreement") && !has("make_agreement"), "{listed}");
    // It finds the customer by a list, under a name that nobody takes for an order.
    let found = tool(&desk, "collector", "search", json!({"q": "Firma"})).await;
    let id = found["data"][0]["customer"].as_str().unwrap().to_owned();
    let matter = tool(&desk, "collector", "show_customer_by_id", json!({"customer_id": id})).await;
    assert_eq!(matter["customer"]["untrusted_external_id"], "C-1", "{matter}");
    // What it proposes keeps nothing back until a manager accepts.
    let pause =
        json!({"body": {"customer": id, "kind": "pause", "reason": "manual", "until_on": "2026-02-20"}, "reason": "They asked"});
    let task = tool(&desk, "collector", "propose_make_agreement", pause.clone()).await;
    desk.advance("PT1M").await;
    let waiting = desk.tasks("proposal").await;
    assert_eq!((waiting.len(), &waiting[0]["id"]), (1, &task["id"]), "{waiting:?}");
    assert!(waiting[0]["proposal"].get("arguments").is_none(), "lists leave them out");
    assert_eq!(desk.matter("C-1").await["agreements"], json!([]));
    let done = accept(&desk, "manager", &task).await.is(200).body;
    let made = desk.matter("C-1").await["agreements"].clone();
    assert_eq!((&made[0]["id"], &made[0]["by"]), (&done["proposal"]["answer"]["id"], &done["done_by"]), "{made}");
    assert_eq!(accept(&desk, "manager", &task).await.is(409).body["status"], 409, "once");
    desk.advance("PT1M").await;
    assert_eq!(desk.tasks("proposal").await, Vec::<Value>::new());
    // A payment came since: what was proposed on the facts of before is not done.
    let stale = tool(
        &desk,
        "collector",
        "propose_give_order",
        json!({
            "customer_id": id, "body": {"kind": "lift_cap_once", "currency": "EUR"}, "reason": "One more reminder is fine",
        }),
    )
    .await;
    desk.put(&changed(&owed, 2, &json!({"paid_minor": 25_000}))).await;
    let refused = accept(&desk, "manager", &stale).await.is(409);
    assert!(refused.text.contains("changed since it was proposed"), "{}", refused.text);
    // A viewer proposes nothing, and accepts nothing.
    let viewer = ask(&desk, "viewer", "tools/call", json!({"name": "propose_make_agreement", "arguments": pause})).await;
    assert_eq!((&viewer["isError"], &viewer["structuredContent"]["status"]), (&json!(true), &json!(403)), "{viewer}");
    accept(&desk, "viewer", &stale).await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_speaks_to_the_tools() {
    let desk = TestTenant::at("2026-02-05T09:00:00Z").await;
    let token = desk.stack.token(TENANT, "viewer").unwrap();
    let asked = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    post(&desk, None, &[], &asked).await.is(401);
    post(&desk, Some(&token), &[("origin", "https://evil.example")], &asked).await.is(403);
    post(&desk, Some(&token), &[], &asked).await.is(200);
    let headers = [("authorization".to_owned(), format!("Bearer {token}"))];
    for method in ["GET", "DELETE"] {
        desk.call(method, "/mcp", &headers, b"").await.is(405);
    }
    let metadata = desk.call("GET", "/.well-known/oauth-protected-resource/mcp", &[], b"").await.is(200).body;
    assert_eq!(metadata["resource"], format!("{}/mcp", desk.stack.url()), "{metadata}");
}

fn marked(of: &str) -> String {
    format!("{MARK}-{of}")
}

/// An invoice of a customer, in which every text that a source may choose is marked.
fn marked_invoice(id: &str, more: &Value) -> Value {
    let person = json!({
        "external_id": marked("contact"), "name": marked("person"), "roles": ["billing"], "email": format!("{MARK}@buyer.example"),
        "phone": "+493012345678",
        "consents": [{"channel": "sms", "given_at": "2026-01-01T00:00:00Z", "wording": marked("wording")}],
    });
    let other = json!({
        "external_id": marked("other"), "name": marked("other"), "roles": ["approver"], "email": format!("other.{MARK}@buyer.example"),
    });
    let customer = json!({
        "external_id": marked("customer"), "source_version": 1, "name": marked("name"), "kind": "company", "language": "de",
        "country": "DE", "region": "BE", "time_zone": "Europe/Berlin", "segment": marked("segment"),
        "parent_external_id": marked("parent"), "contacts": [person, other],
        "postal_address": {"line1": marked("line1"), "line2": marked("line2"), "city": marked("city"), "postal_code": MARK, "country": "DE"},
    });
    let own = json!({
        "number": marked(&format!("number-of-{id}")), "url": format!("https://seller.example/{MARK}"), "purchase_order": marked("order"),
        "tags": [marked("tag")], "for_external_id": marked("for"), "for_name": marked("for-name"),
    });
    changed(&changed(&invoice(&customer, &marked(id), 10_000, "2026-02-02"), 1, &own), 1, more)
}

/// A payment or credit note whose texts are marked.
fn marked_payment(kind: &str, id: &str) -> Value {
    let mut document = payment(&marked("customer"), &marked(id), 1, "received", &marked("second"), 100);
    let mut paid = document["payment"].take();
    paid["legal_entity"] = json!(marked("entity"));
    paid["amount_minor"] = json!(500);
    let unknown = json!({"invoice_external_id": marked("unknown"), "amount_minor": 400});
    paid["allocations"].as_array_mut().unwrap().push(unknown);
    json!({"type": format!("{kind}.upserted"), "customer": document["customer"].take(), kind: paid})
}

/// What an assistant may ask for, by the ids of what there is.
struct Known {
    customer: String,
    cases: Vec<String>,
    document: String,
    words: String,
    agreement: String,
    basket: String,
    bulk: String,
    subscription: String,
    person: String,
    jobs: Vec<String>,
}

async fn posted(desk: &TestTenant, address: &str, body: &Value) -> Value {
    let reply = desk.admin("POST", address, body).await;
    assert!([200, 201, 202].contains(&reply.status), "{address} {}", reply.text);
    reply.body
}

fn id_of(object: &Value) -> String {
    object["id"].as_str().unwrap_or_else(|| panic!("no id: {object}")).to_owned()
}

async fn ids(desk: &TestTenant, address: &str) -> Vec<String> {
    let listed = desk.admin("GET", address, &Value::Null).await.is(200).body;
    listed["data"].as_array().unwrap().iter().map(id_of).collect()
}

/// Everything that there is to read: what the source says of a customer, what the tenant's people did there, and what came of it.
async fn marked_book(desk: &TestTenant) -> Known {
    let parts = json!({
        "instalments": [{"external_id": marked("instalment"), "due_on": "2026-02-02", "amount_minor": 10_000}],
        "contact": {"external_id": marked("own-contact"), "name": marked("own"), "email": format!("own.{MARK}@buyer.example")},
    });
    desk.put(&marked_invoice("parts", &parts)).await;
    desk.put(&marked_invoice("entity", &json!({"legal_entity": marked("entity"), "currency": "USD"}))).await;
    desk.put(&marked_invoice("second", &json!({}))).await;
    desk.put(&marked_payment("payment", "payment")).await;
    desk.put(&marked_payment("credit_note", "credit-note")).await;
    desk.send(&marked_invoice("refused", &json!({"currency": marked("currency")}))).await.is(422);
    desk.advance("P2D").await;
    let customer = ids(desk, "/v1/customers").await.remove(0);
    let form = posted(desk, "/v1/uploads", &json!({"content_type": "text/csv"})).await;
    let file = format!("Customer ID,Name,Country,{MARK} col,Email\n{MARK},{MARK},DE,{MARK},{MARK}@@\n");
    desk.post_form(&form, &[], &file).await.is(204);
    let mut jobs = Vec::new();
    for job in [
        json!({"kind": "import", "of": "customers", "upload": form["upload"]}),
        json!({"kind": "audit_book"}),
        json!({"kind": "simulate", "days": 20, "paying": "nobody"}),
        json!({"kind": "reconcile", "totals": {"EUR": 1}}),
    ] {
        jobs.push(id_of(&posted(desk, "/v1/jobs", &job).await));
    }
    let matter = desk.admin("GET", &format!("/v1/cases/{customer}"), &Value::Null).await.is(200).body;
    let due = matter["due_items"].as_array().unwrap();
    let part = due.iter().find(|item| item["item"].as_str().unwrap().contains("/x:")).unwrap();
    let of_entity = due.iter().find(|item| item["legal_entity"] == marked("entity").as_str()).unwrap();
    posted(desk, "/v1/notes", &json!({"customer": customer, "text": marked("note")})).await;
    let own = json!({"customer": customer, "subject": marked("subject"), "body": marked("body")});
    let words = id_of(&posted(desk, "/v1/messages", &own).await);
    let invoice = part["item"].as_str().unwrap().split('/').next().unwrap();
    let skip = json!({"kind": "skip", "currency": "EUR", "case": part["case"], "invoice": invoice, "step": part["next_step"]});
    posted(desk, &format!("/v1/customers/{customer}/orders"), &skip).await;
    let call =
        json!({"customer": customer, "kind": "call", "outcome": "reached", "contact": marked("contact"), "note": marked("call")});
    posted(desk, "/v1/contact_log", &call).await;
    let link = json!({"contact": marked("contact"), "channel": "email"});
    posted(desk, &format!("/v1/customers/{customer}/links"), &link).await;
    let contact = format!("/v1/customers/{customer}/contacts/{}", marked("contact"));
    desk.admin("PATCH", &contact, &json!({"name": marked("entered")})).await.is(200);
    let address = format!("other.{MARK}@buyer.example");
    let stop = json!({"channel": "email", "address": address, "note": marked("stopped"), "customer": customer});
    posted(desk, "/v1/suppressions", &stop).await;
    let hold = json!({"reason": "manual", "until_on": "2026-02-12", "scope": {"invoice": marked("second")}});
    desk.admin("PUT", &format!("/v1/customers/{customer}/holds/x"), &hold).await.is(200);
    let promise = json!({
        "customer": customer, "kind": "promise", "pays_on": "2026-02-12", "way": "transfer",
        "scope": {"invoice": of_entity["item"]}, "note": marked("promise"),
    });
    let agreement = id_of(&posted(desk, "/v1/agreements", &promise).await);
    let check = json!({
        "customer": customer, "amount_minor": 1, "currency": "EUR", "received_on": "2026-01-30", "way": "check",
        "reference": marked("check"),
    });
    let basket = id_of(&posted(desk, "/v1/payments", &check).await);
    let bulk = json!({"ids": [customer], "action": {"note": {"text": marked("bulk")}}});
    let bulk = id_of(&posted(desk, "/v1/bulk", &bulk).await);
    posted(desk, "/v1/members", &json!({"sub": "robin", "role": "collector", "name": "Robin"})).await;
    desk.admin("PUT", &format!("/v1/owners/{customer}"), &json!({"owner": "robin"})).await.is(200);
    posted(desk, "/v1/workflows/standard/draft", &json!({"from": "ready/small-sums"})).await;
    let hook = json!({"name": "Ours", "url": "https://seller.example/hook", "events": ["CaseOpened"]});
    let subscription = id_of(&posted(desk, "/v1/subscriptions", &hook).await);
    let note = json!({"body": {"customer": customer, "text": marked("proposed")}});
    let proposal = json!({"operation": "add_note", "arguments": note, "reason": marked("reason")});
    posted(desk, "/v1/proposals", &proposal).await;
    // A document that nobody can read waits for a person, with what came.
    let object = json!({"id": format!("in_{MARK}"), "object": "invoice", "customer": marked("unread")});
    let event = json!({
        "id": format!("evt_{MARK}"), "object": "event", "api_version": "2024-10-28.acacia", "created": desk.second(),
        "type": "invoice.finalized", "data": {"object": object},
    });
    desk.send_stripe(&event).await.is(202);
    desk.advance("PT5M").await;
    let document = id_of(&desk.tasks("document").await[0]);
    // Thanks keep nothing back of what is asked for.
    let answer = json!({
        "channel": "email", "tenant": TENANT, "from": format!("{} <{MARK}@buyer.example>", marked("sender")),
        "subject": marked("answered"), "text": format!("Thank you very much! {}", marked("answer")),
    });
    desk.call("POST", "/_local/inbound", &[], answer.to_string().as_bytes()).await.is(202);
    desk.advance("PT1M").await;
    let named = json!({"channel": "email", "address": format!("{MARK}@buyer.example")});
    let person = id_of(&posted(desk, "/v1/contacts/find", &named).await);
    let cases = matter["cases"].as_array().unwrap().iter().map(id_of).collect();
    Known { customer, cases, document, words, agreement, basket, bulk, subscription, person, jobs }
}

/// What each tool is asked, besides those that need nothing.
async fn asked(desk: &TestTenant, known: &Known, name: &str) -> Vec<Value> {
    let one = |id: &str| vec![json!({"id": id})];
    let each = |all: &[String]| all.iter().map(|id| json!({"id": id})).collect::<Vec<_>>();
    let whose = json!({"customer_id": known.customer});
    let named = json!({"source": "canonical", "external_id": marked("customer")});
    let address = json!({"channel": "email", "address": format!("{MARK}@buyer.example")});
    let template = json!({"id": "reminder", "language": "de", "channel": "email"});
    match name {
        "list_agreements" => vec![json!({"kind": "promise"})],
        "show_agreement" => one(&known.agreement),
        "list_baskets" => vec![json!({"customer": known.customer})],
        "show_basket" => one(&known.basket),
        "show_bulk" => one(&known.bulk),
        "show_case" | "show_customer_by_id" | "show_contacts" | "list_links" | "show_past" | "show_owner" | "fetch_statement" => {
            vec![whose]
        }
        "list_plan_offers" => vec![whose],
        "explain_case" => each(&known.cases),
        "show_connection" => vec![json!({"source": "canonical"})],
        "find_contact" => vec![json!({"body": address})],
        "export_contact" => one(&known.person),
        "show_customer" | "list_links_of" => vec![named],
        "show_credit_note" => each(&ids(desk, "/v1/credit_notes").await),
        "show_payment" => each(&ids(desk, "/v1/payments").await),
        "show_invoice" | "explain_invoice" | "fetch_invoice_copy" => each(&ids(desk, "/v1/invoices").await),
        "show_message" | "explain_message" => each(&ids(desk, "/v1/messages").await),
        "show_task" | "list_task_customers" => each(&ids(desk, "/v1/tasks").await),
        "show_webhook" => each(&ids(desk, "/v1/webhooks").await),
        "show_event" => one(&known.document),
        "show_job" => each(&known.jobs),
        "show_member" => vec![json!({"sub": "robin"})],
        "preview_message" => vec![json!({"body": {"customer": known.customer, "template": "reminder"}})],
        "show_message_words" => one(&known.words),
        "list_replies" => vec![json!({"customer": known.customer}), json!({})],
        "show_reply" => each(&ids(desk, &format!("/v1/replies?customer={}", known.customer)).await),
        "list_notes" | "list_service_mails" | "list_ratings" => vec![json!({"customer": known.customer})],
        "list_owned" => vec![json!({"owner": "robin"})],
        "search" => vec![json!({"q": MARK})],
        "show_subscription" | "list_deliveries" => one(&known.subscription),
        "preview_template" => vec![json!({"body": {"language": "de", "channel": "email", "subject": "x", "body": "x"}})],
        "show_template" | "list_template_versions" => vec![template],
        "show_workflow" | "show_draft" | "list_workflow_versions" => one("standard"),
        "show_workflow_version" => vec![json!({"id": "standard", "version": 1})],
        "validate_workflow" => vec![json!({"id": "standard", "body": {}})],
        _ => vec![json!({})],
    }
}

/// The places of an answer that hold the marker, each with its text; of a name that holds it, the name.
fn places(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let below = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                if name.to_lowercase().contains(MARK) {
                    found.push((at.to_owned(), name.clone()));
                }
                places(value, &below, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| places(item, at, found)),
        Value::String(text) if text.to_lowercase().contains(MARK) => found.push((at.to_owned(), text.clone())),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_from_outside_passes_for_ours() {
    let settings = json!({"legal_entities": {"house": {"name": "House"}}});
    let desk = TestTenant::with("2026-02-03T16:00:00Z", settings, None).await;
    let known = marked_book(&desk).await;
    let listed = ask(&desk, "admin", "tools/list", json!({})).await;
    let names = listed["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap());
    let (mut told, mut passed) = (Vec::new(), Vec::new());
    for name in names.filter(|name| !name.starts_with("propose_") && !NOT_ASKED.contains(name)) {
        let mut all = asked(&desk, &known, name).await;
        assert!(!all.is_empty(), "nothing to ask {name} for");
        if name.starts_with("explain_") {
            // What was known then is put into other words.
            let then = |asked: &Value| json!({"id": asked["id"], "at": "2026-02-04T12:00:00Z"});
            let before: Vec<Value> = all.iter().map(then).collect();
            all.extend(before);
        }
        for arguments in all {
            let result = ask(&desk, "admin", "tools/call", json!({"name": name, "arguments": arguments})).await;
            assert_eq!(result["isError"], false, "{name} {arguments}: {result}");
            let mut found = Vec::new();
            places(&result["structuredContent"], "", &mut found);
            for (place, text) in found {
                let is_told = place.split('.').any(|field| field.starts_with("untrusted_"));
                if is_told { told.push((name.to_owned(), place)) } else { passed.push((name.to_owned(), place, text)) }
            }
        }
    }
    assert!(passed.is_empty(), "texts from outside in fields of ours; docs/untrusted.csv says whose each is: {passed:#?}");
    let is_told = |(name, place): &&(&str, &str)| told.iter().any(|(tool, at)| tool == name && at == place);
    let untold: Vec<_> = PUT_TOGETHER.iter().filter(|one| !is_told(one)).collect();
    assert!(untold.is_empty(), "nothing from outside in {untold:?}");
}
