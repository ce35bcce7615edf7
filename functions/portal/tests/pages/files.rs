//! A customer sends photos and documents with a dispute or a message.

use domain::TaskKind;
use jiff::SignedDuration;
use service::customer_files::{attached_key, incoming_key};

use crate::visitor::{Portal, acme};

const PHOTO: &[u8] = include_bytes!("../../../../tests/fixtures/files/photo.jpg");
const MACROS: &[u8] = include_bytes!("../../../../tests/fixtures/files/macros.docm");

/// What a page's form names: the page that a browser is sent on to.
fn step(html: &str) -> String {
    let field = html.split("name=\"success_action_redirect\" value=\"").nth(1).unwrap();
    let address = field.split('"').next().unwrap().replace("&#x2f;", "/");
    address.strip_prefix("https://pay.example").unwrap().to_owned()
}

/// A browser puts a file into the bucket, by the form of a page.
fn put(portal: &Portal, customer: &domain::CustomerId, step: &str, file: &[u8]) -> domain::FileId {
    let id = domain::FileId::parse(step.rsplit('/').next().unwrap()).unwrap();
    let key = format!("/bodies/{}", incoming_key(&acme(), customer, &id));
    portal.world.aws.objects.lock().unwrap().insert(key, file.to_vec());
    id
}

fn objects(portal: &Portal) -> Vec<String> {
    portal.world.aws.objects.lock().unwrap().keys().cloned().collect()
}

fn later(portal: &Portal, by: SignedDuration) {
    *portal.world.now.lock().unwrap() += by;
}

#[tokio::test]
async fn a_file_is_attached_when_somebody_says_so_and_by_a_form_that_names_its_place() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let sent = [("for", "message"), ("invoice", ""), ("words", "Siehe Foto")];
    let made = portal.post(&format!("/p/{code}/write"), &sent).await.leads();
    let note = made.split_once("made=").unwrap().1;
    let files = format!("/p/{code}/files/{note}");
    portal.get(&made).await.is(200).says(&format!("href=\"{}\">Fotos oder Unterlagen", files.replace('/', "&#x2f;")));
    let before = portal.world.everything().await;
    let page = portal.get(&files).await.is(200);
    let policy = page.headers["content-security-policy"].as_str().unwrap();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:"), "{policy}");
    let page = page.says("enctype=\"multipart/form-data\"").says("name=\"Content-Type\" value=\"application&#x2f;octet-stream\"");
    let page = page.says("höchstens 10 MB").says("<input type=\"file\" id=\"file\" name=\"file\"");
    let first = step(&page.html);
    assert!(first.starts_with(&format!("{files}/fil_")), "{first}");
    let file = put(&portal, &id, &first, PHOTO);
    for method in ["GET", "HEAD"] {
        portal.call(method, &format!("{first}?bucket=b&key=k&etag=e"), "").await.is(200).says("Ein Schritt fehlt noch");
    }
    assert_eq!(portal.world.everything().await, before, "nothing is changed by looking");
    assert_eq!(objects(&portal), [format!("/bodies/{}", incoming_key(&acme(), &id, &file))]);

    assert_eq!(portal.post(&first, &[]).await.leads(), files);
    assert_eq!(objects(&portal), [format!("/bodies/{}", attached_key(&acme(), &id, &file))]);
    portal.get(&files).await.is(200).says("file-1.jpg, 1 KB, 10. Februar 2026");
    let asked = portal.send("GET", &first, &[], "").await;
    assert_eq!(asked.leads(), files, "what is attached is not asked about");
    assert_eq!(portal.post(&first, &[]).await.leads(), files, "a form that is posted twice");
    let known = portal.world.store.customer_files(&acme(), &id).await.unwrap();
    assert_eq!((known.len(), known[0].about.as_str(), known[0].content_type.as_str()), (1, note, "image/jpeg"));
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    let entry = audit.iter().find(|entry| entry.operation == "attach_by_link").unwrap();
    assert_eq!((entry.role.as_str(), entry.by.as_str()), ("link", known[0].by.as_str()));
    // Somebody looks at it, also where the message was answered before the file came; a second one in the same hour is no more work.
    later(&portal, SignedDuration::from_mins(5));
    let second = step(&portal.get(&files).await.is(200).html);
    put(&portal, &id, &second, b"%PDF-1.7");
    portal.post(&second, &[]).await.is(303);
    let tasks = portal.world.store.tasks(&acme(), 50, None).await.unwrap().tasks;
    let titles: Vec<_> = tasks.iter().map(|task| (task.task.kind, task.task.title.as_str())).collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(titles.contains(&(TaskKind::CustomerAsked, "The customer sent files")), "{titles:?}");
    portal
        .get(&format!("/p/{code}/write"))
        .await
        .is(200)
        .says("Was Sie über diesen Link geschrieben haben")
        .says("Dateien: 2")
        .says("Siehe Foto");
}

#[tokio::test]
async fn what_is_refused_is_said_and_deleted() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |customer| customer.language = Some("en".to_owned())).await;
    let code = portal.code(&acme(), &id).await;
    let address = format!("/p/{code}/invoices/{}/dispute", Portal::invoice("C-1", "1001"));
    let made = portal.post(&address, &[("reason", "quality"), ("amount", ""), ("words", "")]).await.leads();
    let dispute = made.split_once("made=").unwrap().1;
    let files = format!("/p/{code}/files/{dispute}");
    let before = portal.world.everything().await;
    for (file, says) in [
        (b"MZ\x90\0".as_slice(), "none of those that we take"),
        (MACROS, "holds macros"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), "an old Office"),
        (b"PK\x03\x04".as_slice(), "none of those that we take"),
    ] {
        let step = step(&portal.get(&files).await.is(200).html);
        put(&portal, &id, &step, file);
        portal.post(&step, &[]).await.is(400).says(says);
        assert_eq!(objects(&portal), Vec::<String>::new(), "{says}");
        portal.post(&step, &[]).await.is(400).says("No file has come");
    }
    assert_eq!(portal.world.everything().await, before, "nothing is written, and the dispute stands");
}

#[tokio::test]
async fn files_are_of_this_links_messages_and_this_customers_disputes_and_few() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let other = portal.world.customer("acme", "C-2", |_| {}).await;
    let (code, theirs) = (portal.code(&acme(), &id).await, portal.code(&acme(), &other).await);
    let by_text = portal.world.code(&acme(), &id, domain::Channel::Sms, "+493012345678").await;
    let sent = [("for", "message"), ("invoice", ""), ("words", "Siehe Foto")];
    let made = portal.post(&format!("/p/{code}/write"), &sent).await.leads();
    let note = made.split_once("made=").unwrap().1;
    let files = format!("/p/{code}/files/{note}");
    let first = step(&portal.get(&files).await.is(200).html);
    let file = first.rsplit('/').next().unwrap();
    for nobodys in [
        format!("/p/{theirs}/files/{note}"),
        format!("/p/{by_text}/files/{note}"),
        format!("/p/{by_text}/files/{note}/{file}"),
        format!("/p/{code}/files/not_none"),
        format!("/p/{code}/files/agr_none"),
        format!("/p/{code}/files/{note}/fil_1770717600000xxxxxxxxxxxxxxxxxxxx"),
        format!("/p/{code}/files/{note}/elsewhere"),
        format!("/p/{code}/files/"),
        format!("/p/{code}/files/..%2f{note}"),
    ] {
        portal.get(&nobodys).await.is(404);
        portal.post(&nobodys, &[]).await.is(404);
    }
    portal.post(&files, &[]).await.is(405);
    // Another site's page attaches nothing.
    let elsewhere = [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "cross-site")];
    portal.send("POST", &first, &elsewhere, "").await.is(403);
    for _ in 0..domain::customer_file::FILES_MAX {
        later(&portal, SignedDuration::from_secs(1));
        let next = step(&portal.get(&files).await.is(200).html);
        put(&portal, &id, &next, PHOTO);
        portal.post(&next, &[]).await.is(303);
    }
    portal.get(&files).await.is(200).says("Mehr Dateien passen hier nicht (5).").hides("<form").says("file-5.jpg");
    // What was sent before the last place was taken is refused in words, and left to the bucket's rule.
    put(&portal, &id, &first, PHOTO);
    portal.post(&first, &[]).await.is(400).says("Mehr Dateien passen hier nicht");
    // A form of yesterday, and a message of yesterday.
    later(&portal, SignedDuration::from_hours(25));
    portal.get(&first).await.is(404);
    portal.get(&files).await.is(200).says("Das war an einem anderen Tag.").hides("<form");
}

#[tokio::test]
async fn a_file_whose_content_was_lost_on_the_way_is_put_there_when_it_is_attached_again() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let sent = [("for", "message"), ("invoice", ""), ("words", "Siehe Foto")];
    let made = portal.post(&format!("/p/{code}/write"), &sent).await.leads();
    let step = step(&portal.get(&format!("/p/{code}/files/{}", made.split_once("made=").unwrap().1)).await.is(200).html);
    let file = put(&portal, &id, &step, PHOTO);
    portal.post(&step, &[]).await.is(303);
    // As if the function had died after it wrote the item.
    portal.world.aws.objects.lock().unwrap().clear();
    put(&portal, &id, &step, PHOTO);
    portal.post(&step, &[]).await.is(303);
    assert_eq!(objects(&portal), [format!("/bodies/{}", attached_key(&acme(), &id, &file))]);
    // Another content under the same form takes nothing's place.
    put(&portal, &id, &step, b"%PDF-1.7");
    portal.post(&step, &[]).await.is(303);
    let key = format!("/bodies/{}", attached_key(&acme(), &id, &file));
    let stored = portal.world.aws.objects.lock().unwrap().get(&key).cloned().unwrap();
    assert!(stored.windows(PHOTO.len()).any(|part| part == PHOTO), "the photo is there");
    assert_eq!(portal.world.store.customer_files(&acme(), &id).await.unwrap().len(), 1);
}
