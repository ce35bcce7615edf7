//! Files that go along with what people write, over HTTP: who may send one, and what is looked at before a message has it.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod common;

use common::Api;
use domain::attachment::{ATTACHED_BYTES_MAX, sha256_of};
use serde_json::{Value, json};

/// Files in the bucket, and messages that are only looked at.
struct Desk {
    api: Api,
    customer: String,
}

impl Desk {
    async fn new() -> Self {
        let api = Api::new().await;
        let customer = api.world.customer("acme", "C-1", |_| {}).await.to_string();
        Self { api, customer }
    }

    /// A place for a PDF; nothing is there.
    async fn asked(&self) -> String {
        let (status, form) = self.api.call("collector", "POST", "/v1/uploads", json!({"content_type": "application/pdf"})).await;
        assert_eq!((status, &form["bytes_max"]), (201, &json!(ATTACHED_BYTES_MAX)), "{form}");
        form["upload"].as_str().unwrap().to_owned()
    }

    /// A file that was sent.
    async fn sent(&self, content: &[u8]) -> String {
        let upload = self.asked().await;
        self.api.world.aws.objects.lock().unwrap().insert(format!("/bodies/uploads/acme/{upload}"), content.to_vec());
        upload
    }

    /// What a message with these files would be, or what is wrong with it.
    async fn looked_at(&self, channel: &str, files: &[(&str, &str)]) -> (u64, Value) {
        let files: Vec<Value> = files.iter().map(|(upload, name)| json!({"upload": upload, "name": name})).collect();
        let mut body = json!({"customer": self.customer, "channel": channel, "body": "Wie besprochen.", "attachments": files, "dry_run": true});
        if channel == "email" {
            body["subject"] = json!("Ihr Auszug");
        }
        self.api.call("collector", "POST", "/v1/messages", body).await
    }
}

#[tokio::test]
async fn what_a_message_takes_along_is_shown_and_what_it_does_not_is_named() {
    let desk = Desk::new().await;
    let pdf = desk.sent(b"%PDF-1.7").await;
    let png = desk.sent(b"\x89PNG\r\n\x1a\n").await;
    let (pdf, png) = (pdf.as_str(), png.as_str());
    let (status, seen) = desk.looked_at("email", &[(pdf, "Auszug März.pdf"), (png, "bild.PNG")]).await;
    assert_eq!(status, 200, "{seen}");
    let expected = json!([
        {"name": "Auszug März.pdf", "content_type": "application/pdf", "bytes": 8, "sha256": sha256_of(b"%PDF-1.7")},
        {"name": "bild.PNG", "content_type": "image/png", "bytes": 8, "sha256": sha256_of(b"\x89PNG\r\n\x1a\n")},
    ]);
    assert_eq!(seen["attachments"], expected);

    let nothing = desk.asked().await;
    let page = desk.sent(b"<html>").await;
    let most = usize::try_from(ATTACHED_BYTES_MAX).unwrap();
    let large = desk.sent(&[b"%PDF-".to_vec(), vec![b'a'; most - 5]].concat()).await;
    let (nothing, page, large) = (nothing.as_str(), page.as_str(), large.as_str());
    let flaws = async |channel: &str, files: &[(&str, &str)]| {
        let (status, said) = desk.looked_at(channel, files).await;
        assert_eq!(status, 400, "{said}");
        let errors = said["errors"].as_array().unwrap().iter();
        errors.map(|error| error["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(flaws("email", &[(pdf, "a.pdf"), (nothing, "b.pdf")]).await, ["/attachments/1/upload"]);
    assert_eq!(flaws("email", &[(page, "a.pdf"), (pdf, "a.exe")]).await, ["/attachments/0/upload", "/attachments/1/name"]);
    assert_eq!(flaws("email", &[("uploads/other/x", "a.pdf")]).await, ["/attachments/0/upload"]);
    assert_eq!(flaws("email", &[(pdf, "a.pdf"); 4]).await, ["/attachments"]);
    assert_eq!(flaws("sms", &[(pdf, "a.pdf")]).await, ["/attachments"]);
    // One alone may have all that there is room for; beside it there is none.
    assert_eq!(desk.looked_at("email", &[(large, "a.pdf")]).await.0, 200);
    assert_eq!(flaws("email", &[(large, "a.pdf"), (pdf, "b.pdf")]).await, ["/attachments/1/upload"]);
    // A file is good for three days: the bucket forgets it after seven, and a message may wait.
    *desk.api.world.now.lock().unwrap() += jiff::SignedDuration::from_hours(73);
    assert_eq!(flaws("email", &[(pdf, "a.pdf")]).await, ["/attachments/0/upload"]);
}

#[tokio::test]
async fn what_jobs_read_is_sent_by_a_manager() {
    let desk = Desk::new().await;
    for (role, content_type, expected) in [
        ("collector", "text/csv", 403),
        ("manager", "text/csv", 201),
        ("collector", "image/jpeg", 201),
        ("viewer", "image/jpeg", 403),
        ("manager", "text/html", 400),
    ] {
        let (status, said) = desk.api.call(role, "POST", "/v1/uploads", json!({"content_type": content_type})).await;
        assert_eq!(status, expected, "{role} {content_type}: {said}");
    }
}
