//! The built-in ladder, from the webhook to the mailbox.

use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice, payment},
    test_tenant::{TestTenant, local_time, step},
};

/// A workflow in which each due item sets its own pace.
fn own_pace() -> Value {
    let send = |id: &str, offset: &str| {
        json!({"id": id, "at": {"anchor": "due_date", "offset": offset},
               "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}}})
    };
    json!({
        "id": "own-pace", "name": "Own pace", "scope": "invoice",
        "steps": [
            send("reminder", "P1D"), send("nudge", "P8D"),
            {"id": "review", "at": {"anchor": "due_date", "offset": "P20D"}, "action": {"task": {"title": "Call"}}},
        ],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_climbs_the_built_in_ladder_in_its_readers_language() {
    for (language, subject, amount) in [
        ("de", "Erinnerung: Rechnung F-1 war am 4. Februar 2026 fällig", "1.250,00"),
        ("en", "Reminder: invoice F-1 was due on", "€1,250.00"),
        ("fr", "Rappel\u{a0}: facture F-1 à régler depuis le 4 février 2026", "1\u{202f}250,00"),
        ("es", "Recordatorio: factura F-1, con vencimiento el 4 de febrero de 2026", "1250,00"),
        ("it", "Promemoria: fattura F-1, scadenza 4 febbraio 2026", "1250,00"),
        ("ja", "お支払いのご確認：請求書 F-1（支払期日 2026年2月4日）", "1,250.00"),
    ] {
        let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
        let mut buyer = customer("C-1");
        buyer["language"] = json!(language);
        desk.put(&invoice(&buyer, "F-1", 125_000, "2026-02-04")).await;
        desk.end_of("2026-04-30").await;
        assert_eq!(
            desk.log(),
            [
                "2026-01-30 email heads-up",
                "2026-02-05 email reminder",
                "2026-02-12 email nudge",
                "2026-02-23 email formal-notice",
                "2026-03-06 email final-notice",
            ],
            "{language}"
        );
        let sent = desk.sent();
        assert!(sent[1].subject.as_deref().unwrap().starts_with(subject), "{:?}", sent[1].subject);
        for mail in &sent {
            assert_eq!(mail.to, "c-1@buyer.example");
            let (text, html) = (mail.text.as_deref().unwrap(), mail.html.as_deref().unwrap());
            assert!([text, html].iter().all(|body| body.contains(amount) && body.contains("F-1")), "{text}");
        }
        assert_eq!(desk.tasks("task").await.len(), 1, "the plan ends with a person");
        let kinds: Vec<Value> = desk.exceptions().await.iter().map(|task| task["kind"].clone()).collect();
        assert_eq!(kinds, ["plan_ended"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shadow_sends_nothing_and_going_live_starts_from_the_truth() {
    let desk = TestTenant::with("2026-01-20T08:00:00Z", json!({"mode": "shadow"}), None).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.end_of("2026-02-14").await;
    assert_eq!(desk.log(), Vec::<String>::new());
    let matter = desk.matter("C-1").await;
    let shadowed = matter["records"].as_array().unwrap().iter().filter(|record| record["status"] == "shadow").count();
    assert_eq!(shadowed, 3, "heads-up, reminder and nudge were decided and rendered");
    desk.set(json!({"mode": "live"})).await;
    desk.end_of("2026-03-31").await;
    // The heads-up has lapsed; nobody was written to, so the ladder begins with the reminder; steps keep their distances,
    // or at least the gap where their own moment is yet to come, and the last one comes after the day that the one before asks to be
    // paid by, and what a transfer takes.
    assert_eq!(
        desk.log(),
        [
            "2026-02-16 email reminder",
            "2026-02-23 email nudge",
            "2026-03-05 email formal-notice",
            "2026-03-17 email final-notice"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_says_only_what_is_true_of_each_invoice_in_it() {
    let desk = TestTenant::with("2026-01-20T08:00:00Z", json!({"payment_details": "Example Bank\nIBAN: DE00 1234"}), None).await;
    let mut buyer = customer("C-1");
    buyer["language"] = json!("en");
    let mut first = invoice(&buyer, "F-1", 125_000, "2026-02-04");
    first["invoice"]["purchase_order"] = json!("PO-77");
    desk.put(&first).await;
    // Due while the first is reminded of for the last times: it comes along with the notices of the first.
    desk.put(&invoice(&buyer, "F-2", 50_000, "2026-02-20")).await;
    desk.put(&invoice(&buyer, "F-3", 70_000, "2026-03-04")).await;
    desk.end_of("2026-04-30").await;
    let sent = desk.sent();
    let of = |wanted: &str| -> Vec<(&str, &str)> {
        let texts = sent.iter().filter(|mail| step(mail) == wanted);
        texts.map(|mail| (mail.subject.as_deref().unwrap(), mail.text.as_deref().unwrap())).collect()
    };
    let (_, notice) = of("formal-notice")[0];
    assert!(notice.contains("F-1") && notice.contains("F-2"), "{notice}");
    assert!(!notice.contains("Despite"), "F-2 was not reminded of before: {notice}");
    assert!(notice.contains("PO PO-77") && notice.contains("IBAN: DE00 1234"), "{notice}");
    let (subject, last) = of("final-notice")[0];
    assert!(subject.ends_with(": invoice F-1"), "{subject}");
    let said = "This is our last automatic reminder about invoice F-1.";
    assert!(last.contains(said) && last.contains("F-2") && last.contains("€2,450.00"), "{last}");
    // Whatever comes after a last message is not about what that was the last of.
    for (at, mail) in sent.iter().enumerate().filter(|(_, mail)| step(mail) == "final-notice") {
        let subject = mail.subject.as_deref().unwrap();
        let number = ["F-1", "F-2", "F-3"].into_iter().find(|number| subject.ends_with(number)).unwrap();
        let later = sent[at + 1..].iter().filter_map(|mail| mail.text.as_deref());
        assert!(later.clone().all(|text| !text.contains(number)), "{number} again: {:?}", later.collect::<Vec<_>>());
    }
    let despite = of("formal-notice").iter().filter(|(_, text)| text.contains("Despite our reminder")).count();
    assert!(despite > 0, "whoever was reminded is told so: {:?}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_overdue_invoices_are_one_message_and_every_ladder_moves() {
    let desk = TestTenant::at("2026-02-10T05:00:00Z").await;
    for n in 0..30 {
        desk.put(&invoice(&customer("C-1"), &format!("F-{n}"), 10_000, "2026-02-06")).await;
    }
    desk.end_of("2026-02-10").await;
    assert_eq!(desk.log(), ["2026-02-10 email reminder"]);
    let first = desk.sent().remove(0);
    let text = first.text.unwrap();
    assert!(text.contains("3.000,00") && (0..30).all(|n| text.contains(&format!("F-{n}"))), "{text}");
    let rungs = desk.rungs("C-1").await;
    assert_eq!(rungs.len(), 30);
    assert!(rungs.iter().all(|(_, rung)| rung.as_deref() == Some("reminder")), "{rungs:?}");
    desk.end_of("2026-02-17").await;
    assert_eq!(desk.log(), ["2026-02-10 email reminder", "2026-02-16 email nudge"]);
    assert!(desk.rungs("C-1").await.iter().all(|(_, rung)| rung.as_deref() == Some("nudge")));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_overdue_invoices_are_one_bounded_message() {
    let desk = TestTenant::at("2026-02-10T05:00:00Z").await;
    for n in 0..2_000 {
        desk.put(&invoice(&customer("C-1"), &format!("F-{n:04}"), 10_000, "2026-02-06")).await;
    }
    desk.end_of("2026-02-10").await;
    assert_eq!(desk.log(), ["2026-02-10 email reminder"]);
    let first = desk.sent().remove(0);
    let (text, html) = (first.text.unwrap(), first.html.unwrap());
    assert!(text.contains("200.000,00") && text.contains("2000") || text.contains("2.000"), "{text}");
    for body in [&text, &html] {
        let listed = (0..2_000).filter(|n| body.contains(&format!("F-{n:04}"))).count();
        assert_eq!(listed, 50);
        assert!(body.contains("1950") || body.contains("1.950"), "the rest is counted");
    }
    assert!(html.len() < 100_000, "{} bytes", html.len());
    desk.end_of("2026-02-17").await;
    assert_eq!(desk.log(), ["2026-02-10 email reminder", "2026-02-16 email nudge"]);
    let matter = desk.matter("C-1").await;
    assert_eq!(matter["due_items_count"], 2_000);
    let items = matter["due_items"].as_array().unwrap();
    assert!(!items.is_empty() && items.iter().all(|item| item["rung"] == "nudge"));
    assert!(desk.exceptions().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn five_days_without_sweeps_lose_no_step_and_double_none() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.end_of("2026-02-03").await;
    // One tick a minute, for five days over the reminder's.
    desk.fault("sweep", local::Mode::Skip, 5 * 24 * 60);
    desk.end_of("2026-02-08").await;
    assert_eq!(desk.log(), ["2026-01-30 email heads-up"]);
    desk.end_of("2026-03-31").await;
    let log = desk.log();
    let steps: Vec<&str> = log.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(steps, ["heads-up", "reminder", "nudge", "formal-notice", "final-notice"]);
    assert_eq!(log[1], "2026-02-09 email reminder", "the first moment after the outage");
    for pair in desk.sent().windows(2) {
        assert!((local_time(&pair[1], "Europe/Berlin").date() - local_time(&pair[0], "Europe/Berlin").date()).get_days() >= 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_goes_on_at_the_rung_that_it_had() {
    let desk =
        TestTenant::with("2026-01-20T08:00:00Z", json!({"after_refund": domain::settings::AfterRefund::Chase}), None).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.end_of("2026-02-06").await;
    assert_eq!(desk.log().len(), 2);
    desk.put(&payment("C-1", "P-1", 1, "received", "F-1", 125_000)).await;
    desk.end_of("2026-02-15").await;
    assert_eq!(desk.log().len(), 2, "paid: nothing more");
    assert_eq!(desk.matter("C-1").await["cases"][0]["state"], "closed");
    desk.put(&payment("C-1", "P-1", 2, "reversed", "F-1", 125_000)).await;
    desk.end_of("2026-02-28").await;
    let log = desk.log();
    assert_eq!(log[2].rsplit(' ').next(), Some("nudge"), "{log:?}");
    assert_eq!(log.iter().filter(|line| line.ends_with("reminder")).count(), 1, "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn void_written_off_and_credited_end_the_matter() {
    for change in [json!({"status": "void"}), json!({"status": "written_off"}), json!({"credited_minor": 125_000})] {
        let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
        let document = invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04");
        desk.put(&document).await;
        desk.end_of("2026-02-06").await;
        desk.put(&changed(&document, 2, &change)).await;
        desk.end_of("2026-03-31").await;
        assert_eq!(desk.log().len(), 2, "{change}");
        let matter = desk.matter("C-1").await;
        assert_eq!((&matter["cases"][0]["state"], &matter["due_items_count"]), (&json!("closed"), &json!(0)), "{change}");
        assert!(desk.tasks("task").await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_invoice_joins_at_its_own_rung() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.end_of("2026-02-06").await;
    desk.put(&invoice(&customer("C-1"), "F-2", 5_000, "2026-02-09")).await;
    desk.end_of("2026-02-13").await;
    // One message: the nudge of the first, and the second's reminder with it.
    assert_eq!(desk.log().last().unwrap(), "2026-02-12 email nudge");
    assert_eq!(desk.log().len(), 3);
    let last = desk.sent().pop().unwrap().text.unwrap();
    assert!(last.contains("F-1") && last.contains("F-2") && last.contains("1.300,00"), "{last}");
    let rungs = desk.rungs("C-1").await;
    assert_eq!(rungs, [("F-1".to_owned(), Some("nudge".to_owned())), ("F-2".to_owned(), Some("reminder".to_owned()))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_invoice_scope_each_item_sets_its_own_pace() {
    let desk = TestTenant::with("2026-01-20T08:00:00Z", json!({}), Some(vec![own_pace()])).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    desk.put(&invoice(&customer("C-1"), "F-2", 5_000, "2026-02-10")).await;
    desk.end_of("2026-02-20").await;
    assert_eq!(
        desk.log(),
        ["2026-02-05 email reminder", "2026-02-11 email reminder", "2026-02-16 email nudge", "2026-02-19 email nudge"]
    );
    let covers: Vec<[bool; 2]> =
        desk.sent().iter().map(|mail| ["F-1", "F-2"].map(|number| mail.text.as_deref().unwrap().contains(number))).collect();
    assert_eq!(covers, [[true, false], [false, true], [true, false], [false, true]], "each for itself");
    assert!(desk.sent().iter().all(|mail| step(mail) != "?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_currencies_are_two_messages_on_one_day() {
    let desk = TestTenant::at("2026-01-20T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-04")).await;
    let dollars = changed(&invoice(&customer("C-1"), "F-2", 7_000, "2026-02-04"), 1, &json!({"currency": "USD"}));
    desk.put(&dollars).await;
    desk.end_of("2026-02-06").await;
    assert_eq!(
        desk.log(),
        ["2026-01-30 email heads-up", "2026-01-30 email heads-up", "2026-02-05 email reminder", "2026-02-05 email reminder"]
    );
    let texts: Vec<String> = desk.sent().into_iter().map(|mail| mail.text.unwrap()).collect();
    for pair in texts.chunks(2) {
        assert!(pair.iter().filter(|text| text.contains("1.250,00") && !text.contains("F-2")).count() == 1, "{pair:?}");
        assert!(pair.iter().filter(|text| text.contains("70,00") && !text.contains("F-1")).count() == 1, "{pair:?}");
    }
}
