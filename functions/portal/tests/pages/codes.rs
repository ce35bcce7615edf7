//! A code shows that whoever has a link reads the mail of its address: asked for, entered, guessed, kept in a cookie.

use domain::{Channel, CustomerId, LinkId, PortalCode, ServiceMailKind};
use jiff::ToSpan;
use store::LinkCode;

use crate::visitor::{Portal, acme};

/// The id of the link of a code.
fn id_of(code: &str) -> LinkId {
    LinkCode::parse(code).unwrap().id()
}

impl Portal {
    /// The six digits that were sent last for a link.
    pub(crate) async fn digits(&self, customer: &CustomerId, code: &str) -> String {
        let request = self.world.store.code_request(&acme(), customer, &id_of(code)).await.unwrap().unwrap();
        self.world.vault.code_for(&acme(), &request.id).await.unwrap().as_str().to_owned()
    }

    /// Has a code sent and enters it; the cookie that a browser sends from then on.
    pub(crate) async fn confirm(&self, customer: &CustomerId, code: &str) -> String {
        self.post(&format!("/p/{code}/code"), &[("to", "contacts")]).await.is(303);
        let digits = self.digits(customer, code).await;
        let reply = self.post(&format!("/p/{code}/code/enter"), &[("to", "contacts"), ("code", &digits)]).await.is(303);
        reply.cookies.first().unwrap().split(';').next().unwrap().to_owned()
    }

    /// Time passes.
    pub(crate) fn wait(&self, seconds: i64) {
        let mut now = self.world.now.lock().unwrap();
        *now = now.checked_add(seconds.seconds()).unwrap();
    }

    /// What was asked for by mail.
    pub(crate) async fn asked(&self, customer: &CustomerId, kind: ServiceMailKind) -> usize {
        let page = self.world.store.service_mails(&acme(), customer, 100, None, self.world.now()).await.unwrap();
        page.mails.iter().filter(|known| known.mail.kind == kind).count()
    }
}

/// Another code of six digits.
fn other_than(digits: &str) -> String {
    let number: u64 = digits.parse().unwrap();
    PortalCode::of(number + 1).as_str().to_owned()
}

#[tokio::test]
async fn a_code_opens_what_a_link_alone_does_not() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let contacts = format!("/p/{code}/contacts");
    // The link alone says where a code would go, and nothing of anybody.
    let gate = portal.get(&contacts).await.is(200).says("wird ein Code an a…@acme.example gesendet");
    let gate = gate.says("Bestätigen Sie, dass Sie es sind");
    gate.says(&format!("action=\"&#x2f;p&#x2f;{code}&#x2f;code\"")).hides("ap@acme.example").hides("+49");
    assert_eq!(portal.asked(&id, ServiceMailKind::Code).await, 0, "a GET has nothing sent");
    let enter = portal.post(&format!("/p/{code}/code"), &[("to", "contacts")]).await.leads();
    assert_eq!(enter, format!("/p/{code}/code/enter?to=contacts"));
    let page = portal.get(&enter).await.is(200).says("Um 11:00 wurde ein Code angefordert. Wenn an a…@acme.example");
    page.says("inputmode=\"numeric\"").says("autocomplete=\"one-time-code\"").says("name=\"to\" value=\"contacts\"");
    assert_eq!(portal.asked(&id, ServiceMailKind::Code).await, 1);
    // The form posted twice has one code sent.
    portal.post(&format!("/p/{code}/code"), &[("to", "contacts")]).await.is(303);
    assert_eq!(portal.asked(&id, ServiceMailKind::Code).await, 1);
    let digits = portal.digits(&id, &code).await;
    let everything = portal.world.everything().await;
    assert!(everything.iter().all(|item| !item.contains(&format!("\"{digits}\""))), "no item has the digits");
    // As people type it.
    let typed = format!(" {} {}", &digits[..3], &digits[3..]);
    let reply = portal.post(&enter, &[("to", "contacts"), ("code", &typed)]).await.is(303);
    assert_eq!(reply.headers["location"], contacts);
    let cookie = reply.cookies.first().unwrap().clone();
    let path = format!("; Path=/p/{code}; Max-Age=1800; HttpOnly; Secure; SameSite=Lax");
    assert!(cookie.starts_with("confirmed=") && cookie.ends_with(&path), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    portal.get_with(&[&cookie], &contacts).await.is(200).says("ap@acme.example");
    portal.get(&contacts).await.is(200).hides("ap@acme.example");
    // A code is good once.
    let again = portal.post(&enter, &[("to", "contacts"), ("code", &digits)]).await.is(400);
    assert!(again.cookies.is_empty());
    again.says("wurde schon eingegeben").hides("one-time-code");
    // The audit says that it was asked for and entered, by the link.
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    let mut said: Vec<&str> = audit.iter().map(|entry| entry.operation.as_str()).collect();
    said.sort_unstable();
    assert_eq!(said, ["ask_code_by_link", "enter_code_by_link"]);
    assert!(audit.iter().all(|entry| entry.role == "link" && entry.by == id_of(&code).as_str()), "{audit:?}");
}

#[tokio::test]
async fn guesses_are_counted_and_a_code_has_its_time() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let (ask, enter) = (format!("/p/{code}/code"), format!("/p/{code}/code/enter"));
    let to = ("to", "contacts");
    portal.post(&enter, &[to, ("code", "123456")]).await.is(400).says("Es wurde kein Code angefordert.");
    portal.post(&ask, &[to]).await.is(303);
    let digits = portal.digits(&id, &code).await;
    let wrong = other_than(&digits);
    // What cannot be a code is no try.
    for typed in ["", "12345", "abcdef", "1234567"] {
        portal.post(&enter, &[to, ("code", typed)]).await.is(400).says("Geben Sie die sechs Ziffern").hides("Versuche");
    }
    for said in ["Es bleiben 4 Versuche", "Es bleiben 3 Versuche", "Es bleiben 2 Versuche", "Es bleibt ein Versuch"] {
        portal.post(&enter, &[to, ("code", &wrong)]).await.is(400).says(said);
    }
    // The last try is one, however many come at once, and a right one after it is none.
    let (guess, sent) = ([to, ("code", wrong.as_str())], [to, ("code", digits.as_str())]);
    let (one, two) = tokio::join!(portal.post(&enter, &guess), portal.post(&enter, &guess));
    one.is(400).says("fünfmal versucht");
    two.is(400).says("fünfmal versucht");
    let late = portal.post(&enter, &sent).await.is(400).says("fünfmal versucht");
    assert!(late.cookies.is_empty());
    let request = portal.world.store.code_request(&acme(), &id, &id_of(&code)).await.unwrap().unwrap();
    assert_eq!(request.tries, 5);
    // Another code, and ten minutes to the second.
    portal.post(&ask, &[to]).await.is(303);
    let next = portal.digits(&id, &code).await;
    assert_eq!(portal.asked(&id, ServiceMailKind::Code).await, 2, "one that is used up is followed by another at once");
    portal.wait(600);
    let over = portal.post(&enter, &[to, ("code", &next)]).await.is(400).says("galt zehn Minuten");
    assert!(over.cookies.is_empty());
    portal.get(&format!("{enter}?to=contacts")).await.is(200).says("galt zehn Minuten").hides("one-time-code");
    // A third one; an earlier one is void beside it.
    portal.post(&ask, &[to]).await.is(303);
    portal.post(&enter, &[to, ("code", &next)]).await.is(400).says("Es bleiben 4 Versuche");
    let last = portal.digits(&id, &code).await;
    portal.wait(599);
    portal.post(&enter, &[to, ("code", &last)]).await.is(303);
}

#[tokio::test]
async fn two_right_entries_at_once_are_one() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    portal.post(&format!("/p/{code}/code"), &[("to", "contacts")]).await.is(303);
    let digits = portal.digits(&id, &code).await;
    let (enter, sent) = (format!("/p/{code}/code/enter"), [("to", "contacts"), ("code", digits.as_str())]);
    let (one, two) = tokio::join!(portal.post(&enter, &sent), portal.post(&enter, &sent));
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [303, 400], "a code is good once");
    assert_eq!(one.cookies.len() + two.cookies.len(), 1);
}

#[tokio::test]
async fn codes_are_asked_for_three_times_an_hour_at_an_address_and_twenty_times_a_day_at_a_customer() {
    let portal = Portal::new().await;
    let names: Vec<String> = (0..8).map(|at| format!("a{at}@acme.example")).collect();
    let id = portal
        .world
        .customer("acme", "C-1", |customer| {
            let like = customer.contacts[0].clone();
            customer.contacts = names
                .iter()
                .enumerate()
                .map(|(at, email)| domain::Contact {
                    external_id: format!("p{at}"),
                    email: Some(email.clone()),
                    phone: None,
                    ..like.clone()
                })
                .collect();
        })
        .await;
    let mut sent = 0;
    for email in &names {
        let code = portal.world.code(&acme(), &id, Channel::Email, email).await;
        for _ in 0..3 {
            let reply = portal.post(&format!("/p/{code}/code"), &[("to", "contacts")]).await;
            if reply.status == 303 {
                sent += 1;
            } else {
                reply.is(429).says("so oft angefordert, wie es geht");
            }
            portal.wait(61);
        }
        // The fourth within the hour.
        portal.post(&format!("/p/{code}/code"), &[("to", "contacts")]).await.is(429).says("Ein neuer kann ab");
    }
    assert_eq!((sent, portal.asked(&id, ServiceMailKind::Code).await), (20, 20), "of eight addresses with three each");
    // An hour after the first of the first address there is room at the address, and a day after it at the customer.
    let first = portal.world.code(&acme(), &id, Channel::Email, &names[0]).await;
    portal.wait(3_600);
    portal.post(&format!("/p/{first}/code"), &[("to", "contacts")]).await.is(429);
    portal.wait(24 * 3_600);
    portal.post(&format!("/p/{first}/code"), &[("to", "contacts")]).await.is(303);
    // Another customer that has the address counts with it, and another address does not.
    let other = portal.world.customer("acme", "C-2", |customer| customer.contacts[0].email = Some(names[0].clone())).await;
    let code = portal.world.code(&acme(), &other, Channel::Email, &names[0]).await;
    for status in [303, 303, 429] {
        portal.wait(61);
        portal.post(&format!("/p/{code}/code"), &[("to", "contacts")]).await.is(status);
    }
}

#[tokio::test]
async fn a_cookie_is_good_with_its_own_link_for_half_an_hour_and_as_it_was_signed() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let other = portal.world.customer("acme", "C-2", |_| {}).await;
    let (code, theirs) = (portal.code(&acme(), &id).await, portal.code(&acme(), &other).await);
    let cookie = portal.confirm(&id, &code).await;
    let contacts = format!("/p/{code}/contacts");
    let is_open = async |cookies: &[&str], address: &str| {
        let page = portal.get_with(cookies, address).await.is(200);
        page.html.contains("ap@acme.example")
    };
    assert!(is_open(&[&cookie], &contacts).await);
    assert!(is_open(&["confirmed=planted", &cookie], &contacts).await, "one that was planted does not hide it");
    // Another customer of the same person has a link of its own.
    assert!(!is_open(&[&cookie], &format!("/p/{theirs}/contacts")).await);
    let (until, signature) = cookie.strip_prefix("confirmed=").unwrap().split_once('.').unwrap();
    let later = until.parse::<i64>().unwrap() + 3_600;
    let changed = if signature.starts_with('A') { 'B' } else { 'A' };
    for (name, tampered) in [
        ("a later end", format!("confirmed={later}.{signature}")),
        ("another signature", format!("confirmed={until}.{changed}{}", &signature[1..])),
        ("none", format!("confirmed={until}.")),
        ("no end", format!("confirmed=.{signature}")),
        ("a part", format!("confirmed={until}.{}", &signature[..20])),
        ("no form", "confirmed=yes".to_owned()),
        ("nothing", "confirmed=".to_owned()),
        ("another name", cookie.replacen("confirmed", "session", 1)),
        ("much", format!("confirmed={until}.{}", "A".repeat(10_000))),
    ] {
        assert!(!is_open(&[&tampered], &contacts).await, "{name}");
    }
    // A form is not taken without it either.
    let before = portal.world.everything().await;
    portal.post(&contacts, &[("name", "Eve"), ("email", "eve@elsewhere.example"), ("words", "")]).await.is(403);
    portal.post_with(&["confirmed=yes"], &contacts, &[("left", &service::link_contacts::contact_key("p1"))]).await.is(403);
    assert_eq!(portal.world.everything().await, before);
    // Nor from another site's page, with it.
    let mut event = testbed::api::request(
        "POST",
        &contacts,
        None,
        &[("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "cross-site")],
        "left=p1",
    );
    event.payload["cookies"] = serde_json::json!([cookie]);
    assert_eq!(portal.handler.handle(event).await.unwrap()["statusCode"], 403);
    // Half an hour, to the second.
    portal.wait(1_799);
    assert!(is_open(&[&cookie], &contacts).await);
    portal.wait(1);
    assert!(!is_open(&[&cookie], &contacts).await);
    // One that is made void opens nothing, whatever was entered.
    let cookie = portal.confirm(&id, &code).await;
    let known = portal.world.store.link(&id_of(&code)).await.unwrap().unwrap();
    assert!(portal.world.store.revoke_link(&acme(), &id, &known.link, portal.world.now()).await.unwrap());
    portal.get_with(&[&cookie], &contacts).await.is(410).hides("acme");
}

#[tokio::test]
async fn a_link_of_a_phone_number_says_that_a_code_needs_a_mail() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    portal.set(|settings| (settings.plans.max_parts, settings.plans.max_days) = (6, 200)).await;
    let code = portal.world.code(&acme(), &id, Channel::Sms, "+493012345678").await;
    let text = "dieser Link ging an …678";
    for page in ["contacts", "preferences", "plan"] {
        portal.get(&format!("/p/{code}/{page}")).await.is(200).says(text).hides("Code senden").hides("ap@acme.example");
    }
    let before = portal.world.everything().await;
    portal.post(&format!("/p/{code}/code"), &[("to", "contacts")]).await.is(200).says(text);
    assert_eq!(portal.world.everything().await, before);
}

#[tokio::test]
async fn whoever_asks_is_told_the_same_whether_the_address_can_be_written_to_or_not() {
    let portal = Portal::new().await;
    let (mut said, mut mails) = (Vec::new(), Vec::new());
    for (external_id, reason) in
        [("C-1", None), ("C-2", Some(domain::SuppressionReason::Bounce)), ("C-3", Some(domain::SuppressionReason::Cease))]
    {
        let email = format!("{}@acme.example", external_id.to_lowercase());
        let id = portal.world.customer("acme", external_id, |customer| customer.contacts[0].email = Some(email.clone())).await;
        if let Some(reason) = reason {
            portal.world.store.suppress(&acme(), Channel::Email, &email, reason, portal.world.now(), Some(&id)).await.unwrap();
        }
        let code = portal.world.code(&acme(), &id, Channel::Email, &email).await;
        let next = portal.post(&format!("/p/{code}/code"), &[("to", "contacts")]).await.leads();
        let page = portal.get(&next).await.is(200);
        said.push(page.html.replace(&code, "CODE"));
        mails.push(portal.asked(&id, ServiceMailKind::Code).await);
    }
    assert_eq!(said[0], said[1], "a bounce");
    assert_eq!(said[0], said[2], "somebody who asked for no contact");
    assert_eq!(mails, [1, 1, 1], "its sender looks whether it may leave");
}

#[tokio::test]
async fn a_code_leads_to_pages_of_the_link_alone() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    for to in ["https://elsewhere.example", "//elsewhere.example", "\r\nset-cookie: x=1", "../../v1/settings"] {
        let next = portal.post(&format!("/p/{code}/code"), &[("to", to)]).await.leads();
        assert_eq!(next, format!("/p/{code}/code/enter?to=preferences"), "{to}");
    }
    let digits = portal.digits(&id, &code).await;
    let sent = [("to", "https://elsewhere.example"), ("code", digits.as_str())];
    assert_eq!(portal.post(&format!("/p/{code}/code/enter"), &sent).await.leads(), format!("/p/{code}/preferences"));
    // A field that the forms do not have is refused, and other kinds of requests are.
    portal.post(&format!("/p/{code}/code"), &[("address", "eve@elsewhere.example")]).await.is(400);
    portal.send("PUT", &format!("/p/{code}/code"), &[], "").await.is(405);
    portal.send("POST", &format!("/p/{code}/code"), &[], "to=contacts").await.is(415);
    assert_eq!(portal.asked(&id, ServiceMailKind::Code).await, 1);
}
