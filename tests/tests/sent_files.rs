//! Photos and documents that customers send with a dispute, over the bucket of the local stack: who gets them, and what is refused.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{Reply, TENANT, TestTenant, portal_path},
};

use crate::paying::{page, value};

const START: &str = "2026-02-03T08:00:00Z";
const PHOTO: &[u8] = include_bytes!("../fixtures/files/photo.jpg");
const MACROS: &[u8] = include_bytes!("../fixtures/files/macros.docm");
const LETTER: &[u8] = include_bytes!("../fixtures/files/letter.docx");

/// Somebody who came by a mail's link, and contested half an invoice.
struct Sender {
    desk: TestTenant,
    /// The pages of the files of the dispute.
    files: String,
    dispute: String,
    customer: String,
}

/// A text of a page without what HTML writes for it.
fn plain(text: &str) -> String {
    [("&#x2f;", "/"), ("&#x27;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

impl Sender {
    async fn new() -> Self {
        let desk = TestTenant::with(START, json!({}), None).await;
        desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-02-02")).await;
        desk.end_of("2026-02-03").await;
        let path = portal_path(&desk.sent()[0]);
        let form = page(&desk, &format!("{path}/promise")).await;
        let address = format!("{path}/invoices/{}/dispute", value(&form, "invoice"));
        let body = b"reason=quality&amount=625%2C00&words=Zwei+sind+kaputt";
        let made = desk.post_page(&address, body).await.is(303).location.unwrap();
        let dispute = made.split_once("made=").unwrap().1.to_owned();
        let files = format!("{path}/files/{dispute}");
        let said = plain(&desk.call("GET", &made, &[], b"").await.is(200).text);
        assert!(said.contains(&format!("href=\"{files}\">Fotos oder Unterlagen hinzufügen")), "{said}");
        let customer = desk.matter("C-1").await["customer"]["id"].as_str().unwrap().to_owned();
        Self { desk, files, dispute, customer }
    }

    /// The form by which a browser puts a file into the bucket, as the page has it now.
    async fn form(&self) -> Value {
        // A form is named by when it was made.
        self.desk.advance("PT1S").await;
        let page = self.desk.call("GET", &self.files, &[], b"").await.is(200).text;
        let (_, form) = page.split_once("<form method=\"post\" action=\"").unwrap();
        assert!(
            form.contains("enctype=\"multipart/form-data\"") && form.contains("<input type=\"file\" id=\"file\" name=\"file\"")
        );
        let url = plain(form.split('"').next().unwrap());
        let mut fields = serde_json::Map::new();
        for field in form.split("<input type=\"hidden\" name=\"").skip(1) {
            let (name, rest) = field.split_once("\" value=\"").unwrap();
            fields.insert(name.to_owned(), json!(plain(rest.split('"').next().unwrap())));
        }
        json!({"url": url, "fields": fields})
    }

    /// Puts a file into the bucket; the page that the browser is sent on to.
    async fn put(&self, form: &Value, file: &[u8]) -> String {
        let location = self.desk.post_form(form, &[], file).await.is(303).location.unwrap();
        let (page, told) = location.split_once('?').unwrap();
        assert!(
            told.starts_with("bucket=") && told.contains("&key=incoming%2Facme%2Fcus_") && told.contains("&etag=%22"),
            "{told}"
        );
        self.desk.call("GET", &location, &[], b"").await.is(200).says("Ein Schritt fehlt noch");
        page.to_owned()
    }

    /// Sends a file, in both steps.
    async fn send(&self, file: &[u8]) -> Reply {
        let page = self.put(&self.form().await, file).await;
        self.desk.post_page(&page, b"").await
    }

    async fn attachments(&self) -> Vec<Value> {
        let dispute = self.desk.admin("GET", &format!("/v1/agreements/{}", self.dispute), &Value::Null).await.is(200).body;
        assert_eq!((&dispute["status"], &dispute["amount_minor"]), (&json!("open"), &json!(62_500)), "the dispute stands");
        dispute["attachments"].as_array().cloned().unwrap_or_default()
    }

    /// Where an attachment is, for a collector.
    fn address(&self, attachment: &Value) -> String {
        format!("/v1/customers/{}/files/{}", self.customer, attachment["id"].as_str().unwrap())
    }
}

/// What a page says.
trait Says {
    fn says(self, text: &str) -> Self;
}

impl Says for Reply {
    #[track_caller]
    fn says(self, text: &str) -> Self {
        assert!(self.text.contains(text), "no '{text}' in {}", self.text);
        self
    }
}

async fn as_role(desk: &TestTenant, role: &str, path: &str) -> Reply {
    let headers = [("authorization".to_owned(), format!("Bearer {}", desk.stack.token(TENANT, role).unwrap()))];
    desk.call("GET", path, &headers, b"").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_comes_with_a_dispute_and_a_collector_saves_it_byte_for_byte() {
    let sender = Sender::new().await;
    let desk = &sender.desk;
    let form = sender.form().await;
    let page = sender.put(&form, PHOTO).await;
    assert_eq!(sender.attachments().await, Vec::<Value>::new(), "nothing is attached before somebody says so");
    let back = desk.post_page(&page, b"").await.is(303).location.unwrap();
    desk.call("GET", &back, &[], b"").await.is(200).says("file-1.jpg, 1 KB, 4. Februar 2026");
    let attached = sender.attachments().await;
    assert_eq!(
        (attached.len(), &attached[0]["name"], &attached[0]["content_type"]),
        (1, &json!("file-1.jpg"), &json!("image/jpeg"))
    );
    assert_eq!((&attached[0]["bytes"], attached[0]["by"].as_str().unwrap().starts_with("lnk_")), (&json!(PHOTO.len()), true));
    let address = sender.address(&attached[0]);
    let link = as_role(desk, "collector", &address).await.is(303).location.unwrap();
    let (content, kept, kind) = desk.fetch(&link).await;
    assert_eq!(
        (content.as_slice(), kept.as_str(), kind.as_str()),
        (PHOTO, "attachment; filename=\"file-1.jpg\"", "application/octet-stream")
    );
    as_role(desk, "viewer", &address).await.is(403);
    as_role(desk, "collector", &format!("{address}x")).await.is(404);
    // The customer's words have it too.
    let notes = desk.admin("GET", &format!("/v1/notes?customer={}", sender.customer), &Value::Null).await.is(200).body;
    assert_eq!(notes["data"][0]["attachments"], json!(attached), "{notes:#}");
    let audit = desk.admin("GET", "/v1/audit", &Value::Null).await.is(200).body;
    let entry = audit["data"].as_array().unwrap().iter().find(|entry| entry["operation"] == "attach_by_link").unwrap().clone();
    assert_eq!(
        (&entry["role"], &entry["object"], &entry["by"]),
        (&json!("link"), &attached[0]["id"], &attached[0]["by"]),
        "{entry}"
    );
    // Attaching it again changes nothing, and neither does another content under the same form.
    desk.post_page(&page, b"").await.is(303);
    desk.post_form(&form, &[], LETTER).await.is(303);
    desk.post_page(&page, b"").await.is(303);
    assert_eq!(sender.attachments().await, attached);
    let link = as_role(desk, "collector", &address).await.is(303).location.unwrap();
    assert_eq!(desk.fetch(&link).await.0, PHOTO);
    sender.send(LETTER).await.is(303);
    let names: Vec<Value> = sender.attachments().await.iter().map(|file| file["name"].clone()).collect();
    assert_eq!(names, ["file-1.jpg", "file-2.docx"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_disguised_or_has_macros_is_refused_and_the_dispute_stands() {
    let sender = Sender::new().await;
    let desk = &sender.desk;
    // 30 MB: S3 itself refuses it, in its own words, and nothing has come.
    let form = sender.form().await;
    let refused = desk.post_form(&form, &[], vec![0xff_u8; 30 * 1024 * 1024]).await.is(400);
    assert!(refused.text.contains("<Code>EntityTooLarge</Code>"), "{}", refused.text);
    let page = form["fields"]["success_action_redirect"].as_str().unwrap().to_owned();
    desk.post_page(&page, b"").await.is(400).says("Es ist keine Datei angekommen");
    desk.post_form(&form, &[], "").await.is(400).says("<Code>EntityTooSmall</Code>");
    for (field, value) in [
        ("key", "incoming/acme/cus_other/fil_1"),
        ("key", "attached/acme/cus_other/fil_1"),
        ("Content-Type", "text/html"),
        ("success_action_redirect", "https://elsewhere.example"),
    ] {
        desk.post_form(&form, &[(field, value)], PHOTO).await.is(403).says("<Code>AccessDenied</Code>");
    }
    // A program that is called photo.jpg, and one with macros.
    for (file, says) in [
        (b"MZ\x90\0\x03\0\0\0".as_slice(), "Ihrem Inhalt nach ist die Datei keine von denen"),
        (MACROS, "Die Datei enthält Makros"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0".as_slice(), "ein Dokument eines alten Office"),
        (b"<html><script>alert(1)</script>".as_slice(), "Ihrem Inhalt nach"),
    ] {
        let page = sender.put(&sender.form().await, file).await;
        desk.post_page(&page, b"").await.is(400).says(says).says("Noch eine Datei senden");
        desk.post_page(&page, b"").await.is(400).says("Es ist keine Datei angekommen");
    }
    assert_eq!(sender.attachments().await, Vec::<Value>::new());
    // After a quarter of an hour the form is good for nothing; a good file is taken all the same.
    desk.advance("PT16M").await;
    desk.post_form(&form, &[], PHOTO).await.is(403);
    sender.send(PHOTO).await.is(303);
    assert_eq!(sender.attachments().await.len(), 1);
    // Once the dispute is decided nothing is added to it.
    desk.admin("POST", &format!("/v1/agreements/{}/reject", sender.dispute), &json!({})).await.is(200);
    let page = desk.call("GET", &sender.files, &[], b"").await.is(200).says("Diese Reklamation ist abgeschlossen");
    assert!(!page.text.contains("<form"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_takes_along_what_they_sent() {
    let sender = Sender::new().await;
    let desk = &sender.desk;
    sender.send(PHOTO).await.is(303);
    let attached = sender.attachments().await.remove(0);
    let link = desk.admin("GET", &sender.address(&attached), &Value::Null).await.is(303).location.unwrap();
    desk.call("GET", &link, &[], b"").await.is(200);
    let named = json!({"channel": "email", "address": "c-1@buyer.example"});
    let person = desk.admin("POST", "/v1/contacts/find", &named).await.is(200).body["id"].as_str().unwrap().to_owned();
    let all = desk.admin("POST", &format!("/v1/contacts/{person}/export"), &Value::Null).await.is(200).body;
    let files = &all["places"][0]["written"]["files"];
    assert_eq!((&files[0]["name"], &files[0]["about"]), (&json!("file-1.jpg"), &json!(sender.dispute)), "{all:#}");
    let reason = json!({"reason": "asked for it by letter"});
    let erased = desk.admin("POST", &format!("/v1/contacts/{person}/erase"), &reason).await.is(200).body;
    assert_eq!(erased["places"][0]["words"], 1, "{erased:#}");
    desk.call("GET", &link, &[], b"").await.is(404);
    desk.admin("GET", &sender.address(&attached), &Value::Null).await.is(404);
    assert_eq!(sender.attachments().await, Vec::<Value>::new());
}
