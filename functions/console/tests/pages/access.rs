//! Pages of keys, people and the audit.

use service::{Actor, StaffRole, members};

use crate::browser::{Console, form_headers};

#[tokio::test]
async fn a_keys_secret_is_shown_once() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let admin = console.as_role("admin").await;
    console
        .post(&admin, "/console/keys", &[("role", "viewer")])
        .await
        .is(422)
        .says("id=\"flaw-name\"")
        .says("id=\"flaw-scopes\"");
    let fields = [("name", "ERP <x>"), ("role", "collector"), ("scopes", "read"), ("scopes", "write:customers")];
    let made = console.post(&admin, "/console/keys", &fields).await.is(200).says("dun_acme_");
    let secret = made.html.split_once("dun_acme_").unwrap().1.split('"').next().unwrap().to_owned();
    let listed = console.get(&admin, "/console/keys").await.is(200).says("ERP &lt;x&gt;").hides(&secret);
    let id = listed.html.replace("&#x2f;", "/").split_once("/console/keys/key_").unwrap().1.split('/').next().unwrap().to_owned();
    console.post(&admin, &format!("/console/keys/key_{id}/rotate"), &[("overlap_hours", "x")]).await.is(422);
    let rotated = console.post(&admin, &format!("/console/keys/key_{id}/rotate"), &[("overlap_hours", "24")]).await.is(200);
    assert!(rotated.html.contains("dun_acme_") && !rotated.html.contains(&secret), "another secret");
    console.post(&admin, &format!("/console/keys/key_{id}/revoke"), &[]).await.is(303);
    console.get(&admin, "/console/keys").await.says("Revoked");
    // Another tenant's key is none.
    let stranger = console.sign_in("s", "other", "admin").await;
    console.post(&stranger, &format!("/console/keys/key_{id}/revoke"), &[]).await.is(404);
}

#[tokio::test]
async fn people_are_invited_changed_and_removed() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let admin = console.as_role("admin").await;
    let invite = "/console/people/invitations";
    console
        .post(&admin, invite, &[("email", "x"), ("role", "boss")])
        .await
        .is(422)
        .says("id=\"flaw-email\"")
        .says("id=\"flaw-role\"");
    console.post(&admin, invite, &[("email", "kim@acme.example"), ("role", "viewer")]).await.is(303);
    console.get(&admin, "/console/people").await.is(200).says("kim@acme.example");
    let fields = [("sub", "auth0|robin/x"), ("name", "Robin"), ("role", "collector")];
    console.post(&admin, "/console/people/members", &fields).await.is(303);
    console.post(&admin, "/console/people/members", &fields).await.is(409).says("a member already");
    let address = "/console/people/members/auth0%7Crobin%2Fx";
    let rev = |html: &str| html.split_once("name=\"revision\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let page = console.get(&admin, address).await.is(200).says("Robin");
    let seen = rev(&page.html);
    console.post(&admin, address, &[("revision", &seen), ("role", "manager"), ("name", "Robin B.")]).await.is(303);
    console.post(&admin, address, &[("revision", &seen), ("role", "viewer")]).await.is(409).says("Somebody changed it meanwhile");
    console.post(&admin, &format!("{address}/remove"), &[]).await.is(303);
    console.get(&admin, "/console/people").await.says("1 removed");
    let collector = console.as_role("collector").await;
    console.get(&collector, "/console/people").await.is(200).hides("Invite somebody");
    console.post(&collector, invite, &[("email", "a@acme.example"), ("role", "admin")]).await.is(403).says("role admin");
}

#[tokio::test]
async fn days_away_are_said_of_oneself_and_everything_is_handed_over() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let (collector, manager) = (console.as_role("collector").await, console.as_role("manager").await);
    let days = |sub: &'static str| [("sub", sub), ("from_on", "2026-03-01"), ("until_on", "2026-03-05"), ("stand_in", "kim")];
    console.post(&collector, "/console/people/absences", &days("acme-collector")).await.is(303);
    let of_another = [("sub", "kim"), ("from_on", "2026-03-01"), ("until_on", "2026-03-05"), ("stand_in", "robin")];
    console.post(&collector, "/console/people/absences", &of_another).await.is(403).says("a manager says it of others");
    console.post(&collector, "/console/people/absences", &[("sub", "acme-collector"), ("from_on", "x")]).await.is(422);
    console.get(&collector, "/console/people").await.is(200).says("kim</bdi> stands in");
    console.post(&manager, "/console/people/hand_over", &[("from", "kim"), ("to", "kim")]).await.is(422).says("the same owner");
    console.post(&manager, "/console/people/hand_over", &[("from", "kim"), ("to", "robin")]).await.is(303);
}

#[tokio::test]
async fn the_audit_says_who_did_what_and_is_downloaded() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let admin = console.as_role("admin").await;
    console.post(&admin, "/console/settings/pause", &[]).await.is(303);
    let actor = Actor::new(domain::TenantId::parse("acme").unwrap(), StaffRole::Admin, Some("ada"));
    let asked = members::MemberAsked { subject: "kim".to_owned(), role: "viewer".to_owned(), ..members::MemberAsked::default() };
    members::add(&console.world.store, &actor, &asked, console.world.now()).await.unwrap();
    console.get(&admin, "/console/audit").await.is(200).says("by=acme-admin").says("by=ada").says("title=\"2026-02-10T10:00:00");
    console.get(&admin, "/console/audit?by=ada").await.is(200).says("by=ada").hides("by=acme-admin");
    console.get(&admin, "/console/audit?from=x").await.is(422).says("it is a day");
    console.get(&admin, "/console/audit?from=2026-03-01&until=2026-02-01").await.is(422).says("nothing lies between");
    let file = console.get(&admin, "/console/audit/export").await.is(200);
    assert!(file.headers["content-disposition"].as_str().unwrap().contains("audit-acme-2026-02-10.jsonl"), "{:?}", file.headers);
    assert!(file.html.lines().count() >= 2 && file.html.contains("\"hash\""), "{}", file.html);
    console.get(&admin, "/console/health").await.is(200).says("No record came");
    let viewer = console.as_role("viewer").await;
    console.get(&viewer, "/console/audit").await.is(403).says("role manager");
}

#[tokio::test]
async fn what_is_posted_twice_is_done_once() {
    let console = Console::new().await;
    console.world.customer("acme", "C-1", |_| {}).await;
    let admin = console.as_role("admin").await;
    let token = console.form_token(&admin).await;
    let invite =
        |email: &'static str| [("form_token", token.as_str()), ("once", "twice-1"), ("email", email), ("role", "viewer")];
    let to = "/console/people/invitations";
    for _ in 0..2 {
        console.post_as(&admin, to, form_headers(), &invite("lee@acme.example")).await.is(303);
    }
    console.post_as(&admin, to, form_headers(), &invite("kim@acme.example")).await.is(403).says("with other values");
    let page = console.get(&admin, "/console/people").await.is(200).hides("kim@acme.example");
    assert_eq!(page.html.matches("<bdi>lee@acme.example</bdi>").count(), 1, "{}", page.html);
    // What is shown once is not shown by the same form again.
    let key = [("form_token", token.as_str()), ("once", "twice-2"), ("name", "ERP"), ("role", "viewer"), ("scopes", "read")];
    console.post_as(&admin, "/console/keys", form_headers(), &key).await.is(200).says("dun_acme_");
    console.post_as(&admin, "/console/keys", form_headers(), &key).await.is(403).hides("dun_acme_").says("was carried out");
    assert_eq!(console.get(&admin, "/console/keys").await.html.matches("&#x2f;rotate").count(), 1);
}
