//! Where a vendor's sign-in comes back to: only what an admin began connects anything.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::{World, request};
use domain::TenantId;
use store::SignIn;

#[tokio::test]
async fn what_no_admin_began_connects_nothing() {
    let world = World::new().await;
    let env = world.env(&[("KEY_ID", "key"), ("PUBLIC_URL", "https://dunlin.example/")]);
    let handler = admin::Handler::new(&env, &world.clients, world.clock.clone()).unwrap();
    let tenant = TenantId::parse("acme").unwrap();
    world.vault.ensure_key(&tenant).await.unwrap();
    let until = world.now() + jiff::SignedDuration::from_hours(1);
    // Without a role it is a function's of an earlier release, whose address stands in a task that viewers read.
    for (role, expected) in
        [(None, "no admin began"), (Some("viewer"), "no admin began"), (Some("admin"), "the address has no code")]
    {
        let state = format!("state-{}", role.unwrap_or("none"));
        let sign_in = SignIn {
            tenant: tenant.clone(),
            source: "quickbooks".to_owned(),
            verifier: "v".to_owned(),
            realm: None,
            base: None,
            by: None,
            role: role.map(str::to_owned),
        };
        world.vault.begin_sign_in(&state, &sign_in, until).await.unwrap();
        let back = request("GET", &format!("/oauth/quickbooks/callback?state={state}"), None, &[], "");
        let answer = handler.handle(back).await.unwrap();
        let page = answer["body"].as_str().unwrap();
        assert!(answer["statusCode"] == 400 && page.contains(expected), "{role:?}: {page}");
    }
}
