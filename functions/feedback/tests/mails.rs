//! Mails that come in: whose they are, what is kept of them, and what is not heard of as an answer.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use domain::{Channel, CustomerId, MessageId, TaskKind};
use kit::Env;
use serde_json::{Value, json};
use store::{AddressId, AnswerMark, AnsweredMail, CustomerFile, LinkTo, Task};
use testbed::{
    TABLE,
    aws::{Aws, event},
};

/// Whom the reminder was for.
const MAIN: &str = "ap@acme.example";
const DOMAIN: &str = "answers.dunlin.example";
const LETTER: &[u8] = include_bytes!("../../../tests/fixtures/files/letter.docx");
const MACROS: &[u8] = include_bytes!("../../../tests/fixtures/files/macros.docm");

/// A customer to whom a reminder was mailed, and what its answers are led back by.
struct Answered {
    aws: Aws,
    feedback: feedback::Handler,
    customer: CustomerId,
    message: MessageId,
    /// The mark of the mail.
    mark: String,
    /// The code of the portal link in it.
    code: String,
}

/// A record of the queue.
fn record(at: usize, body: &str) -> Value {
    json!({
        "messageId": at.to_string(), "receiptHandle": "r", "body": body, "attributes": { "ApproximateReceiveCount": "1" },
        "messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:1:stack-FeedbackQueue-1"
    })
}

/// A mail with what SES says of it, as the test changes it.
struct Coming {
    id: &'static str,
    to: String,
    mail: Vec<u8>,
    notice: Value,
}

impl Coming {
    fn to(id: &'static str, to: &str, mail: impl Into<Vec<u8>>) -> Self {
        Self { id, to: to.to_owned(), mail: mail.into(), notice: json!({}) }
    }

    fn with(self, notice: Value) -> Self {
        Self { notice, ..self }
    }
}

impl Answered {
    async fn start() -> Self {
        let aws = Aws::start().await;
        aws.vault.ensure_key(&aws.tenant).await.unwrap();
        let (customer, message) = aws.queued("INV-1").await;
        aws.message_left(&customer, &message).await;
        let to = LinkTo { channel: Channel::Email, address: MAIN, contact: "p1", person: None };
        let (code, link) = aws.vault.link_for(&aws.tenant, &customer, to, None, aws.now()).await.unwrap();
        assert!(aws.store.keep_link(&aws.tenant, &customer, None, &link).await.unwrap());
        let mark = AnswerMark { mail: AnsweredMail::Message(message.clone()), link: link.id };
        let mark = aws.vault.answer_mark(&aws.tenant, &mark).await.unwrap();
        let pairs = [("TABLE_NAME", TABLE), ("BUCKET_NAME", "bodies"), ("INBOUND_DOMAIN", DOMAIN)];
        let env = Env::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let feedback = feedback::Handler::new(&env, &aws.clients, aws.clock.clone()).unwrap();
        Self { aws, feedback, customer, message, mark, code: code.as_str().to_owned() }
    }

    fn reply_address(&self) -> String {
        format!("r+{}@{DOMAIN}", self.mark)
    }

    /// Hands records over as one batch; none of them may come again.
    async fn deliver(&self, bodies: &[String]) {
        let records: Vec<Value> = bodies.iter().enumerate().map(|(at, body)| record(at, body)).collect();
        let answer = self.feedback.handle(event(json!({ "Records": records }))).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]));
    }

    /// SES puts a mail into the bucket, and says so.
    async fn hear(&self, coming: &Coming) {
        let key = format!("inbound/{}", coming.id);
        self.aws.world.objects.lock().unwrap().insert(format!("/bodies/{key}"), coming.mail.clone());
        self.say(coming, &key).await;
    }

    async fn say(&self, coming: &Coming, key: &str) {
        let pass = json!({ "status": "PASS" });
        let mut notice = json!({
            "notificationType": "Received",
            "mail": { "timestamp": "2026-01-05T09:00:00.000Z", "source": MAIN, "messageId": coming.id, "destination": [coming.to],
                      "commonHeaders": { "from": ["Anna <ap@acme.example>"], "subject": "s" } },
            "receipt": {
                "timestamp": "2026-01-05T09:00:00.000Z", "recipients": [coming.to], "spamVerdict": pass, "virusVerdict": pass,
                "spfVerdict": pass, "dkimVerdict": pass, "dmarcVerdict": pass, "dmarcPolicy": "none",
                "action": { "type": "S3", "topicArn": "t", "bucketName": "bodies", "objectKeyPrefix": "inbound/", "objectKey": key }
            }
        });
        for (pointer, value) in coming.notice.as_object().into_iter().flatten() {
            *notice.pointer_mut(pointer).unwrap() = value.clone();
        }
        self.deliver(&[notice.to_string()]).await;
    }

    /// The open tasks of a kind.
    async fn tasks(&self, kind: TaskKind) -> Vec<Task> {
        let mut tasks = self.aws.tasks().await;
        tasks.retain(|task| task.task.kind == kind);
        tasks
    }

    async fn replied(&self) -> bool {
        self.aws.store.head(&self.aws.tenant, &self.customer).await.unwrap().unwrap().replied_at.is_some()
    }

    async fn files(&self) -> Vec<CustomerFile> {
        self.aws.store.customer_files(&self.aws.tenant, &self.customer).await.unwrap()
    }

    async fn is_stopped(&self, address: &str) -> bool {
        self.aws.store.stopped(&self.aws.tenant, &AddressId::of(Channel::Email, address)).await.unwrap().is_some()
    }

    /// One mail is of the customer.
    async fn is_heard_as_the_customers(&self, coming: Coming, what: &str) {
        self.hear(&coming).await;
        let tasks = self.tasks(TaskKind::CustomerAsked).await;
        assert_eq!(tasks.len(), 1, "{what}: {:?}", self.aws.tasks().await);
        assert_eq!(tasks[0].customer.as_ref(), Some(&self.customer), "{what}");
        assert!(tasks[0].task.case.is_some(), "{what}: the case is known");
        assert!(self.replied().await, "{what}");
    }

    /// One mail is nobody's who is known.
    async fn is_unmatched(&self, coming: Coming, what: &str) {
        self.hear(&coming).await;
        let tasks = self.tasks(TaskKind::AnswerUnmatched).await;
        assert_eq!(tasks.len(), 1, "{what}: {:?}", self.aws.tasks().await);
        assert_eq!(tasks[0].customer, None, "{what}");
        assert!(tasks[0].task.detail.contains(&format!("inbound/{}", coming.id)), "{what}: {}", tasks[0].task.detail);
        assert!(!self.replied().await, "{what}");
    }
}

fn plain(from: &str, fields: &str, text: &str) -> String {
    format!("Return-Path: <{from}>\r\nFrom: {from}\r\nSubject: Re: your invoices\r\n{fields}\r\n{text}\r\n")
}

fn at_tenant() -> String {
    format!("acme@{DOMAIN}")
}

#[tokio::test]
async fn the_address_that_an_answer_goes_to_says_whose_it_is_whoever_sends_it() {
    let world = Answered::start().await;
    let mail = plain("somebody@else.example", "", "We pay on Friday.");
    // Servers on the way change the case of letters, and bring a mail twice.
    let shouted = world.reply_address().to_uppercase();
    world.is_heard_as_the_customers(Coming::to("m1", &shouted, mail.clone()), "by its address").await;
    world.hear(&Coming::to("m1", &shouted, mail)).await;
    let tasks = world.tasks(TaskKind::CustomerAsked).await;
    assert_eq!(tasks.len(), 1, "the same mail again is the same answer");
    assert!(tasks[0].task.detail.contains(world.message.as_str()), "{}", tasks[0].task.detail);
    assert!(!tasks[0].task.detail.contains("else.example") && !tasks[0].task.title.contains("else.example"), "no address");
}

#[tokio::test]
async fn what_an_answer_names_says_whose_it_is_where_its_address_does_not() {
    let stranger = "somebody@else.example";
    let world = Answered::start().await;
    let named = format!("References: <case_1@{DOMAIN}> <{}@{DOMAIN}>\r\n", world.mark);
    world.is_heard_as_the_customers(Coming::to("m1", &at_tenant(), plain(stranger, &named, "x")), "by References").await;

    let world = Answered::start().await;
    let quoted = format!("See below.\r\n> Pay at https://pay.example/p/{}", world.code);
    world.is_heard_as_the_customers(Coming::to("m1", &at_tenant(), plain(stranger, "", &quoted)), "by a link in it").await;

    let world = Answered::start().await;
    let tags = json!({
        "dunlin_tenant": ["acme"], "dunlin_customer": [world.customer.as_str()], "dunlin_message": [world.message.as_str()],
        "dunlin_number": ["1"]
    });
    let mail = json!({ "timestamp": "2026-01-05T08:00:00.000Z", "messageId": "ses-1", "destination": [MAIN], "tags": tags });
    let sent = json!({
        "version": "0", "id": "i", "detail-type": "Email Sent", "source": "aws.ses", "account": "1", "time": "2026-01-05T08:00:00Z",
        "detail": { "eventType": "Send", "mail": mail, "send": {} }
    });
    world.deliver(&[sent.to_string()]).await;
    let named = "In-Reply-To: <ses-1@eu-central-1.amazonses.com>\r\n";
    world.is_heard_as_the_customers(Coming::to("m1", &at_tenant(), plain(stranger, named, "x")), "by the id of SES").await;

    let world = Answered::start().await;
    world.aws.follow().await;
    world.is_heard_as_the_customers(Coming::to("m1", &at_tenant(), plain(MAIN, "", "x")), "by its sender").await;

    let world = Answered::start().await;
    world.aws.follow().await;
    let of_the_company = "accounts@acme.example";
    world
        .is_heard_as_the_customers(
            Coming::to("m1", &at_tenant(), plain(of_the_company, "", "About INV-1: paid.")),
            "by its number",
        )
        .await;
}

#[tokio::test]
async fn nothing_is_guessed() {
    let made_up = json!({ "/receipt/recipients": [format!("r+m1.l2.s3@{DOMAIN}"), at_tenant()] });
    for (notice, mail, what) in [
        (json!({}), plain("somebody@else.example", "", "About INV-1: paid."), "a number, by a stranger"),
        (json!({}), plain("accounts@acme.example", "", "Hello."), "somebody of the company without a number"),
        (json!({}), plain("acme@gmail.com", "", "About INV-1: paid."), "anybody's mailbox"),
        (json!({ "/mail/commonHeaders/from": [] }), "Subject: no sender\r\n\r\nAbout INV-1".to_owned(), "no sender"),
        (json!({}), plain("somebody@else.example", "", "https://pay.example/p/0000000000000000000000"), "a link of nobody"),
        (json!({ "/mail/commonHeaders/from": [] }), String::new(), "an empty mail"),
        (made_up, plain("somebody@else.example", "", "x"), "a mark that was made up"),
    ] {
        let world = Answered::start().await;
        world.aws.follow().await;
        world.is_unmatched(Coming::to("m1", &at_tenant(), mail).with(notice), what).await;
    }
}

#[tokio::test]
async fn a_mark_of_ours_with_another_signature_is_none() {
    let world = Answered::start().await;
    let forged = format!("{}0000000000000000", world.mark.get(..world.mark.len() - 16).unwrap());
    let to = format!("r+{forged}@{DOMAIN}");
    world.hear(&Coming::to("m1", &to, plain("somebody@else.example", "", "x"))).await;
    assert!(world.aws.tasks().await.is_empty(), "no tenant's address is named: it is nobody's");
    world.hear(&Coming::to("m2", &format!("stranger@{DOMAIN}"), plain(MAIN, "", "x"))).await;
    assert!(world.aws.tasks().await.is_empty() && !world.replied().await);
}

#[tokio::test]
async fn what_machines_write_is_no_answer() {
    for (fields, from) in [
        ("Auto-Submitted: auto-replied\r\n", MAIN),
        ("X-Autoreply: yes\r\n", MAIN),
        ("Precedence: bulk\r\n", MAIN),
        ("List-Id: <x.acme.example>\r\n", MAIN),
        ("", "mailer-daemon@acme.example"),
        ("", "noreply@acme.example"),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n", MAIN),
    ] {
        let world = Answered::start().await;
        world.hear(&Coming::to("m1", &world.reply_address(), plain(from, fields, "I am away."))).await;
        assert!(world.aws.tasks().await.is_empty() && !world.replied().await, "{fields}{from}");
    }
    let world = Answered::start().await;
    let coming = Coming::to("m1", &world.reply_address(), plain(MAIN, "", "x"));
    world.hear(&coming.with(json!({ "/mail/source": "<>" }))).await;
    assert!(world.aws.tasks().await.is_empty() && !world.replied().await, "nobody is on the envelope");
}

/// A report of a mail server about a mail to an address.
fn report(to: &str, action: &str, status: &str) -> String {
    format!(
        "From: mailer-daemon@mx.acme.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNo.\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n--b--\r\n"
    )
}

#[tokio::test]
async fn a_report_of_a_mail_server_is_a_bounce_of_that_address_and_of_no_other() {
    for (to, action, status, is_stopped) in [
        (MAIN, "failed", "5.1.1", true),
        ("AP@Acme.example", "failed", "5.1.1", true),
        (MAIN, "failed", "4.4.7", false),
        (MAIN, "delayed", "4.4.1", false),
        ("other@acme.example", "failed", "5.1.1", false),
    ] {
        let world = Answered::start().await;
        world.hear(&Coming::to("m1", &world.reply_address(), report(to, action, status))).await;
        assert_eq!(world.is_stopped(MAIN).await, is_stopped, "{to} {action} {status}");
        assert!(!world.is_stopped("other@acme.example").await);
        assert!(world.aws.tasks().await.is_empty() && !world.replied().await);
    }
    let world = Answered::start().await;
    world.aws.follow().await;
    world.hear(&Coming::to("m1", &at_tenant(), report(MAIN, "failed", "5.1.1"))).await;
    assert!(!world.is_stopped(MAIN).await, "a report without a mark of ours is somebody's word");
}

/// A mail with files.
fn with_files(files: &[(&str, &[u8])]) -> Vec<u8> {
    with_files_from(MAIN, "See the files.", files)
}

fn with_files_from(from: &str, words: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut mail =
        format!("From: {from}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{words}\r\n").into_bytes();
    for (name, content) in files {
        mail.extend(
            format!("--b\r\nContent-Type: image/png; name=\"{name}\"\r\nContent-Disposition: attachment\r\n\r\n").into_bytes(),
        );
        mail.extend_from_slice(content);
        mail.extend_from_slice(b"\r\n");
    }
    mail.extend_from_slice(b"--b--\r\n");
    mail
}

#[tokio::test]
async fn files_are_kept_by_what_is_in_them_and_refused_ones_are_named() {
    let world = Answered::start().await;
    let too_large = [b"%PDF-1.7\n".as_slice(), &vec![b'x'; 10 * 1024 * 1024]].concat();
    let files =
        [("a.exe", LETTER), ("invoice.pdf\u{7}", MACROS), ("b.png", b"MZ\x90\0".as_slice()), ("big.pdf", too_large.as_slice())];
    let coming = Coming::to("m1", &world.reply_address(), with_files(&files));
    world.hear(&coming).await;
    world.hear(&coming).await;
    let kept = world.files().await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!((kept[0].name.as_str(), kept[0].bytes), ("file-1.docx", LETTER.len() as u64));
    assert!(kept[0].about.starts_with("rpl_") && kept[0].by.starts_with("lnk_"), "{kept:?}");
    let at = format!("/bodies/attached/acme/{}/{}", world.customer, kept[0].id);
    assert_eq!(world.aws.world.objects.lock().unwrap().get(&at).map(Vec::as_slice), Some(LETTER));
    let detail = world.tasks(TaskKind::CustomerAsked).await.remove(0).task.detail;
    for said in ["'invoice.pdf' holds macros", "'b.png' is of no kind", "'big.pdf' is too large", "kept: 1"] {
        assert!(detail.contains(said), "{said}: {detail}");
    }
}

#[tokio::test]
async fn more_files_than_five_are_not_kept_and_files_of_nobody_are_not() {
    let world = Answered::start().await;
    let many: Vec<(&str, &[u8])> = vec![("a.docx", LETTER); 7];
    world.hear(&Coming::to("m1", &world.reply_address(), with_files(&many))).await;
    assert_eq!(world.files().await.len(), 5);
    let world = Answered::start().await;
    let mail =
        String::from_utf8_lossy(&with_files(&[("a.pdf", b"%PDF-1.7\n".as_slice())])).replace(MAIN, "somebody@else.example");
    world.is_unmatched(Coming::to("m1", &at_tenant(), mail), "files of a stranger").await;
    let kept = world.aws.world.objects.lock().unwrap().keys().filter(|key| key.contains("/attached/")).count();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn senders_for_whom_there_is_no_link_have_one_days_files_together() {
    let world = Answered::start().await;
    world.aws.follow().await;
    let many: Vec<(&str, &[u8])> = vec![("a.docx", LETTER); 5];
    for (at, id) in ["m1", "m2", "m3", "m4", "m5"].into_iter().enumerate() {
        let mail = with_files_from(&format!("clerk{at}@acme.example"), "About INV-1: see the files.", &many);
        world.hear(&Coming::to(id, &at_tenant(), mail)).await;
    }
    assert_eq!(world.files().await.len(), 20);
}

#[tokio::test]
async fn nobody_is_shown_what_is_suspect() {
    for (verdict, words) in [("virusVerdict", "something harmful"), ("spamVerdict", "unsolicited")] {
        let world = Answered::start().await;
        let coming = Coming::to("m1", &world.reply_address(), with_files(&[("a.docx", LETTER)]));
        world.hear(&coming.with(json!({ format!("/receipt/{verdict}/status"): "FAIL" }))).await;
        let tasks = world.tasks(TaskKind::AnswerUnmatched).await;
        assert_eq!(tasks.len(), 1, "{verdict}");
        assert!(tasks[0].task.detail.contains(words), "{}", tasks[0].task.detail);
        assert!(world.files().await.is_empty() && !world.replied().await, "{verdict}");
    }
    // Unsolicited mails that are nobody's come to one task a day.
    let world = Answered::start().await;
    for id in ["m1", "m2"] {
        let coming = Coming::to(id, &at_tenant(), plain("somebody@else.example", "", "Buy now"));
        world.hear(&coming.with(json!({ "/receipt/spamVerdict/status": "FAIL" }))).await;
    }
    assert_eq!(world.tasks(TaskKind::AnswerUnmatched).await.len(), 1);
}

#[tokio::test]
async fn a_mail_in_somebody_elses_name_does_nothing_that_it_says() {
    let forged = json!({ "/receipt/dmarcVerdict/status": "FAIL", "/receipt/dmarcPolicy": "reject" });
    let world = Answered::start().await;
    world.aws.follow().await;
    let asks = plain(MAIN, "", "Please unsubscribe me.");
    // By its sender, and by an address for answers that somebody else has of a mail of their own.
    for (id, to) in [("m1", at_tenant()), ("m2", world.reply_address())] {
        world.hear(&Coming::to(id, &to, asks.clone()).with(forged.clone())).await;
    }
    assert!(!world.is_stopped(MAIN).await && !world.replied().await);
    let tasks = world.tasks(TaskKind::AnswerUnmatched).await;
    assert_eq!(tasks.len(), 2, "{tasks:?}");
    assert!(tasks.iter().all(|task| task.task.detail.contains("may not be from where it says")), "{tasks:?}");
    // Mail servers rarely prove where a report is from: its mark says that.
    world.hear(&Coming::to("m3", &world.reply_address(), report(MAIN, "failed", "5.1.1")).with(forged)).await;
    assert!(world.is_stopped(MAIN).await);
    assert_eq!(world.tasks(TaskKind::AnswerUnmatched).await.len(), 2);
    // What is proven of one sender says nothing of another one.
    let other = "x@else.example";
    for (id, senders) in [("m4", format!("{MAIN}, {other}")), ("m5", format!("{other}\r\nFrom: {MAIN}"))] {
        let world = Answered::start().await;
        world.hear(&Coming::to(id, &world.reply_address(), plain(&senders, "", "Please unsubscribe me."))).await;
        assert!(!world.is_stopped(MAIN).await && !world.is_stopped(other).await, "{senders}");
        assert_eq!(world.tasks(TaskKind::AnswerUnmatched).await.len(), 1, "{senders}");
    }
    // A domain that asks for nothing is believed as before.
    let world = Answered::start().await;
    let unsure = json!({ "/receipt/dmarcVerdict/status": "FAIL" });
    world.hear(&Coming::to("m1", &world.reply_address(), asks).with(unsure)).await;
    assert!(world.is_stopped(MAIN).await);
}

#[tokio::test]
async fn a_mail_that_cannot_be_read_is_heard_as_one_that_was_not() {
    let world = Answered::start().await;
    // SES takes no larger ones; whoever raised its limit finds them here.
    let huge = vec![b'x'; 40 * 1024 * 1024 + 1];
    world.hear(&Coming::to("m1", &world.reply_address(), huge)).await;
    world.say(&Coming::to("m2", &world.reply_address(), ""), "inbound/never-put").await;
    let tasks = world.tasks(TaskKind::CustomerAsked).await;
    assert_eq!(tasks.len(), 2);
    assert!(tasks.iter().all(|task| task.task.detail.contains("Not all of it could be read")), "{tasks:?}");
}

#[tokio::test]
async fn word_of_a_mail_elsewhere_is_not_followed() {
    let world = Answered::start().await;
    let coming = Coming::to("m1", &world.reply_address(), plain(MAIN, "", "x"));
    world.aws.world.objects.lock().unwrap().insert("/bodies/attached/x".to_owned(), coming.mail.clone());
    world.say(&coming, "attached/x").await;
    let coming = coming.with(json!({ "/receipt/action/bucketName": "another" }));
    world.hear(&coming).await;
    assert!(world.aws.tasks().await.is_empty() && !world.replied().await);
}

#[tokio::test]
async fn a_deployment_that_takes_no_mails_in_says_so_and_goes_on() {
    let world = Answered::start().await;
    let closed = feedback::Handler::new(&world.aws.env, &world.aws.clients, world.aws.clock.clone()).unwrap();
    let body = json!({ "notificationType": "Received" }).to_string();
    let answer = closed.handle(event(json!({ "Records": [record(0, &body)] }))).await.unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
}

#[tokio::test]
async fn who_wants_no_more_mails_gets_none_at_either_address_and_no_machine_says_so() {
    let world = Answered::start().await;
    let stands = async |address: &str| {
        let stopped = world.aws.store.stopped(&world.aws.tenant, &AddressId::of(Channel::Email, address)).await.unwrap();
        stopped.map(|stopped| stopped.suppression.reason)
    };
    let alias = "alias@acme.example";
    let auto = plain(alias, "Auto-Submitted: auto-replied\r\n", "Please unsubscribe me.");
    world.hear(&Coming::to("m1", &world.reply_address(), auto)).await;
    assert_eq!((stands(alias).await, stands(MAIN).await), (None, None), "a machine wants nothing");
    // The answered mail went to another address of whoever answers.
    let asks = plain(alias, "", "Please unsubscribe me.");
    world.hear(&Coming::to("m2", &world.reply_address(), asks.clone())).await;
    world.hear(&Coming::to("m2", &world.reply_address(), asks)).await;
    let out = Some(domain::SuppressionReason::OptOut);
    assert_eq!((stands(alias).await, stands(MAIN).await), (out, out));
    let main = world.aws.store.stopped(&world.aws.tenant, &AddressId::of(Channel::Email, MAIN)).await.unwrap().unwrap();
    assert!(main.by.is_some_and(|by| by.starts_with("rpl_")), "what closed it is known of either");
    assert!(world.aws.tasks().await.is_empty() && world.replied().await, "{:?}", world.aws.tasks().await);
    let kept = world.aws.store.replies(&world.aws.tenant, Some(&world.customer), 10, None).await.unwrap().replies;
    assert_eq!(kept.iter().map(|reply| (reply.read.class.as_str(), reply.stopped)).collect::<Vec<_>>(), [("opt_out", true)]);
}

#[tokio::test]
async fn a_stranger_who_wants_no_more_gets_none_and_is_kept_for_a_person() {
    let world = Answered::start().await;
    let stranger = "x@stranger.example";
    world.hear(&Coming::to("m1", &at_tenant(), plain(stranger, "", "Unsubscribe me at once."))).await;
    let stopped = world.aws.store.stopped(&world.aws.tenant, &AddressId::of(Channel::Email, stranger)).await.unwrap();
    assert_eq!(stopped.map(|stopped| stopped.suppression.reason), Some(domain::SuppressionReason::OptOut));
    let kept = world.aws.store.replies(&world.aws.tenant, None, 10, None).await.unwrap().replies;
    assert_eq!((kept.len(), world.tasks(TaskKind::AnswerUnmatched).await.len()), (1, 1), "{kept:?}");
}

#[tokio::test]
async fn who_is_away_is_waited_for_and_nobody_takes_their_place() {
    let world = Answered::start().await;
    let away = "I am out of the office until 12 January 2026. Please contact bob@acme.example.";
    let mail = plain(MAIN, "Auto-Submitted: auto-replied\r\n", away);
    world.hear(&Coming::to("m1", &world.reply_address(), mail)).await;
    let kept = world.aws.store.replies(&world.aws.tenant, Some(&world.customer), 10, None).await.unwrap().replies;
    let [reply] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!((reply.read.class.as_str(), reply.read.deputy.as_deref()), ("out_of_office", Some("bob@acme.example")));
    assert!(reply.pause.is_some() && !world.replied().await, "{reply:?}");
    let tasks = world.tasks(TaskKind::CustomerAsked).await;
    assert!(tasks.len() == 1 && !tasks[0].task.detail.contains("bob@"), "{tasks:?}");
}
