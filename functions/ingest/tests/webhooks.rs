//! Webhooks over the whole path: request in, answer out, the table as the judge.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod sender;
mod subject;

use jiff::SignedDuration;
use sender::{CANONICAL_SECRET, canonical, delivery, fixture, request, stripe, stripe_event};
use serde_json::{Value, json};
use subject::Subject;
use testbed::aws::NOW_S;

fn sample() -> Value {
    serde_json::from_slice(&fixture("canonical/invoice.json")).unwrap()
}

fn changed(pointer: &str, value: Value) -> Vec<u8> {
    let mut document = sample();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[name] = value;
    document.to_string().into_bytes()
}

#[tokio::test]
async fn an_event_is_applied_once_and_an_old_version_changes_nothing() {
    let subject = Subject::start().await;
    let body = fixture("canonical/invoice.json");
    for (id, status, result) in [("e1", 202, "applied"), ("e1", 200, "duplicate"), ("e2", 200, "stale")] {
        let answer = subject.document(id, &body).await;
        assert_eq!((answer.status, answer.result(), answer.body["event_id"].as_str()), (status, result, Some(id)));
    }
    let customer = domain::CustomerId::derive(&["acme", "canonical", "C-100"]);
    let head = subject.aws.store.head(&subject.aws.tenant, &customer).await.unwrap().expect("the customer is there");
    let facts = subject.aws.store.facts(&subject.aws.tenant, &head).await.unwrap();
    assert_eq!(facts.invoices[0].invoice.total_minor, 125_000);
    assert_eq!(facts.customer.name, "Acme GmbH");
}

#[tokio::test]
async fn what_the_document_alone_shows_to_be_wrong_is_refused_and_nothing_is_stored() {
    let subject = Subject::start().await;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes();
    let many: Vec<Value> = (0..10_000).map(|_| json!({"due_on": "2026-02-04", "amount_minor": 1})).collect();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], ""),
        ("invalid UTF-8", b"{\"type\":\"\xff\xfe\"}".to_vec(), ""),
        ("invalid JSON", b"{\"type\":".to_vec(), ""),
        ("nested 100,000 deep", deep, ""),
        ("another shape", b"[1,2,3]".to_vec(), ""),
        ("unknown type", changed("/type", json!("invoice.exploded")), "/type"),
        ("negative", changed("/invoice/total_minor", json!(-1)), "/invoice/total_minor"),
        ("overflowing", changed("/invoice/total_minor", json!(u64::MAX)), "/invoice/total_minor"),
        ("fractional", changed("/invoice/total_minor", json!(12.5)), "/invoice/total_minor"),
        ("a text", changed("/invoice/total_minor", json!("125000")), "/invoice/total_minor"),
        ("unknown currency", changed("/invoice/currency", json!("XYZ")), "/invoice/currency"),
        ("no such date", changed("/invoice/due_on", json!("2026-02-30")), "/invoice/due_on"),
        ("due before issued", changed("/invoice/due_on", json!("2025-01-01")), "/invoice/due_on"),
        ("credit over total", changed("/invoice/credited_minor", json!(125_001)), "/invoice/credited_minor"),
        ("instalments that do not add up", changed("/invoice/instalments/0/amount_minor", json!(1)), "/invoice/instalments"),
        ("10,000 instalments", changed("/invoice/instalments", json!(many)), "/invoice/instalments"),
        ("an id of 10 KB", changed("/invoice/external_id", json!("x".repeat(10_240))), "/invoice/external_id"),
        ("an empty id", changed("/customer/external_id", json!("")), "/customer/external_id"),
        ("unknown country", changed("/customer/country", json!("ZZ")), "/customer/country"),
        ("unknown zone", changed("/customer/time_zone", json!("Mars/Olympus")), "/customer/time_zone"),
        ("no email", changed("/customer/contacts/0/email", json!("not an address")), "/customer/contacts/0/email"),
        ("unknown role", changed("/customer/contacts/0/roles", json!(["boss"])), "/customer/contacts/0/roles/0"),
    ];
    for (name, body, pointer) in cases {
        let answer = subject.document(&format!("bad {name}"), &body).await;
        assert_eq!((answer.status, answer.kind()), (422, "invalid-document"), "{name}");
        assert!(answer.pointers().iter().any(|found| found.starts_with(pointer)), "{name}: {:?}", answer.pointers());
        assert!(answer.body["errors"][0]["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{name}");
    }
    assert!(subject.is_untouched().await);
    // The event is not used up: mended, it is taken under the same id.
    let answer = subject.document("bad negative", &fixture("canonical/invoice.json")).await;
    assert_eq!(answer.result(), "applied");
}

#[tokio::test]
async fn a_document_is_tried_and_nothing_is_written() {
    let subject = Subject::start().await;
    let tried = |id: &str, body: &[u8], query: &str| {
        let mut payload = canonical("acme", id, NOW_S, body);
        payload["rawQueryString"] = json!(query);
        payload
    };
    let body = fixture("canonical/invoice.json");
    for _ in 0..2 {
        let answer = subject.send(tried("e1", &body, "dry_run=true")).await;
        assert_eq!((answer.status, answer.result(), answer.body["dry_run"].as_bool()), (200, "applied", Some(true)));
    }
    let wrong = changed("/invoice/total_minor", json!(-1));
    let answer = subject.send(tried("e1", &wrong, "dry_run=true")).await;
    assert_eq!((answer.status, answer.pointers()), (422, vec!["/invoice/total_minor"]));
    for query in ["dry_run=yes", "dry_run", "dry_run=true&dry_run=false"] {
        assert_eq!(subject.send(tried("e1", &body, query)).await.status, 400, "{query}");
    }
    let customer = domain::CustomerId::derive(&["acme", "canonical", "C-100"]);
    assert!(subject.aws.store.head(&subject.aws.tenant, &customer).await.unwrap().is_none());
    let page = subject.aws.store.webhooks(&subject.aws.tenant, (None, None), 10, None, subject.aws.now()).await.unwrap();
    assert!(subject.is_untouched().await && page.webhooks.is_empty(), "{page:?}");
    // The id is not used up, and what came of it before is told.
    assert_eq!(subject.send(tried("e1", &body, "dry_run=false")).await.result(), "applied");
    assert_eq!(subject.send(tried("e1", &body, "dry_run=true")).await.result(), "duplicate");
    assert_eq!(subject.send(tried("e2", &body, "dry_run=true")).await.result(), "stale");
    // A vendor's webhooks are never only tried.
    let mut payload = stripe("acme", NOW_S, &serde_json::to_vec(&stripe_event("evt_1", "invoice.finalized", "invoice")).unwrap());
    payload["rawQueryString"] = json!("dry_run=true");
    assert_eq!(subject.send(payload).await.status, 400);
}

#[tokio::test]
async fn what_became_of_a_webhook_is_kept() {
    let subject = Subject::start().await;
    let body = fixture("canonical/invoice.json");
    for id in ["e1", "e1", "e2"] {
        subject.document(id, &body).await;
    }
    let wrong = changed("/invoice/total_minor", json!(-1));
    for id in ["e3", "e4"] {
        assert_eq!(subject.document(id, &wrong).await.status, 422);
    }
    let page = subject.aws.store.webhooks(&subject.aws.tenant, (None, None), 10, None, subject.aws.now()).await.unwrap();
    let mut said: Vec<(Option<&str>, &str, u64)> =
        page.webhooks.iter().map(|one| (one.event_id.as_deref(), one.fate.as_str(), one.repeated)).collect();
    said.sort_unstable();
    assert_eq!(said, [(None, "refused", 1), (Some("e1"), "applied", 1), (Some("e2"), "stale", 0)]);
    let refused = page.webhooks.iter().find(|one| one.event_id.is_none()).unwrap();
    assert_eq!(refused.flaws[0].0, "/invoice/total_minor");
    let shown = subject.aws.store.webhook(&subject.aws.tenant, &refused.id).await.unwrap();
    assert_eq!(shown.as_ref(), Some(refused));
}

#[tokio::test]
async fn names_with_markup_and_line_breaks_are_taken_as_text() {
    let subject = Subject::start().await;
    let body = changed("/customer/name", json!("Acme\r\nBcc: x@y.example <b>{{ 7*7 }}{% raw %}"));
    assert_eq!(subject.document("e1", &body).await.result(), "applied");
}

#[tokio::test]
async fn size_and_names_are_answered_before_anything_else() {
    let subject = Subject::start().await;
    let (limit, over) = (vec![b' '; 1024 * 1024], vec![b' '; 1024 * 1024 + 1]);
    let now = NOW_S;
    let long = "x".repeat(17 * 1024);
    let mut headers = sender::headers(&request("acme", "canonical", &[], b"{}"));
    headers.push(("x-long".to_owned(), long));
    let pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let cases = [
        ("over 1 MiB", request("acme", "canonical", &[], &over), 413, "body-too-large"),
        ("over 1 MiB, plain", sender::plain("acme", "canonical", &over), 413, "body-too-large"),
        ("over 1 MiB for nobody", request("nobody", "nothing", &[], &over), 413, "body-too-large"),
        ("1 MiB", canonical("acme", "e1", now, &limit), 422, "invalid-document"),
        ("headers", request("acme", "canonical", &pairs, b"{}"), 431, "headers-too-large"),
        ("unknown tenant", canonical("nobody", "e1", now, b"{}"), 404, "unknown-tenant"),
        ("no tenant's name", canonical("a b", "e1", now, b"{}"), 404, "unknown-tenant"),
        ("a tenant's name of 10 KB", canonical(&"x".repeat(10_240), "e1", now, b"{}"), 404, "unknown-tenant"),
        ("unknown source", request("acme", "nothing", &[], b"{}"), 404, "unknown-source"),
        ("the reserved name", canonical("app", "e1", now, b"{}"), 404, "unknown-source"),
        ("the reserved name, unknown source", request("app", "nothing", &[], b"{}"), 404, "unknown-source"),
        (
            "not base64",
            json!({"pathParameters": {"tenant": "acme", "source": "canonical"}, "body": "%", "isBase64Encoded": true}),
            400,
            "bad-request",
        ),
        ("no request", json!(7), 400, "bad-request"),
    ];
    for (name, payload, status, kind) in cases {
        let answer = subject.send(payload).await;
        assert_eq!((answer.status, answer.kind()), (status, kind), "{name}");
    }
    let other = domain::TenantId::parse("other").unwrap();
    subject.aws.store.put_settings(&other, &domain::Settings::named("Other"), None, subject.aws.now()).await.unwrap();
    let answer = subject.send(canonical("other", "e1", now, b"{}")).await;
    assert_eq!((answer.status, answer.kind()), (404, "unknown-source"), "a tenant without the connection");
    assert!(subject.is_untouched().await);
}

#[tokio::test]
async fn header_values_of_any_text_are_answered() {
    let subject = Subject::start().await;
    for value in ["grüße", "\u{0}", "\u{1F600}", ""] {
        let pairs = [("webhook-id", "e1"), ("webhook-timestamp", value), ("webhook-signature", value)];
        let answer = subject.send(request("acme", "canonical", &pairs, b"{}")).await;
        assert_eq!((answer.status, answer.kind()), (401, "bad-signature"), "{value:?}");
    }
}

#[tokio::test]
async fn one_changed_byte_of_body_signature_or_timestamp_is_refused() {
    let subject = Subject::start().await;
    let invoice = serde_json::to_vec(&stripe_event("evt_1", "invoice.finalized", "invoice")).unwrap();
    let document = fixture("canonical/invoice.json");
    let cases = [
        ("canonical", canonical("acme", "e1", NOW_S, &document), document, 401),
        ("stripe", stripe("acme", NOW_S, &invoice), invoice, 400),
    ];
    for (source, good, body, status) in cases {
        let headers = sender::headers(&good);
        for (at, (name, value)) in headers.iter().enumerate() {
            for position in 0..value.len() {
                let mut bytes = value.clone().into_bytes();
                bytes[position] ^= 1;
                let mut pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let text = String::from_utf8(bytes).unwrap();
                pairs[at].1 = &text;
                let answer = subject.send(request("acme", source, &pairs, &body)).await;
                assert_eq!(answer.status, status, "{source}: byte {position} of {name}");
                assert!(["bad-signature", "stale-timestamp"].contains(&answer.kind()), "{source}: {}", answer.kind());
            }
        }
        let pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for position in (0..body.len()).step_by(body.len() / 150 + 1).chain([body.len() - 1]) {
            let mut bytes = body.clone();
            bytes[position] ^= 1;
            let answer = subject.send(request("acme", source, &pairs, &bytes)).await;
            assert_eq!((answer.status, answer.kind()), (status, "bad-signature"), "{source}: byte {position} of the body");
        }
        assert!(subject.is_untouched().await, "{source}");
    }
    let answer = subject.document("e1", &fixture("canonical/invoice.json")).await;
    assert_eq!(answer.result(), "applied", "unchanged it is taken");
}

#[tokio::test]
async fn a_timestamp_is_taken_for_five_minutes_either_way() {
    let subject = Subject::start().await;
    for (source, status) in [("canonical", 401), ("stripe", 400)] {
        for (off, fresh) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
            let answer = match source {
                "canonical" => subject.send(canonical("acme", "e1", NOW_S + off, b"{}")).await,
                _ => subject.send(stripe("acme", NOW_S + off, b"{}")).await,
            };
            let expected = if fresh { (422, "invalid-document") } else { (status, "stale-timestamp") };
            assert_eq!((answer.status, answer.kind()), expected, "{source} {off} s off");
        }
        let answer = subject.send(request("acme", source, &[], b"{}")).await;
        assert_eq!((answer.status, answer.kind()), (status, "bad-signature"), "{source} without a signature");
    }
}

#[tokio::test]
async fn published_signature_vectors_are_believed() {
    let vectors: Vec<Value> = serde_json::from_slice(&fixture("vectors/signatures.json")).unwrap();
    let mut covered = 0;
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap_or_default();
        let (source, header) = match text("system") {
            "standard-webhooks" => ("canonical", "webhook-signature"),
            "stripe" => ("stripe", text("header")),
            _ => continue,
        };
        let subject = Subject::start().await;
        let mut pairs: Vec<(&str, &str)> = vector["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect();
        let in_header = pairs.iter().find(|(name, _)| *name == "webhook-timestamp").and_then(|(_, value)| value.parse().ok());
        pairs.push((header, text("expected")));
        let at_s: i64 = vector["timestamp"].as_i64().or(in_header).expect("a time");
        subject.aws.advance(SignedDuration::from_secs(at_s - NOW_S));
        subject
            .aws
            .vault
            .put_connection(&subject.aws.tenant, source, text("secret").as_bytes(), &json!({}), None, None)
            .await
            .unwrap();
        let answer = subject.send(request("acme", source, &pairs, text("body").as_bytes())).await;
        assert_ne!(answer.kind(), "bad-signature", "{source}: {:?}", answer.body);
        let answer = subject.send(request("acme", source, &pairs, &text("body").as_bytes()[1..])).await;
        assert_eq!(answer.kind(), "bad-signature", "{source}");
        covered += 1;
    }
    assert_eq!(covered, 2);
}

#[tokio::test]
async fn secrets_rotate_with_overlap_and_without_waiting() {
    let subject = Subject::start().await;
    let aws = &subject.aws;
    let new = "whsec_bmV3IHNlY3JldCBvZiB0aGUgdGVuYW50";
    let send = async |secret: &str, id: &str| {
        let now = aws.now().as_second();
        subject.send(delivery("canonical", secret, "acme", id, now, b"{\"type\":\"source.heartbeat\"}")).await.status
    };
    assert_eq!(send(CANONICAL_SECRET, "e1").await, 202);
    let until = aws.now() + SignedDuration::from_secs(3_600);
    aws.vault.put_connection(&aws.tenant, "canonical", new.as_bytes(), &json!({}), Some(until), None).await.unwrap();
    // (seconds later, by the old secret, by the new one)
    for (later, old, fresh) in [(0, true, true), (3_600, true, true), (1, false, true)] {
        aws.advance(SignedDuration::from_secs(later));
        assert_eq!(send(new, &format!("n{later}")).await < 400, fresh, "the new secret, {later} s later");
        assert_eq!(send(CANONICAL_SECRET, &format!("o{later}")).await < 400, old, "the old secret, {later} s later");
    }
    // Withdrawn without overlap, a secret is refused from then on.
    let third = "whsec_dGhlIHRoaXJkIHNlY3JldCBvZiB0aGVt";
    aws.vault.put_connection(&aws.tenant, "canonical", third.as_bytes(), &json!({}), None, None).await.unwrap();
    assert_eq!(send(new, "late").await, 401);
    assert!(send(third, "last").await < 400);
}

#[tokio::test]
async fn the_rate_is_kept_where_there_is_one() {
    let subject = Subject::start().await;
    subject.aws.settings(|settings| settings.rate_per_minute = Some(2)).await;
    let now = NOW_S;
    let mut statuses = Vec::new();
    for at in 0..3 {
        statuses.push(subject.send(canonical("acme", &format!("e{at}"), now, b"{\"type\":\"source.heartbeat\"}")).await.status);
    }
    assert_eq!(statuses[2], 429);
    assert!(statuses[..2].iter().all(|status| *status < 300), "{statuses:?}");
    let answer = subject.send(canonical("acme", "e9", now, b"{}")).await;
    assert_eq!(answer.kind(), "too-many-requests");
    let wait: i64 = answer.retry_after.expect("says how long").parse().unwrap();
    subject.aws.advance(SignedDuration::from_secs(wait));
    assert_eq!(subject.send(canonical("acme", "e9", now, b"{}")).await.status, 422);
}

#[tokio::test]
async fn whoever_cannot_sign_uses_up_nothing_of_a_rate() {
    let subject = Subject::start().await;
    subject.aws.settings(|settings| settings.rate_per_minute = Some(2)).await;
    let pairs = [("webhook-id", "e"), ("webhook-timestamp", "1767600000"), ("webhook-signature", "v1,AAAA")];
    for _ in 0..5 {
        let forged = subject.send(request("acme", "canonical", &pairs, b"{}")).await;
        assert_eq!((forged.status, forged.kind()), (401, "bad-signature"));
    }
    let answer = subject.document("e1", &fixture("canonical/invoice.json")).await;
    assert_eq!(answer.result(), "applied", "{:?}", answer.body);
}

#[tokio::test]
async fn what_comes_again_uses_up_nothing_of_a_rate() {
    let subject = Subject::start().await;
    subject.aws.settings(|settings| settings.rate_per_minute = Some(3)).await;
    let heartbeat = b"{\"type\":\"source.heartbeat\"}";
    assert_eq!(subject.send(canonical("acme", "e1", NOW_S, heartbeat)).await.status, 202);
    assert_eq!(subject.send(canonical("acme", "e2", NOW_S, b"{}")).await.status, 422);
    for _ in 0..5 {
        let again = subject.send(canonical("acme", "e1", NOW_S, heartbeat)).await;
        assert_eq!((again.status, again.result()), (200, "duplicate"), "{:?}", again.body);
        assert_eq!(subject.send(canonical("acme", "e2", NOW_S, b"{}")).await.status, 422);
    }
    assert!(subject.send(canonical("acme", "e3", NOW_S, heartbeat)).await.status < 300, "the third that is new");
    assert_eq!(subject.send(canonical("acme", "e4", NOW_S, heartbeat)).await.status, 429);
}

#[tokio::test]
async fn whoever_cannot_sign_costs_two_reads_whatever_the_tenant_stored() {
    let subject = Subject::start().await;
    let fill = |settings: &mut domain::Settings| {
        let entity = |at: usize| {
            let name = Some("x".repeat(200));
            (format!("{at}"), domain::settings::LegalEntity { name, ..Default::default() })
        };
        settings.legal_entities = (0..200).map(entity).collect();
    };
    subject.aws.settings(fill).await;
    // What only the first request of an environment costs: the data key.
    subject.document("e1", &fixture("canonical/invoice.json")).await;
    for (tenant, source) in
        [("acme", "canonical"), ("acme", "stripe"), ("acme", "quickbooks"), ("nobody", "canonical"), ("app", "xero")]
    {
        subject.aws.read_units();
        subject.send(request(tenant, source, &[("webhook-id", "e")], b"{}")).await;
        let units = subject.aws.read_units();
        assert!(units <= 2.0, "{units} read units for a webhook to {tenant}/{source}");
    }
}

#[tokio::test]
async fn a_body_of_thousands_of_unknown_companies_is_answered() {
    let subject = Subject::start().await;
    let app = domain::TenantId::app();
    let secret = json!({"client_id": "a", "client_secret": "b", "webhook_secret": "verifier"}).to_string();
    subject.aws.vault.ensure_key(&app).await.unwrap();
    subject.aws.vault.put_connection(&app, "quickbooks", secret.as_bytes(), &json!({}), None, None).await.unwrap();
    let element = |at: usize| {
        json!({"specversion": "1.0", "id": format!("e{at}"), "source": "intuit.x", "type": "qbo.invoice.updated.v1",
               "time": "2026-01-05T08:00:00Z", "intuitentityid": "1", "intuitaccountid": format!("{}", 9_000_000 + at), "data": {}})
    };
    let body = json!((0..3_000).map(element).collect::<Vec<_>>()).to_string();
    let signed = sender::intuit("verifier", body.as_bytes());
    assert_eq!(subject.send(signed.clone()).await.status, 200);
    subject.aws.read_units();
    assert_eq!(subject.send(signed).await.status, 200);
    let units = subject.aws.read_units();
    assert!(units < 100.0, "{units} read units for a body that came before");
}

#[tokio::test]
async fn a_busy_table_asks_the_sender_to_come_again_and_nothing_is_lost() {
    let subject = Subject::start().await;
    *subject.aws.world.throttled.lock().unwrap() = 10_000;
    let body = fixture("canonical/invoice.json");
    let answer = subject.document("e1", &body).await;
    assert_eq!((answer.status, answer.kind()), (503, "busy"));
    assert_eq!(answer.retry_after.as_deref(), Some("30"));
    *subject.aws.world.throttled.lock().unwrap() = 0;
    assert!(subject.is_untouched().await);
    assert_eq!(subject.document("e1", &body).await.result(), "applied");
}
