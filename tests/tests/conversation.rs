//! What customers write on their page is answered there, what was decided and taken back is told, and what was settled is asked about once: over the
//! whole local stack.

use local::{Options, Sent};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{TENANT, TestTenant, at, berlin, portal_path},
};

use crate::paying::{form_by, happens, page, post, there, value};

/// A tenant that takes cards, and a customer with two invoices that are past due, who was reminded of them; the path of the customer's page.
async fn reminded() -> (TestTenant, String) {
    let options = Options { now: Some(at("2026-02-04T20:00:00Z")), seed: Some(1), ..Options::default() };
    let wish = json!({"tenant": TENANT, "settings": berlin(), "payments": [{"provider": "stripe"}]});
    let desk = TestTenant::of(options, serde_json::from_value(wish).unwrap()).await;
    for (number, total) in [("F-1", 125_000), ("F-2", 7_500)] {
        desk.put(&invoice(&customer("C-1"), number, total, "2026-02-04")).await;
    }
    desk.to("2026-02-05T16:30:00Z").await;
    let path = portal_path(&desk.sent()[0]);
    (desk, path)
}

fn text(sent: &Sent) -> &str {
    sent.text.as_deref().unwrap()
}

/// Writes by the link: the page that says that it came, and the note.
async fn wrote(desk: &TestTenant, path: &str, words: &str) -> (String, String) {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("for", "message"), ("invoice", ""), ("words", words)])
        .finish();
    let made = post(desk, &format!("{path}/write"), &body).await.is(303).location.unwrap();
    let note = made.split_once("made=").unwrap().1.to_owned();
    (made, note)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_answered_with_a_file_and_its_writer_is_told_at_night() {
    let (desk, path) = reminded().await;
    let (made, note) = wrote(&desk, &path, "Bitte schreiben Sie an c-1@buyer.example").await;
    assert_eq!(desk.tasks("customer_asked").await.len(), 1);
    // Sunday at 23:00 in Berlin.
    desk.to("2026-02-08T22:00:00Z").await;
    let before = desk.log();
    let upload = desk.admin("POST", "/v1/uploads", &json!({"content_type": "application/pdf"})).await.is(201).body;
    desk.post_form(&upload, &[], "%PDF-1.7\n").await.is(204);
    let answer = json!({"words": "Hier ist der Lieferschein.", "attachments": [{"upload": upload["upload"], "name": "Lieferschein 7.pdf"}]});
    let path_of = format!("/v1/notes/{note}/answer");
    let answered = desk.admin("POST", &path_of, &answer).await.is(200).body;
    assert_eq!(answered["answers"][0]["words"], "Hier ist der Lieferschein.", "{answered:#}");
    assert_eq!(answered["answers"][0]["attachments"][0]["bytes"], 9, "{answered:#}");
    desk.advance("PT10S").await;
    let notices = desk.notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert!(notice.at <= at("2026-02-08T22:00:10Z"), "{}", notice.at);
    assert_eq!(notice.to, desk.sent()[0].to);
    assert!(text(notice).contains(&format!("{path}/write")) && !text(notice).contains("Lieferschein"), "{}", text(notice));
    assert_eq!(desk.log(), before, "it is no contact");
    // The same again is told once.
    desk.admin("POST", &path_of, &answer).await.is(200);
    desk.advance("PT1M").await;
    assert_eq!((desk.notices().len(), desk.tasks("customer_asked").await.len()), (1, 0));
    let shown = page(&desk, &made).await;
    assert!(shown.contains("Hier ist der Lieferschein."), "{shown}");
    let file = shown.split("href=\"").map(|rest| rest.split('"').next().unwrap().replace("&#x2f;", "/"));
    let file = file.into_iter().find(|link| link.contains("/answers/")).unwrap();
    let link = desk.call("GET", &file, &[], b"").await.is(303).location.unwrap();
    let (content, kept, _) = desk.fetch(&link).await;
    assert_eq!((content.as_slice(), kept.as_str()), (b"%PDF-1.7\n".as_slice(), "attachment; filename=\"Lieferschein-7.pdf\""));
    // Whoever is named in it takes it along, with the file.
    let named = json!({"channel": "email", "address": "c-1@buyer.example"});
    let person = desk.admin("POST", "/v1/contacts/find", &named).await.is(200).body["id"].as_str().unwrap().to_owned();
    let all = desk.admin("POST", &format!("/v1/contacts/{person}/export"), &Value::Null).await.is(200).body;
    let notes = &all["places"][0]["written"]["notes"];
    assert_eq!(notes[0]["answers"][0]["files"][0]["name"], "Lieferschein 7.pdf", "{all:#}");
    desk.admin("POST", &format!("/v1/contacts/{person}/erase"), &json!({"reason": "asked for it by letter"})).await.is(200);
    desk.call("GET", &link, &[], b"").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_was_taken_back_is_told_and_so_is_the_next_one() {
    let (desk, path) = reminded().await;
    let form = page(&desk, &format!("{path}/promise")).await;
    let invoice = value(&form, "invoice");
    let body = "reason=price&amount=&words=";
    let made = post(&desk, &format!("{path}/invoices/{invoice}/dispute"), body).await.is(303).location.unwrap();
    let dispute = made.split_once("made=").unwrap().1.to_owned();
    let act = async |act: &str| {
        desk.admin("POST", &format!("/v1/agreements/{dispute}/{act}"), &json!({})).await.is(200);
        desk.advance("PT10S").await;
    };
    desk.advance("PT10S").await;
    act("reject").await;
    // What is past due now is asked for, and nobody is asked how easy that was.
    assert!(!page(&desk, &made).await.contains("Wie einfach war es"), "it is chased");
    act("undo").await;
    act("uphold").await;
    let subjects: Vec<String> = desk.notices().iter().map(|notice| notice.subject.clone().unwrap()).collect();
    let says = ["ist aufgenommen", "ist entschieden", "ist wieder offen", "ist entschieden"];
    assert_eq!(subjects.len(), says.len(), "{subjects:?}");
    for (subject, says) in subjects.iter().zip(says) {
        assert!(subject.contains(says), "{subjects:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_easy_it_was_is_asked_once_everything_past_due_is_paid() {
    let (desk, path) = reminded().await;
    let question = "Wie einfach war es";
    let mut paid = Vec::new();
    for (number, amount) in [("F-1", "1.250,00"), ("F-2", "75,00")] {
        let form = page(&desk, &format!("{path}/pay")).await;
        post(&desk, &format!("{path}/pay"), &form_by("stripe:card", &form, &[(number, amount)])).await.is(303);
        let all = there(&desk).await;
        let id = all.iter().map(|basket| basket["id"].as_str().unwrap()).find(|id| !paid.iter().any(|known| known == id));
        let id = id.unwrap().to_owned();
        let here = format!("{path}/paid/{id}");
        assert!(!page(&desk, &here).await.contains(question), "nothing came yet");
        happens(&desk, &id, "paid").await;
        let shown = page(&desk, &here).await;
        assert!(shown.contains("Ihre Zahlung ist eingegangen"), "{shown}");
        assert_eq!(shown.contains(question), number == "F-2", "{number}: {shown}");
        paid.push(id);
    }
    let rate = format!("{path}/rate/{}", paid[1]);
    post(&desk, &rate, "score=5&words=Ging+schnell").await.is(303);
    assert!(!page(&desk, &format!("{path}/paid/{}", paid[1])).await.contains(question));
    let customer = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
    let listed = desk.admin("GET", &format!("/v1/ratings?customer={customer}"), &Value::Null).await.is(200).body;
    let [rating] = listed["data"].as_array().unwrap().as_slice() else { panic!("{listed:#}") };
    assert_eq!((&rating["about"], &rating["score"], &rating["words"]), (&json!(paid[1]), &json!(5), &json!("Ging schnell")));
    assert!(rating["by"].as_str().unwrap().starts_with("lnk_"), "{rating}");
    desk.admin("GET", "/v1/ratings", &Value::Null).await.is(400);
    // It goes with the person by whose link it came.
    let named = json!({"channel": "email", "address": "c-1@buyer.example"});
    let person = desk.admin("POST", "/v1/contacts/find", &named).await.is(200).body["id"].as_str().unwrap().to_owned();
    let all = desk.admin("POST", &format!("/v1/contacts/{person}/export"), &Value::Null).await.is(200).body;
    assert_eq!(all["places"][0]["written"]["ratings"][0]["score"], 5, "{all:#}");
    desk.admin("POST", &format!("/v1/contacts/{person}/erase"), &json!({"reason": "asked for it by letter"})).await.is(200);
    let listed = desk.admin("GET", &format!("/v1/ratings?customer={customer}"), &Value::Null).await.is(200).body;
    assert_eq!(listed["data"], json!([]), "{listed:#}");
}
