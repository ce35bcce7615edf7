//! A code comes to the link's address and opens what the link does not; a link whose time is over has the next one sent there.

use tests::{
    documents::{customer, invoice, payment},
    test_tenant::{TestTenant, code_in, portal_path},
};

/// A customer who was reminded, and the path of its pages.
async fn reminded() -> (TestTenant, String) {
    let desk = TestTenant::at("2026-02-05T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-05")).await;
    desk.end_of("2026-02-06").await;
    let path = portal_path(&desk.sent()[0]);
    (desk, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_comes_by_mail_within_ten_seconds_and_opens_the_contacts() {
    let (desk, path) = reminded().await;
    // On a Sunday at night: nothing that anybody asked for waits for a window.
    desk.to("2026-02-08T22:00:00Z").await;
    desk.post_page(&format!("{path}/code"), "to=contacts").await.is(303);
    desk.advance("PT10S").await;
    let notices = desk.notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!(notice.to, desk.sent()[0].to, "to the address of the link, and to no other");
    let code = code_in(notice);
    let right = desk.post_page(&format!("{path}/code/enter"), &format!("to=contacts&code={code}")).await.is(303);
    assert_eq!(right.location.as_deref(), Some(format!("{path}/contacts").as_str()));
    let cookie = right.cookie.as_deref().and_then(|cookie| cookie.split(';').next()).unwrap().to_owned();
    let with = [("cookie".to_owned(), cookie)];
    let page = desk.call("GET", &format!("{path}/contacts"), &with, b"").await.is(200).text;
    assert!(page.contains(notice.to.as_str()), "{page}");
    let page = desk.call("GET", &format!("{path}/contacts"), &[], b"").await.is(200).text;
    assert!(!page.contains(notice.to.as_str()), "{page}");
    // The code is good once, and no contact was counted.
    desk.post_page(&format!("{path}/code/enter"), &format!("to=contacts&code={code}")).await.is(400);
    assert_eq!(desk.log().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_link_has_the_next_one_sent() {
    let (desk, path) = reminded().await;
    // Nothing is owed any more, and no message renews the link.
    desk.put(&payment("C-1", "P-1", 1, "received", "F-1", 125_000)).await;
    desk.to("2026-06-10T08:00:00Z").await;
    desk.call("GET", &path, &[], b"").await.is(410);
    desk.post_page(&format!("{path}/new-link"), "").await.is(200);
    desk.advance("PT10S").await;
    let notices = desk.notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    let next = portal_path(notice);
    assert_ne!(next, path);
    desk.call("GET", &next, &[], b"").await.is(200);
    desk.call("GET", &path, &[], b"").await.is(410);
}
