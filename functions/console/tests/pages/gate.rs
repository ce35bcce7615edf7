//! Who gets in, and what keeps forms of others out.

use serde_json::json;
use service::members::{self, MemberAsked};
use service::{Actor, StaffRole};
use testbed::api::at;

use crate::browser::{Console, ORIGIN, cookie, form_headers};

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_sign_in_and_back() {
    let console = Console::new().await;
    let led = console.ask("GET", "/console/customers?q=a%20b", &[], json!({}), "").await.leads();
    assert_eq!(led, "/console/sign-in?to=%2Fconsole%2Fcustomers%3Fq%3Da%2Bb");
    for planted in ["__Secure-dunlin=", "__Secure-dunlin=x", "dunlin=AAAA"] {
        console.ask("GET", "/console/customers", &[planted], json!({}), "").await.is(303);
    }
    let made_up = format!("__Secure-dunlin={}", "A".repeat(43));
    console.ask("GET", "/console/customers", &[&made_up], json!({}), "").await.is(303);
    // What stands in a part of a page is led there whole.
    let part = console.ask("GET", "/console/customers", &[], json!({"hx-request": "true"}), "").await.is(200);
    assert_eq!(part.headers["hx-redirect"], "/console/sign-in?to=%2Fconsole%2Fcustomers");
    console.ask("POST", "/console/sign-out", &[], form_headers(), "").await.is(401);
}

#[tokio::test]
async fn nobody_comes_back_from_a_sign_in_that_this_browser_did_not_begin() {
    let console = Console::new().await;
    for address in ["/console/signed-in", "/console/signed-in?code=c&state=s", "/console/signed-in?error=access_denied"] {
        let reply = console.ask("GET", address, &[], json!({}), "").await.is(400).says("did not begin this sign-in");
        assert!(reply.cookies.is_empty(), "{address}");
    }
}

#[tokio::test]
async fn a_session_ends_after_eight_hours_without_use_and_after_a_day() {
    let console = Console::new().await;
    let move_to = |text: &str| *console.world.now.lock().unwrap() = at(text);
    let idle = console.as_role("viewer").await;
    let used = console.as_role("collector").await;
    console.get(&idle, "/console/you").await.is(200);
    for hour in ["17:59", "23:59"] {
        move_to(&format!("2026-02-10T{hour}:00Z"));
        console.get(&used, "/console/you").await.is(200);
    }
    console.get(&idle, "/console/you").await.is(303);
    move_to("2026-02-11T07:00:00Z");
    console.get(&used, "/console/you").await.is(200);
    move_to("2026-02-11T10:00:00Z");
    console.get(&used, "/console/you").await.is(303);
}

#[tokio::test]
async fn signing_out_ends_this_session_and_everywhere_all() {
    let console = Console::new().await;
    let (here, there) = (console.as_role("viewer").await, console.as_role("viewer").await);
    let page = console.get(&here, "/console/you").await.is(200).says("(this one)");
    assert_eq!(page.html.matches("<bdi>Firefox</bdi>").count(), 2);
    let left = console.post(&here, "/console/sign-out", &[]).await;
    assert_eq!(left.headers["location"], "/console/signed-out");
    assert!(left.cookies[0].starts_with("__Secure-dunlin=; ") && left.cookies[0].contains("Max-Age=0"), "{:?}", left.cookies);
    console.get(&here, "/console/you").await.is(303);
    console.get(&there, "/console/you").await.is(200);
    let third = console.as_role("viewer").await;
    console.post(&third, "/console/sign-out/everywhere", &[]).await.is(303);
    for gone in [&there, &third] {
        console.get(gone, "/console/you").await.is(303);
    }
    console.ask("GET", "/console/signed-out", &[], json!({}), "").await.is(200).says("You are signed out");
}

#[tokio::test]
async fn a_form_is_taken_from_a_page_of_the_same_session_alone() {
    let console = Console::new().await;
    let (own, other) = (console.as_role("admin").await, console.as_role("viewer").await);
    let (token, foreign) = (console.form_token(&own).await, console.form_token(&other).await);
    let kind = "application/x-www-form-urlencoded";
    for (headers, token) in [
        (form_headers(), ""),
        (form_headers(), "x"),
        (form_headers(), foreign.as_str()),
        (json!({"content-type": kind}), token.as_str()),
        // As a page of the portal would post it, which has no referrer.
        (json!({"content-type": kind, "origin": "null", "sec-fetch-site": "same-origin"}), token.as_str()),
        (json!({"content-type": kind, "origin": "https://evil.example"}), token.as_str()),
        (json!({"content-type": kind, "origin": ORIGIN, "sec-fetch-site": "cross-site"}), token.as_str()),
        (json!({"content-type": "text/plain", "origin": ORIGIN}), token.as_str()),
    ] {
        let reply = console.post_as(&own, "/console/sign-out", headers.clone(), &[("form_token", token)]).await;
        assert_eq!(reply.status, 403, "{headers} {token}");
    }
    console.get(&own, "/console/you").await.is(200);
    console.post_as(&own, "/console/sign-out", form_headers(), &[("form_token", token.as_str())]).await.is(303);
}

#[tokio::test]
async fn a_member_who_is_removed_is_refused_at_once_and_chooses_among_tenants() {
    let console = Console::new().await;
    let store = &console.world.store;
    for tenant in ["acme", "other"] {
        console.world.customer(tenant, "C-1", |customer| customer.name = format!("Debtor of {tenant}")).await;
        let admin = Actor::new(domain::TenantId::parse(tenant).unwrap(), StaffRole::Admin, Some("ada"));
        let kim = MemberAsked { subject: "kim".to_owned(), role: "collector".to_owned(), ..MemberAsked::default() };
        members::add(store, &admin, &kim, console.world.now()).await.unwrap();
    }
    let kim = console.sign_in("kim", "", "").await;
    // Of two tenants the page asks for which.
    console.get(&kim, "/console/customers").await.is(403).says("Which tenant?").says("acme").says("other");
    console.post(&kim, "/console/tenant", &[("tenant", "nobody-s")]).await.is(403);
    let typed = console.post(&kim, "/console/tenant", &[("tenant", "Acme, Inc.")]).await.is(403);
    typed.says("what you typed is the id of no tenant").hides("X-Dunlin-Tenant");
    assert_eq!(console.post(&kim, "/console/tenant", &[("tenant", "other")]).await.leads(), "/console");
    console.get(&kim, "/console/you").await.is(200).says("collector");
    let admin = Actor::new(domain::TenantId::parse("other").unwrap(), StaffRole::Admin, Some("ada"));
    members::remove(store, &admin, "kim", console.world.now()).await.unwrap();
    console.get(&kim, "/console/customers").await.is(403).says("no longer a member").hides("Debtor of");
    console.post(&kim, "/console/tenant", &[("tenant", "acme")]).await.is(303);
    console.get(&kim, "/console/customers").await.is(200);
}

#[tokio::test]
async fn answers_let_nothing_in_or_out() {
    let console = Console::new().await;
    let viewer = console.as_role("viewer").await;
    let page = console.get(&viewer, "/console/you").await.is(200).hides("<style").hides("style=").hides("onclick");
    let policy = page.headers["content-security-policy"].as_str().unwrap();
    for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!((&page.headers["cache-control"], &page.headers["referrer-policy"]), (&json!("no-store"), &json!("same-origin")));
    let html = page.html.replace("&#x2f;", "/");
    let files: Vec<&str> = html.split('"').filter(|part| part.starts_with("/console/static/")).collect();
    assert_eq!(files.len(), 3, "{html}");
    for part in files {
        let file = console.ask("GET", part, &[], json!({}), "").await.is(200);
        assert!(file.headers["cache-control"].as_str().unwrap().contains("immutable"), "{part}");
    }
    console.ask("GET", "/console/static/console.0000000000000000.js", &[], json!({}), "").await.is(404);
    console.ask("PUT", "/console/customers", &[&cookie(&viewer)], json!({}), "").await.is(405);
    console.get(&viewer, "/console/nothing").await.is(404);
}

#[tokio::test]
async fn without_a_client_the_console_is_switched_off() {
    let console = Console::with(&[]).await;
    console.ask("GET", "/console", &[], json!({}), "").await.is(404).says("OidcClientId");
    console.ask("GET", "/console/sign-in", &[], json!({}), "").await.is(404);
}
