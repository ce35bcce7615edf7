//! What the customer's own system reads and says under the link: signed statements, and calls in JSON.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Currency, CustomerRef, Document, SourceVersion, TenantId};
use serde_json::{Value, json};
use store::Receipt;
use testbed::api::at;

use crate::visitor::{Portal, Reply, acme};

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A call of a program.
async fn call(portal: &Portal, address: &str, body: &Value) -> Reply {
    portal.send("POST", address, &[JSON], &body.to_string()).await
}

fn read(reply: &Reply) -> Value {
    serde_json::from_str(&reply.html).unwrap()
}

/// The last part of a problem's type, and the pointers of its errors.
#[track_caller]
fn problem(reply: &Reply) -> (String, Vec<String>) {
    assert_eq!(reply.headers["content-type"], "application/problem+json", "{}", reply.html);
    let problem = read(reply);
    assert_eq!(problem["status"].as_u64(), Some(reply.status), "{problem}");
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let pointers = errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned());
    (problem["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned(), pointers.collect())
}

fn promise(invoice: &str) -> Value {
    json!({"invoices": [invoice], "pays_on": "2026-02-13", "way": "transfer"})
}

fn remittance(invoice: &str, amount_minor: i64) -> Value {
    json!({
        "sent_on": "2026-02-09", "way": "transfer", "currency": "EUR", "amount_minor": amount_minor,
        "lines": [{"invoice": invoice, "amount_minor": amount_minor}], "reference": "RUN 17",
    })
}

/// A part of a token.
fn part(token: &str, nth: usize) -> Value {
    let part = token.split('.').nth(nth).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_statement_is_signed_for_who_asks_for_that() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let address = format!("/p/{code}");
    let plain = portal.data(&address, "application/json").await.is(200);
    let signed = portal.data(&address, "application/jose").await.is(200);
    assert_eq!(signed.headers["content-type"], "application/jose");
    let (header, claims) = (part(&signed.html, 0), part(&signed.html, 1));
    let keys = portal.data("/p/keys/acme", "*/*").await.is(200);
    assert_eq!(keys.headers["content-type"], "application/jwk-set+json");
    let key = &read(&keys)["keys"][0];
    assert_eq!(header, json!({"alg": "ES256", "typ": "statement+jwt", "kid": key["kid"]}));
    assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&json!("EC"), &json!("P-256"), &json!("sig")));
    let now = portal.world.now().as_second();
    let expected = json!({
        "iss": "https://pay.example/p/keys/acme", "sub": id, "iat": now, "exp": now + 24 * 60 * 60, "statement": read(&plain),
    });
    assert_eq!(claims, expected);
    // What was made before is signed anew.
    *portal.world.now.lock().unwrap() = at("2026-02-10T10:00:30Z");
    let later = portal.data(&address, "application/jose").await.is(200);
    assert_eq!(part(&later.html, 1)["iat"], now + 30);
    portal.get(&address).await.is(200).says("<h1>");
    let none = portal.data(&format!("/p/{}", "0".repeat(22)), "application/jose").await.is(404);
    assert_eq!(problem(&none).0, "not-found");
    // A key is shown to whoever asks, of a tenant that has one, and each has its own.
    portal.world.read_units();
    portal.get("/p/keys/nobody").await.is(404);
    assert!(portal.world.read_units() <= 1.0, "who has no link costs one read at most");
    for nobody in ["/p/keys", "/p/keys/", "/p/keys/nobody", "/p/keys/app", "/p/keys/a/b", "/p/keys/%00"] {
        portal.get(nobody).await.is(404);
    }
    let other = portal.world.customer("other", "C-1", |_| {}).await;
    portal.code(&TenantId::parse("other").unwrap(), &other).await;
    let others = portal.data("/p/keys/other", "application/json").await.is(200);
    assert_ne!(read(&others)["keys"][0]["kid"], key["kid"]);
}

#[tokio::test]
async fn each_call_makes_what_its_form_makes() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let invoice = Portal::invoice("C-1", "1001");
    let address = |call: &str| format!("/p/{code}/{call}");

    // By the number that the creditor gave it.
    let sent = call(&portal, &address("remittances"), &remittance("1001", 40_000)).await.is(200);
    let made = read(&sent);
    let expected = json!({
        "form": 1, "id": made["id"], "kind": "remittance", "status": "expected", "currency": "EUR", "amount_minor": 40_000,
        "invoices": [{"invoice": invoice, "open_minor": 125_000, "sent_minor": 40_000}], "way": "transfer", "expected_on": "2026-02-11",
        "made_at": "2026-02-10T10:00:00Z", "address": format!("/p/{code}/agreements/{}", made["id"].as_str().unwrap()),
    });
    assert_eq!((made.clone(), sent.headers["content-type"].as_str()), (expected, Some("application/json")));
    assert_eq!(read(&call(&portal, &address("remittances"), &remittance("1001", 40_000)).await.is(200)), made, "twice the same");
    assert_eq!(read(&portal.data(made["address"].as_str().unwrap(), "*/*").await.is(200)), made);

    let made = read(&call(&portal, &address("promises"), &promise(Portal::invoice("C-1", "1002").as_str())).await.is(200));
    assert_eq!((&made["kind"], &made["status"], &made["amount_minor"]), (&json!("promise"), &json!("open"), &json!(9_900)));
    assert_eq!((&made["pays_on"], &made["expected_on"]), (&json!("2026-02-13"), &json!("2026-02-17")));

    let dispute = json!({"invoice": "C-1-1001", "amount_minor": 62_500, "reason": "quality", "words": "Zwei sind kaputt"});
    let made = read(&call(&portal, &address("disputes"), &dispute).await.is(200));
    assert_eq!(
        (&made["kind"], &made["reason"], &made["decided_by"]),
        (&json!("dispute"), &json!("quality"), &json!("2026-02-17"))
    );

    let kinds: Vec<String> = portal.agreements(&id).await.iter().map(|made| made.kind().to_owned()).collect();
    assert_eq!(kinds.len(), 3, "{kinds:?}");
    let notes = portal.world.store.notes(&acme(), &id, None, 50, None).await.unwrap().notes;
    let mut texts: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["Reference of the payment: RUN 17", "Zwei sind kaputt"]);
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    let mut done: Vec<(&str, &str)> = audit.iter().map(|entry| (entry.role.as_str(), entry.operation.as_str())).collect();
    done.sort_unstable();
    assert_eq!(done, [("link", "dispute_by_link"), ("link", "promise_by_link"), ("link", "remit_by_link")]);
    assert!(audit.iter().all(|entry| !entry.what.to_string().contains("RUN 17")), "what people wrote is in the note alone");
    portal.get(&format!("/p/{code}")).await.is(200).says("in Klärung: 625,00\u{a0}€");
}

#[tokio::test]
async fn a_key_makes_a_call_once_whatever_became_of_it() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let text = portal.world.code(&acme(), &id, domain::Channel::Sms, "+493012345678").await;
    let address = format!("/p/{code}/promises");
    let keyed = async |address: &str, key: &str, body: &Value| {
        portal.send("POST", address, &[JSON, ("Idempotency-Key", key)], &body.to_string()).await
    };
    let first = read(&keyed(&address, "run-17", &promise("1001")).await.is(200));
    assert_eq!(read(&keyed(&address, "run-17", &promise("1001")).await.is(200)), first);
    // Something else under the key: another body, another call.
    for (address, body) in [(address.clone(), promise("1002")), (format!("/p/{code}/remittances"), remittance("1001", 1_000))] {
        let reply = keyed(&address, "run-17", &body).await.is(422);
        assert_eq!(problem(&reply).0, "idempotency-key-reused");
    }
    assert_eq!(portal.agreements(&id).await.len(), 1);
    // It is over and its invoice paid, and the next day has begun: the same request says how it stands.
    let [before] = <[_; 1]>::try_from(portal.agreements(&id).await).unwrap();
    let after = before.clone().act(&domain::AgreementAct::Cancel, vec![], portal.world.now()).unwrap();
    portal.world.store.put_agreement(&acme(), &id, Some(&before), &after, portal.world.now()).await.unwrap();
    portal.pay(&id, 2).await;
    *portal.world.now.lock().unwrap() = at("2026-02-11T09:59:59Z");
    let again = read(&keyed(&address, "run-17", &promise("1001")).await.is(200));
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("cancelled")));
    // A day later the key may stand for something else.
    *portal.world.now.lock().unwrap() = at("2026-02-11T10:00:01Z");
    let other = read(&keyed(&address, "run-17", &promise("1002")).await.is(200));
    assert_ne!(other["id"], first["id"]);
    // The key of one link is none of another's.
    let theirs = json!({"invoices": ["1002"], "pays_on": "2026-02-16", "way": "transfer"});
    let theirs = read(&keyed(&format!("/p/{text}/promises"), "run-17", &theirs).await.is(200));
    assert_eq!(portal.agreements(&id).await.len(), 3, "{theirs}");
    let long = "x".repeat(201);
    for key in ["", "two words", long.as_str(), "ü"] {
        let reply = keyed(&address, key, &promise("1002")).await.is(400);
        assert_eq!(problem(&reply).0, "bad-request", "{key}");
    }
}

#[tokio::test]
async fn of_two_calls_at_once_under_one_key_one_has_an_effect() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let address = format!("/p/{code}/remittances");
    let keyed = async |body: Value| portal.send("POST", &address, &[JSON, ("Idempotency-Key", "run-1")], &body.to_string()).await;
    let (one, two) = tokio::join!(keyed(remittance("1001", 1_000)), keyed(remittance("1001", 1_000)));
    assert_eq!(read(&one.is(200))["id"], read(&two.is(200))["id"]);
    assert_eq!(portal.agreements(&id).await.len(), 1);
    let (one, two) = tokio::join!(keyed(remittance("1001", 1_000)), keyed(remittance("1002", 1_000)));
    assert_eq!((one.status, two.status), (200, 422));
    assert_eq!(portal.agreements(&id).await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_is_named_and_nothing_of_it_is_recorded() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    portal.world.customer("acme", "C-2", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    // An invoice in another currency, and two of one number.
    for (external_id, number, currency) in
        [("usd", "2001", Currency::USD), ("twin-a", "3001", Currency::EUR), ("twin-b", "3001", Currency::EUR)]
    {
        let head = portal.world.store.head(&acme(), &id).await.unwrap().unwrap();
        let facts = portal.world.store.facts(&acme(), &head).await.unwrap();
        let mut invoice = facts.invoices[0].invoice.clone();
        invoice.id = domain::InvoiceId::derive(&["acme", "canonical", external_id]);
        invoice.external_id = external_id.to_owned();
        invoice.number = number.to_owned();
        invoice.currency = currency;
        invoice.source_version = SourceVersion::Number(1);
        let document = Document::Invoice { customer: CustomerRef::Full(Box::new(facts.customer.clone())), invoice };
        let receipt = Receipt { source: "canonical".to_owned(), event_id: external_id.to_owned() };
        portal.world.store.apply(&acme(), &receipt, &[document], portal.world.now()).await.unwrap();
    }
    // How often somebody reads is not what is recorded.
    let before = portal.world.everything().await;
    let with = |mut body: Value, field: &str, value: Value| {
        body[field] = value;
        body
    };
    let theirs = Portal::invoice("C-2", "1001");
    let line = |invoice: &str, minor: i64| json!({"invoice": invoice, "amount_minor": minor});
    let promise = || promise("1001");
    let remit = || remittance("1001", 1_000);
    let dispute = || json!({"invoice": "1001", "reason": "price"});
    let cases: &[(&str, Value, &[&str])] = &[
        ("promises", json!({}), &["/invoices", "/pays_on"]),
        ("promises", json!([]), &[""]),
        ("promises", with(promise(), "line", json!(7)), &["/line"]),
        ("promises", with(promise(), "often", json!(7)), &["/often"]),
        ("promises", with(promise(), "pays_on", json!("2026-02-09")), &["/pays_on"]),
        ("promises", with(promise(), "pays_on", json!("2036-02-13")), &["/pays_on", "/pays_on"]),
        ("promises", with(promise(), "pays_on", json!("2026-02-30")), &["/pays_on"]),
        ("promises", with(promise(), "way", json!("gold")), &["/way"]),
        ("promises", with(promise(), "amount_minor", json!(5)), &["/currency"]),
        ("promises", with(with(promise(), "amount_minor", json!(125_001)), "currency", json!("EUR")), &["/amount_minor"]),
        ("promises", with(with(promise(), "amount_minor", json!(-1)), "currency", json!("EUR")), &["/amount_minor"]),
        ("promises", with(with(promise(), "amount_minor", json!(1.5)), "currency", json!("EUR")), &["/amount_minor"]),
        ("promises", with(with(promise(), "amount_minor", json!(5)), "currency", json!("USD")), &["/currency"]),
        ("promises", with(promise(), "invoices", json!([])), &["/invoices"]),
        (
            "promises",
            with(promise(), "invoices", json!(["1001", theirs, "9999", "3001"])),
            &["/invoices/1", "/invoices/2", "/invoices/3"],
        ),
        ("promises", with(promise(), "invoices", json!(vec!["1001"; 10_000])), &["/invoices"]),
        ("disputes", json!({"reason": "price"}), &["/invoice"]),
        ("disputes", with(dispute(), "invoice", json!("9999")), &["/invoice"]),
        ("disputes", with(dispute(), "invoice", json!("3001")), &["/invoice"]),
        ("disputes", with(dispute(), "amount_minor", json!(125_001)), &["/amount_minor"]),
        ("disputes", with(dispute(), "reason", json!("whim")), &["/reason"]),
        ("disputes", with(dispute(), "words", json!("x".repeat(2_001))), &["/words"]),
        ("disputes", with(dispute(), "line", json!(7)), &["/line"]),
        ("disputes", with(dispute(), "line", json!("a")), &["/line"]),
        ("disputes", with(dispute(), "line", json!(true)), &["/line"]),
        ("remittances", with(remit(), "sent_on", json!("2026-02-11")), &["/sent_on"]),
        ("remittances", with(remit(), "sent_on", json!("2026-01-15")), &["/sent_on"]),
        ("remittances", with(remit(), "sent_on", json!("2016-02-09")), &["/sent_on"]),
        ("remittances", with(remit(), "way", json!("gold")), &["/way"]),
        ("remittances", with(remit(), "currency", json!("USD")), &["/lines/0/invoice"]),
        ("remittances", with(remit(), "amount_minor", json!(999)), &["/amount_minor"]),
        ("remittances", remittance("1001", 125_001), &["/lines/0/amount_minor"]),
        ("remittances", remittance("1001", 0), &["/amount_minor", "/lines/0/amount_minor"]),
        ("remittances", remittance("9999", 1_000), &["/lines/0/invoice"]),
        ("remittances", remittance("3001", 1_000), &["/lines/0/invoice"]),
        ("remittances", remittance(theirs.as_str(), 1_000), &["/lines/0/invoice"]),
        ("remittances", with(remit(), "lines", json!([line("1001", 500), line("2001", 500)])), &["/lines/1/invoice"]),
        ("remittances", with(remit(), "lines", json!([line("1001", 500), line("C-1-1001", 500)])), &["/lines/1/invoice"]),
        ("remittances", with(remit(), "lines", json!([])), &["/lines"]),
        ("remittances", with(remit(), "lines", json!(vec![line("1001", 1); 501])), &["/lines"]),
        ("remittances", with(remit(), "reference", json!("x".repeat(141))), &["/reference"]),
        ("remittances", with(remit(), "lines", json!([{"invoice": "1001"}])), &["/lines/0/amount_minor"]),
    ];
    for (name, body, pointers) in cases {
        let reply = call(&portal, &format!("/p/{code}/{name}"), body).await;
        let text = body.to_string().chars().take(300).collect::<String>();
        assert_eq!(
            (reply.status, problem(&reply)),
            (422, ("invalid-request".to_owned(), pointers.iter().map(|at| (*at).to_owned()).collect())),
            "{name} {text}"
        );
    }
    for (name, headers, body, status, kind) in [
        ("promises", vec![JSON], "{".to_owned(), 400, "bad-request"),
        ("promises", vec![JSON], String::new(), 400, "bad-request"),
        ("promises", vec![], promise().to_string(), 415, "unsupported-media-type"),
        ("disputes", vec![("Content-Type", "text/plain")], dispute().to_string(), 415, "unsupported-media-type"),
        (
            "remittances",
            vec![("Content-Type", "application/x-www-form-urlencoded")],
            "invoice=1".to_owned(),
            415,
            "unsupported-media-type",
        ),
        ("promises", vec![JSON, ("Sec-Fetch-Site", "cross-site")], promise().to_string(), 403, "forbidden"),
        (
            "remittances",
            vec![JSON],
            with(remit(), "lines", json!(vec![line("1001", 1); 10_000])).to_string(),
            413,
            "body-too-large",
        ),
        ("agreements/agr_none", vec![JSON], "{}".to_owned(), 405, "bad-request"),
    ] {
        let reply = portal.send("POST", &format!("/p/{code}/{name}"), &headers, &body).await;
        assert_eq!((reply.status, problem(&reply).0.as_str()), (status, kind), "{name}");
    }
    let looked = async |address: String| {
        let reply = portal.data(&address, "*/*").await;
        (reply.status, problem(&reply).0)
    };
    assert_eq!(looked(format!("/p/{code}/promises")).await, (405, "bad-request".to_owned()));
    assert_eq!(looked(format!("/p/{code}/agreements/agr_none")).await, (404, "not-found".to_owned()));
    // A link that was tampered with, and one that was withdrawn.
    let tampered = format!("{}{}", if code.starts_with('0') { '1' } else { '0' }, &code[1..]);
    assert_eq!(problem(&call(&portal, &format!("/p/{tampered}/promises"), &promise()).await.is(404)).0, "not-found");
    assert_eq!(portal.world.everything().await, before, "nothing was written");
    let known = portal.world.store.link(&store::LinkCode::parse(&code).unwrap().id()).await.unwrap().unwrap();
    assert!(portal.world.store.revoke_link(&acme(), &id, &known.link, portal.world.now()).await.unwrap());
    for name in ["promises", "disputes", "remittances"] {
        assert_eq!(problem(&call(&portal, &format!("/p/{code}/{name}"), &promise()).await.is(410)).0, "link-gone");
    }
    assert_eq!(portal.agreements(&id).await, vec![]);
}

#[tokio::test]
async fn a_program_whose_link_expired_gets_no_page() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    *portal.world.now.lock().unwrap() = at("2026-06-20T10:00:00Z");
    for name in ["promises", "disputes", "remittances"] {
        assert_eq!(problem(&call(&portal, &format!("/p/{code}/{name}"), &promise("1001")).await.is(410)).0, "link-gone");
    }
    let looked = portal.data(&format!("/p/{code}/agreements/agr_none"), "*/*").await.is(410);
    assert_eq!(problem(&looked).0, "link-gone");
}

#[tokio::test]
async fn what_stands_in_the_way_is_no_fault_of_the_call() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let address = |call: &str| format!("/p/{code}/{call}");
    portal.set(|settings| settings.promises.max_open = 1).await;
    call(&portal, &address("promises"), &promise("1001")).await.is(200);
    assert_eq!(problem(&call(&portal, &address("promises"), &promise("1002")).await.is(409)).0, "not-possible");
    let dispute = |reason: &str| json!({"invoice": "1001", "reason": reason});
    call(&portal, &address("disputes"), &dispute("price")).await.is(200);
    assert_eq!(problem(&call(&portal, &address("disputes"), &dispute("quality")).await.is(409)).0, "not-possible");
    // Both in one: what was sent is named too.
    let both = json!({"invoice": "1001", "reason": "whim"});
    let (kind, pointers) = problem(&call(&portal, &address("disputes"), &both).await.is(422));
    assert_eq!((kind.as_str(), pointers), ("invalid-request", vec![String::new(), "/reason".to_owned()]));
}

#[tokio::test]
async fn a_link_makes_a_hundred_agreements_a_day() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let address = format!("/p/{code}/promises");
    // What it made already today, withdrawn since: so many of them are open at no time.
    let link = store::LinkCode::parse(&code).unwrap().id();
    let made = read(&call(&portal, &address, &promise("1001")).await.is(200));
    let [before] = <[_; 1]>::try_from(portal.agreements(&id).await).unwrap();
    assert_eq!((before.id.as_str(), before.by.as_str()), (made["id"].as_str().unwrap(), link.as_str()));
    let over = before.clone().act(&domain::AgreementAct::Cancel, vec![], portal.world.now()).unwrap();
    portal.world.store.put_agreement(&acme(), &id, Some(&before), &over, portal.world.now()).await.unwrap();
    for nth in 1..99 {
        let another = domain::Agreement { id: domain::AgreementId::derive(&[&nth.to_string()]), ..over.clone() };
        portal.world.store.put_agreement(&acme(), &id, None, &another, portal.world.now()).await.unwrap();
    }
    call(&portal, &address, &promise("1002")).await.is(200);
    let reply = call(&portal, &address, &json!({"invoices": ["1001"], "pays_on": "2026-02-16"})).await.is(429);
    assert_eq!(problem(&reply).0, "too-many-requests");
    // 10:00 in UTC: until midnight.
    assert_eq!(reply.headers["retry-after"], (14 * 60 * 60 + 1).to_string());
    *portal.world.now.lock().unwrap() = at("2026-02-11T00:00:01Z");
    call(&portal, &address, &json!({"invoices": ["1001"], "pays_on": "2026-02-16"})).await.is(200);
}
