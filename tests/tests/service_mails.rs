//! Notices to whoever came by a portal link: at once and at any hour, once, to the link's address alone, and to nobody who is not to be written to.

use local::{Mode, Sent};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TestTenant, at, portal_path},
};

use crate::paying::{page, value};

/// A customer who owes 1,250.00 since Thursday and was reminded on Friday; the path of its pages, and the invoice's id.
async fn reminded() -> (TestTenant, String, String) {
    let desk = TestTenant::at("2026-02-05T20:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-05")).await;
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log(), ["2026-02-06 email reminder"]);
    let path = portal_path(&desk.sent()[0]);
    let invoice = value(&page(&desk, &format!("{path}/promise")).await, "invoice").to_owned();
    (desk, path, invoice)
}

/// Sunday at 23:00 in Berlin.
const SUNDAY_NIGHT: &str = "2026-02-08T22:00:00Z";

/// A promise of all of it.
async fn promised(desk: &TestTenant, path: &str, invoice: &str) {
    let body = format!("invoice={invoice}&amount=&pays_on=2026-02-13&way=transfer");
    desk.post_page(&format!("{path}/promise"), &body).await.is(303);
}

/// What the API lists of the customer's service mails: kind, status and why.
async fn listed(desk: &TestTenant) -> Vec<(String, String, String)> {
    let customer = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    let page = desk.admin("GET", &format!("/v1/service_mails?customer={customer}"), &Value::Null).await.is(200).body;
    let text = |mail: &Value, name: &str| mail[name].as_str().unwrap_or_default().to_owned();
    let all = page["data"].as_array().unwrap().iter();
    all.map(|mail| (text(mail, "kind"), text(mail, "status"), text(mail, "why"))).collect()
}

fn text(sent: &Sent) -> &str {
    sent.text.as_deref().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_at_night_is_acknowledged_once_within_ten_seconds() {
    let (desk, path, invoice) = reminded().await;
    desk.to(SUNDAY_NIGHT).await;
    // The queue delivers the notice twice.
    desk.fault("queue", Mode::Duplicate, 1);
    promised(&desk, &path, &invoice).await;
    desk.advance("PT10S").await;
    let notices = desk.notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert!(notice.at <= at("2026-02-08T22:00:10Z"), "{}", notice.at);
    assert_eq!(notice.subject.as_deref(), Some("Sie haben zugesagt, bis zum 13. Februar 2026 1.250,00\u{a0}€ zu zahlen"));
    assert!(text(notice).contains("Rechnung F-1") && text(notice).contains("Wir warten bis zum 17. Februar 2026"), "{notice:?}");
    assert_eq!(portal_path(notice), path, "it leads to the page that its reader came from");
    assert_eq!((notice.attachments.len(), &notice.attachments[0]["name"]), (1, &json!("payment.ics")));
    assert_eq!(notice.to, desk.sent()[0].to);
    // The same form again is the same promise, and is told once.
    promised(&desk, &path, &invoice).await;
    desk.advance("PT1M").await;
    assert_eq!(desk.notices().len(), 1);
    assert_eq!(listed(&desk).await, [("promise_made".to_owned(), "delivered".to_owned(), String::new())]);
    // It is no contact: the next message leaves as if there had been none.
    assert_eq!(desk.log().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_acknowledged_and_its_end_is_told() {
    let (desk, path, invoice) = reminded().await;
    let body = "reason=quality&amount=625%2C00&words=Zwei+sind+kaputt";
    let made = desk.post_page(&format!("{path}/invoices/{invoice}/dispute"), body).await.is(303).location.unwrap();
    let id = made.split_once("made=").unwrap().1.to_owned();
    desk.advance("PT10S").await;
    let opened = desk.notices();
    let [opened] = opened.as_slice() else { panic!("{opened:?}") };
    // Contested as Saturday begins: within five business days.
    for part in ["625,00\u{a0}€", "Rechnung F-1", "bis zum 13. Februar 2026", "Der Rest der Rechnung ist weiterhin zu zahlen."]
    {
        assert!(text(opened).contains(part), "no '{part}' in {}", text(opened));
    }
    assert!(!text(opened).contains("kaputt"), "the customer's words stay where they were written");
    let uphold = format!("/v1/agreements/{id}/uphold");
    desk.admin("POST", &uphold, &json!({"amount_minor": 10_000})).await.is(200);
    desk.advance("PT10S").await;
    assert_eq!(desk.notices().len(), 2);
    let decided = desk.notices()[1].clone();
    for part in ["Sie haben teilweise recht", "100,00\u{a0}€", "1.150,00\u{a0}€"] {
        assert!(text(&decided).contains(part), "no '{part}' in {}", text(&decided));
    }
    // The same act again changes nothing, and tells nothing.
    desk.admin("POST", &uphold, &json!({"amount_minor": 10_000})).await.is(200);
    desk.advance("PT1M").await;
    assert_eq!(desk.notices().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_notice_who_is_not_to_be_written_to() {
    for (what, why) in [("shadow", "shadow mode"), ("pause", "kill switch"), ("bounce", "bounced")] {
        let (desk, path, invoice) = reminded().await;
        match what {
            "shadow" => desk.set(json!({"mode": "shadow"})).await,
            "pause" => {
                desk.admin("POST", "/v1/pause", &Value::Null).await.is(200);
            }
            _ => {
                let mail = desk.sent()[0].clone();
                let bounce = json!({"bounce": {"bounceType": "Permanent", "bounceSubType": "General",
                    "bouncedRecipients": [{"emailAddress": mail.to, "action": "failed", "status": "5.1.1"}]}});
                desk.ses_event(&mail, "Email Bounced", "Bounce", &bounce).await;
            }
        }
        desk.to(SUNDAY_NIGHT).await;
        promised(&desk, &path, &invoice).await;
        desk.advance("PT1M").await;
        assert_eq!(desk.notices().len(), 0, "{what}");
        let listed = listed(&desk).await;
        let [(kind, status, said)] = listed.as_slice() else { panic!("{what}: {listed:?}") };
        assert_eq!((kind.as_str(), status.as_str()), ("promise_made", "blocked"), "{what}");
        assert!(said.contains(why), "{what}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_comes_back_stops_the_address_as_any_mail_does() {
    let (desk, path, invoice) = reminded().await;
    desk.to(SUNDAY_NIGHT).await;
    promised(&desk, &path, &invoice).await;
    desk.advance("PT10S").await;
    let notice = desk.notices()[0].clone();
    let bounce = json!({"bounce": {"bounceType": "Permanent", "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": notice.to, "action": "failed", "status": "5.1.1"}]}});
    desk.ses_event(&notice, "Email Bounced", "Bounce", &bounce).await;
    let listed = listed(&desk).await;
    assert_eq!(listed, [("promise_made".to_owned(), "bounced".to_owned(), String::new())]);
    let stopped = desk.admin("GET", "/v1/suppressions", &Value::Null).await.is(200).body;
    assert_eq!(stopped["data"][0]["reason"], "bounce", "{stopped}");
    // Once the promise is broken nobody is written to there.
    desk.end_of("2026-02-28").await;
    assert!(desk.log()[1..].iter().all(|line| !line.contains(" email ")), "{:?}", desk.log());
}
