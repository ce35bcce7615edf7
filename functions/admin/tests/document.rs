//! The API document as it is checked in.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod common;

use std::path::Path;

use common::{World, request};

#[test]
fn the_document_is_checked_in() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let checked_in = std::fs::read_to_string(root.join("docs/openapi.json")).unwrap_or_default();
    let mut generated = serde_json::to_string_pretty(&admin::document()).unwrap();
    generated.push('\n');
    if checked_in == generated {
        return;
    }
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openapi.json");
    std::fs::write(&fresh, generated).unwrap();
    panic!("the API changed: look at it, and if it is meant, accept it by\n  cp {} docs/openapi.json", fresh.display());
}

#[tokio::test]
async fn every_described_route_is_served() {
    let world = World::new().await;
    let env = world.env(&[("KEY_ID", "key"), ("PUBLIC_URL", "")]);
    let handler = admin::Handler::new(&env, &world.clients, world.clock.clone()).unwrap();
    let document = admin::document();
    let mut served = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let address = path.replace(['{', '}'], "");
        for method in operations.as_object().unwrap().keys() {
            let answer =
                handler.handle(request(&method.to_uppercase(), &address, Some(("acme", "admin")), &[], "")).await.unwrap();
            let said = answer["body"].as_str().unwrap();
            assert!(!said.contains("GET /openapi.json lists what"), "{method} {path}: {said}");
            served += 1;
        }
    }
    assert!(served > 30, "only {served} routes");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = admin::document();
    let mut open = vec![&document];
    let mut seen = 0;
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(serde_json::Value::as_str) {
            let pointer = reference.strip_prefix('#').expect("references stay within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
            seen += 1;
        }
        open.extend(value.as_object().into_iter().flat_map(|object| object.values()));
        open.extend(value.as_array().into_iter().flatten());
    }
    assert!(seen > 50, "only {seen} references");
}

#[test]
fn every_operation_is_described_in_the_form_of_the_standard() {
    let document = admin::document();
    let mut seen = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let fields = operation.as_object().unwrap();
            assert!(fields.values().all(|field| !field.is_null()), "{method} {path}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let kinds = parameter["schema"]["type"].as_array().cloned().unwrap_or_default();
                assert!(!kinds.contains(&serde_json::json!("null")), "{method} {path}: {parameter}");
            }
            for (_, link) in operation["responses"]["200"]["links"].as_object().into_iter().flatten() {
                let target = link["operationId"].as_str().unwrap();
                let all = document["paths"].as_object().unwrap().values().flat_map(|all| all.as_object().unwrap().values());
                assert_eq!(all.filter(|other| other["operationId"] == target).count(), 1, "{method} {path} leads to {target}");
            }
            seen += 1;
        }
    }
    assert!(seen > 35, "only {seen} operations");
}

#[test]
fn settings_are_described_as_they_are() {
    let document = admin::document();
    let described = document["components"]["schemas"]["Settings"]["properties"].as_object().unwrap();
    let mut settings = domain::Settings::named("Acme");
    settings.time_zone = Some("Europe/Berlin".to_owned());
    settings.language = Some("de".to_owned());
    settings.reply_to = Some("ar@acme.example".to_owned());
    settings.payment_details = Some("Example Bank".to_owned());
    settings.bank_accounts = vec![domain::BankAccount::default()];
    settings.brand.colour = Some("#1a56b0".to_owned());
    settings.signing.sender_name = domain::SenderName::Owner;
    settings.rate_per_minute = Some(60);
    settings.reporting = Some(domain::Reporting { currency: domain::Currency::EUR, rates: std::collections::BTreeMap::new() });
    settings.costs.insert(domain::Channel::Sms, 7_500);
    settings.key_accounts = Some(domain::KeyAccounts { share_percent: 20, owner: "ann".to_owned() });
    settings.owners = vec![domain::OwnerRule { owner: "ann".to_owned(), ..domain::OwnerRule::default() }];
    settings.promises.max_open = 1;
    settings.plans.max_parts = 6;
    settings.disputes.sla_days = 10;
    settings.training = true;
    settings.teams.insert("north".to_owned(), vec!["ann".to_owned()]);
    settings.sms.countries = vec!["DE".to_owned()];
    settings.publishing.two_people = true;
    settings.notices.via = vec![domain::NoticeWay::Slack];
    let there = serde_json::to_value(settings).unwrap();
    let names =
        |object: &serde_json::Map<String, serde_json::Value>| object.keys().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names(described), names(there.as_object().unwrap()));
}
