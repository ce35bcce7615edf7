//! A link whose time is over offers that a new one is sent to its address; a link that a person made void does not.

use domain::{Channel, ServiceMailKind};
use store::LinkCode;
use testbed::api::at;

use crate::visitor::{Portal, acme};

#[tokio::test]
async fn an_expired_link_has_a_new_one_sent_and_says_nothing_else() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let form = format!("/p/{code}/new-link");
    // One that is good needs none.
    assert_eq!(portal.send("GET", &form, &[], "").await.leads(), format!("/p/{code}"));
    assert_eq!(portal.post(&form, &[]).await.leads(), format!("/p/{code}"));
    *portal.world.now.lock().unwrap() = at("2026-06-10T10:00:00Z");
    let before = portal.world.everything().await;
    portal.world.read_units();
    for rest in ["", "/promise", "/pay", "/contacts", "/code", "/statement.csv", "/new-link"] {
        let page = portal.get(&format!("/p/{code}{rest}")).await.is(410).says("This link is no longer valid");
        page.says("Send a new link")
            .says(&format!("action=\"&#x2f;p&#x2f;{code}&#x2f;new-link\""))
            .hides("acme")
            .hides("Beispiel");
        assert!(portal.world.read_units() <= 1.0, "{rest}: what is no good costs a unit at most");
    }
    // What is sent to another form is not taken.
    portal.post(&format!("/p/{code}/write"), &[("for", "message"), ("invoice", ""), ("words", "hallo")]).await.is(410);
    assert_eq!(portal.world.everything().await, before, "a GET changes nothing");
    let program = portal.data(&format!("/p/{code}"), "application/json").await.is(410);
    program.says("link-gone");
    for _ in 0..2 {
        let page = portal.post(&form, &[]).await.is(200).says("A new link was asked for");
        page.says("If the address that this link was for can be written to").hides("acme");
    }
    assert_eq!(portal.asked(&id, ServiceMailKind::NewLink).await, 1, "the form posted twice asks once");
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    assert_eq!(audit.iter().map(|entry| entry.operation.as_str()).collect::<Vec<_>>(), ["ask_new_link"]);
    // What other sites' pages post, and other requests, do nothing.
    let urlencoded = ("Content-Type", "application/x-www-form-urlencoded");
    portal.wait(3_600);
    portal.send("POST", &form, &[urlencoded, ("Sec-Fetch-Site", "cross-site")], "").await.is(403);
    portal.send("POST", &form, &[], "").await.is(415);
    portal.send("PUT", &form, &[], "").await.is(405);
    assert_eq!(portal.asked(&id, ServiceMailKind::NewLink).await, 1);
    portal.post(&form, &[]).await.is(200);
    assert_eq!(portal.asked(&id, ServiceMailKind::NewLink).await, 2, "an hour later it is asked for again");
}

#[tokio::test]
async fn a_link_that_another_one_took_the_place_of_has_that_one_sent() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let old = portal.code(&acme(), &id).await;
    *portal.world.now.lock().unwrap() = at("2026-06-10T10:00:00Z");
    let new = portal.code(&acme(), &id).await;
    assert_ne!(old, new);
    portal.get(&format!("/p/{new}")).await.is(200);
    portal.get(&format!("/p/{old}")).await.is(410).says("Send a new link");
    portal.post(&format!("/p/{old}/new-link"), &[]).await.is(200).hides(&new);
    let mails = portal.world.store.service_mails(&acme(), &id, 10, None, portal.world.now()).await.unwrap().mails;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].mail.link, LinkCode::parse(&new).unwrap().id(), "it goes to the address of the link that is good now");
}

#[tokio::test]
async fn a_short_address_leads_to_the_page_and_to_the_way_out_and_changes_nothing() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.world.code(&acme(), &id, Channel::Sms, "+493012345678").await;
    assert_eq!(code.len(), 14);
    let (short, out) = (format!("/s/{code}"), format!("/s/{code}/stop"));
    let get = async |address: &str| portal.send("GET", address, &[], "").await;
    let before = portal.world.everything().await;
    assert_eq!(get(&short).await.leads(), format!("/p/{code}"));
    portal.get(&format!("/p/{code}")).await.is(200);
    assert_eq!(get(&format!("{short}/pay")).await.leads(), format!("/p/{code}/pay"));
    let chosen = get(&format!("{short}/pay?in=EUR&to=a%20b&x=1")).await.leads();
    assert_eq!(chosen, format!("/p/{code}/pay?in=EUR&to=a+b"));
    let stop = get(&out).await.leads();
    assert!(stop.starts_with("/p/acme.sms."), "{stop}");
    portal.get(&stop).await.is(200).says("678");
    for unknown in ["/s/", "/s/short", "/s/00000000000000/stop", &format!("{short}/other")] {
        get(unknown).await.is(404);
    }
    portal.post(&short, &[]).await.is(405);
    assert_eq!(portal.world.everything().await, before, "a GET changes nothing");
    // Void at once, and the way out stays.
    let known = portal.world.store.link(&LinkCode::parse(&code).unwrap().id()).await.unwrap().unwrap();
    assert!(portal.world.store.revoke_link(&acme(), &id, &known.link, portal.world.now()).await.unwrap());
    portal.get(&get(&short).await.leads()).await.is(410);
    assert_eq!(get(&out).await.leads(), stop);
}

#[tokio::test]
async fn a_link_that_was_made_void_has_none_sent() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let text = portal.world.code(&acme(), &id, Channel::Sms, "+493012345678").await;
    let known = portal.world.store.link(&LinkCode::parse(&code).unwrap().id()).await.unwrap().unwrap();
    assert!(portal.world.store.revoke_link(&acme(), &id, &known.link, portal.world.now()).await.unwrap());
    let refused = async |code: &str| {
        let page = portal.get(&format!("/p/{code}")).await.is(410).says("ask whoever sent it to you for another");
        page.hides("Send a new link").hides("<form");
        let before = portal.world.everything().await;
        portal.post(&format!("/p/{code}/new-link"), &[]).await.is(410);
        assert_eq!(portal.world.everything().await, before);
    };
    refused(&code).await;
    // Not after its time would be over either, and not after another one took its place.
    let next = portal.code(&acme(), &id).await;
    refused(&code).await;
    *portal.world.now.lock().unwrap() = at("2026-06-11T10:00:00Z");
    refused(&code).await;
    portal.get(&format!("/p/{next}")).await.is(410).says("Send a new link");
    // A text message carries no new link.
    refused(&text).await;
    // Nobody was given this one.
    let unknown = "0000000000000000000000";
    portal.get(&format!("/p/{unknown}/new-link")).await.is(404);
    portal.post(&format!("/p/{unknown}/new-link"), &[]).await.is(404);
}

#[tokio::test]
async fn new_links_are_bounded_as_codes_are_and_counted_apart() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let other = portal.world.customer("acme", "C-2", |_| {}).await;
    let third = portal.world.customer("acme", "C-3", |_| {}).await;
    let fourth = portal.world.customer("acme", "C-4", |_| {}).await;
    let mut codes = Vec::new();
    for customer in [&id, &other, &third, &fourth] {
        codes.push(portal.code(&acme(), customer).await);
    }
    *portal.world.now.lock().unwrap() = at("2026-06-10T10:00:00Z");
    for (code, status) in codes.iter().zip([200, 200, 200, 429]) {
        let page = portal.post(&format!("/p/{code}/new-link"), &[]).await.is(status);
        if status == 429 {
            page.says("as often as they may be");
        }
    }
    // A code is another thing, which the new link opens.
    let new = portal.code(&acme(), &fourth).await;
    portal.post(&format!("/p/{new}/code"), &[("to", "contacts")]).await.is(303);
}
