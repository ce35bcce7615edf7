//! The portal against an embedded table.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod account;
mod bounds;
mod codes;
mod conversation;
mod disputes;
mod documents;
mod files;
mod languages;
mod new_links;
mod one_payment;
mod own_system;
mod paid_already;
mod paying;
mod people;
mod plans;
mod preferences;
mod promises;
mod transfers;
mod visitor;
mod writing;

use domain::{Channel, CustomerId, Document, SourceVersion, SuppressionReason, TenantId, language::CUSTOMER_LANGUAGES};
use store::Receipt;
use testbed::api::at;

use visitor::{Portal, acme, with_something_paid};

#[tokio::test]
async fn the_statement_reads_as_the_customer_reads() {
    let portal = Portal::new().await;
    let german = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &german).await;
    portal
        .get(&format!("/p/{code}"))
        .await
        .is(200)
        .says("<html lang=\"de\">")
        .says("acme &amp; Sons")
        .says("Beispiel GmbH")
        .says("1.250,00\u{a0}€")
        .says("99,00\u{a0}€")
        .says("1.349,00\u{a0}€")
        .says("4. Februar 2026")
        .says("seit 6 Tagen überfällig")
        .says("fällig in 19 Tagen");
    portal
        .get(&format!("/p/{code}/invoices/{}", Portal::invoice("C-1", "1001")))
        .await
        .is(200)
        .says("<html lang=\"de\">")
        .says("https:&#x2f;&#x2f;acme.example&#x2f;i&#x2f;1001");
    let american = portal
        .world
        .customer("acme", "C-2", |customer| {
            customer.language = Some("en-US".to_owned());
            customer.country = Some("US".to_owned());
        })
        .await;
    let code = portal.code(&acme(), &american).await;
    portal.get(&format!("/p/{code}")).await.is(200).says("<html lang=\"en\">").says("€1,250.00").says("6 days past due");
    let elsewhere = portal.world.customer("acme", "C-3", |customer| customer.language = Some("fi".to_owned())).await;
    let code = portal.code(&acme(), &elsewhere).await;
    portal.get(&format!("/p/{code}")).await.is(200).says("<html lang=\"en\">").says("Total open");
}

/// A version of the customer in which its first contact has another email address.
async fn mail_goes_to(portal: &Portal, customer: &CustomerId, version: u64, email: &str) {
    let store = &portal.world.store;
    let head = store.head(&acme(), customer).await.unwrap().unwrap();
    let mut described = store.facts(&acme(), &head).await.unwrap().customer;
    described.source_version = Some(SourceVersion::Number(version));
    described.contacts[0].email = Some(email.to_owned());
    let receipt = Receipt { source: "canonical".to_owned(), event_id: format!("customer-{version}") };
    store.apply(&acme(), &receipt, &[Document::Customer(described)], portal.world.now()).await.unwrap();
    let head = store.head(&acme(), customer).await.unwrap().unwrap();
    let known = store.facts(&acme(), &head).await.unwrap().customer;
    assert_eq!(known.contacts[0].email.as_deref(), Some(email));
}

#[tokio::test]
async fn the_statement_says_how_to_pay_what_was_paid_and_which_order_it_was() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    portal.get(&format!("/p/{code}")).await.is(200).hides("So können Sie zahlen").hides("Bestellnr");
    with_something_paid(&portal, &id).await;
    let page = portal.get(&format!("/p/{code}")).await.is(200);
    for text in [
        "So können Sie zahlen",
        "<bdi>Example Bank &lt;1&gt;</bdi><br><bdi>IBAN: DE00 1234</bdi>",
        "Bestellnr. 45000-712",
        "<td role=\"cell\" class=\"money original\">1.250,00\u{a0}€</td>",
        "<span class=\"only-small\" aria-hidden=\"true\">Bezahlt </span>250,00\u{a0}€</td>",
        "<td role=\"cell\" class=\"money open\">1.000,00\u{a0}€</td>",
        "<dt>Summe offen</dt><dd>1.099,00\u{a0}€</dd>",
        "<dt>Überfällig</dt><dd>1.000,00\u{a0}€</dd>",
        "<dt>Nicht überfällig</dt><dd>99,00\u{a0}€</dd>",
        "<p class=\"label late\">Jetzt fällig</p>",
        "<p class=\"amount\">1.000,00\u{a0}€</p>",
        "Älteste Fälligkeit: 4. Februar 2026",
        "Nicht überfällig: 99,00\u{a0}€, nächste Fälligkeit 1. März 2026",
    ] {
        assert!(page.html.contains(text), "no '{text}' in {}", page.html);
    }
    let place = |text: &str| page.html.find(text).unwrap();
    let (past_due, not_past_due) = ("<h2 id=\"past-due\">Überfällig<", "<h2 id=\"not-past-due\">Nicht überfällig<");
    assert!(place(past_due) < place(">1001<") && place(">1001<") < place(not_past_due));
    assert!(place(not_past_due) < place(">1002<"), "what is past due stands apart from what is not");
    assert!(place("Jetzt fällig") < place("So können Sie zahlen") && place("So können Sie zahlen") < place(past_due));
}

#[tokio::test]
async fn hostile_names_are_shown_literally() {
    let portal = Portal::new().await;
    let id = portal
        .world
        .customer("acme", "C-1", |customer| {
            customer.name = "<script>alert(1)</script>{{ 7*7 }}\" onload=\"x".to_owned();
            customer.contacts[0].external_id = "\"><img src=x>".to_owned();
        })
        .await;
    let code = portal.code(&acme(), &id).await;
    let page = portal.get(&format!("/p/{code}")).await.is(200);
    page.says("&lt;script&gt;").says("{{ 7*7 }}").hides("<script>").hides("\" onload=\"");
    let stop = portal.stop(Channel::Email, "<x@\"><img src=x>.example").await;
    let ask = portal.get(&format!("/p/{stop}/opt-out")).await.is(200);
    ask.says("&lt;…@&quot;&gt;&lt;img src=x&gt;.example").hides("<img");
}

#[tokio::test]
async fn only_a_link_of_this_customer_opens() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let other = portal.world.customer("acme", "C-2", |customer| customer.name = "Other Ltd".to_owned()).await;
    let stranger = portal.world.customer("other", "C-1", |customer| customer.name = "Stranger Ltd".to_owned()).await;
    let code = portal.code(&acme(), &id).await;
    let others = portal.code(&acme(), &other).await;
    let theirs = portal.code(&TenantId::parse("other").unwrap(), &stranger).await;
    assert_eq!(code, portal.code(&acme(), &id).await, "each message to an address has the same link");
    let by_text = portal.world.code(&acme(), &id, Channel::Sms, "+493012345678").await;
    assert_eq!(std::collections::BTreeSet::from([&code, &others, &theirs, &by_text]).len(), 4);
    // One address at two customers has a link to each.
    portal.get(&format!("/p/{code}")).await.is(200).says("Beispiel GmbH").hides("Other Ltd");
    portal.get(&format!("/p/{others}")).await.is(200).says("Other Ltd").hides("Beispiel GmbH");
    portal.get(&format!("/p/{theirs}")).await.is(200).says("Stranger Ltd");
    portal.get(&format!("/p/{by_text}")).await.is(200).says("Beispiel GmbH");
    let link = store::LinkCode::parse(&code).unwrap().id();
    for (name, forged) in [
        ("tampered", format!("{}{}", if code.starts_with('0') { '1' } else { '0' }, &code[1..])),
        ("half of one customer's and half of another's", format!("{}{}", &code[..11], &others[11..])),
        ("too short", code[1..].to_owned()),
        ("too long", format!("{code}0")),
        (
            "another case",
            code.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect(),
        ),
        ("the id, which lists show", link.to_string()),
        ("with the tenant", format!("acme.{code}")),
        ("one customer's with another's id", format!("{code}.{other}")),
        ("garbage", "garbage".to_owned()),
        ("nothing", String::new()),
    ] {
        for address in [format!("/p/{forged}"), format!("/p/{forged}/opt-out")] {
            let reply = portal.get(&address).await.is(404);
            assert!(reply.html.contains("This link does not work"), "{name}");
        }
        portal.call("POST", &format!("/p/{forged}/opt-out"), "").await.is(404);
    }
    // A page's own link stops nothing, whomever one asks for.
    for body in ["contact=p1&channel=email", "List-Unsubscribe=One-Click"] {
        portal.call("POST", &format!("/p/{code}/opt-out?c=p1&ch=email"), body).await.is(404);
    }
    assert_eq!(portal.suppressed(&id, Channel::Email, "ap@acme.example").await, None);
}

#[tokio::test]
async fn a_link_ends_when_its_time_is_over_and_at_once_when_it_is_revoked() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (code, text) = (portal.code(&acme(), &id).await, portal.world.code(&acme(), &id, Channel::Sms, "+493012345678").await);
    let stop = portal.stop(Channel::Email, "ap@acme.example").await;
    let gone = async |code: &str| {
        let reply = portal.get(&format!("/p/{code}")).await.is(410).says("This link is no longer valid");
        reply.says("the newest message").hides("Beispiel GmbH").hides("1.250,00").hides("acme");
    };
    portal.get(&format!("/p/{code}")).await.is(200);
    // One of two.
    let known = portal.world.store.link(&store::LinkCode::parse(&code).unwrap().id()).await.unwrap().unwrap();
    assert!(portal.world.store.revoke_link(&acme(), &id, &known.link, portal.world.now()).await.unwrap());
    gone(&code).await;
    portal.get(&format!("/p/{text}")).await.is(200);
    // A later message has another, and the one before stays void.
    let next = portal.code(&acme(), &id).await;
    assert_ne!(next, code);
    portal.get(&format!("/p/{next}")).await.is(200).says("Beispiel GmbH");
    gone(&code).await;
    // All of them.
    assert_eq!(portal.world.store.revoke_links(&acme(), &id, portal.world.now()).await.unwrap(), 2);
    for code in [&code, &next, &text] {
        gone(code).await;
    }
    // The stop link stays good, and says nothing of the customer.
    portal.get(&format!("/p/{stop}")).await.is(200).says("a…@acme.example").hides("Beispiel GmbH").hides(id.as_str());
    // 120 days, to the second; a message in the second half renews it.
    let last = portal.code(&acme(), &id).await;
    *portal.world.now.lock().unwrap() = at("2026-06-10T09:59:59Z");
    portal.get(&format!("/p/{last}")).await.is(200);
    *portal.world.now.lock().unwrap() = at("2026-06-10T10:00:00Z");
    gone(&last).await;
    assert_ne!(portal.code(&acme(), &id).await, last, "what has expired stays so");
    portal.call("POST", &format!("/p/{stop}/opt-out"), "List-Unsubscribe=One-Click").await.is(200);
    assert_eq!(portal.suppressed(&id, Channel::Email, "ap@acme.example").await, Some(SuppressionReason::OptOut));
}

#[tokio::test]
async fn a_message_renews_a_link_whose_time_is_half_over() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    // 2026-02-10 and 60 days are 2026-04-11: not yet more than half.
    for (now, until) in [
        ("2026-04-11T10:00:00Z", "2026-06-10T10:00:00Z"),
        ("2026-04-11T10:00:01Z", "2026-08-09T10:00:01Z"),
        ("2026-04-12T10:00:00Z", "2026-08-09T10:00:01Z"),
    ] {
        *portal.world.now.lock().unwrap() = at(now);
        assert_eq!(portal.code(&acme(), &id).await, code);
        let found = portal.world.store.link(&store::LinkCode::parse(&code).unwrap().id()).await.unwrap().unwrap();
        assert_eq!(found.link.expires_at, at(until), "after a message at {now}");
    }
}

#[tokio::test]
async fn a_link_to_an_address_that_the_customer_no_longer_has_opens_nothing() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (mail, text) = (portal.code(&acme(), &id).await, portal.world.code(&acme(), &id, Channel::Sms, "+493012345678").await);
    portal.get(&format!("/p/{mail}")).await.is(200);
    // Another person under the same id.
    mail_goes_to(&portal, &id, 9, "new@acme.example").await;
    portal.get(&format!("/p/{mail}")).await.is(410).hides("Beispiel GmbH");
    portal.get(&format!("/p/{text}")).await.is(200);
    let new = portal.world.code(&acme(), &id, Channel::Email, "new@acme.example").await;
    assert_ne!(new, mail);
    portal.get(&format!("/p/{new}")).await.is(200);
    // And back, in other letters: it is the same address.
    mail_goes_to(&portal, &id, 10, "AP@acme.example").await;
    portal.get(&format!("/p/{mail}")).await.is(200);
    portal.get(&format!("/p/{new}")).await.is(410);
    // Whoever wants no more mail may still look, and nobody else may because of it.
    let stop = portal.stop(Channel::Email, "ap@acme.example").await;
    portal.call("POST", &format!("/p/{stop}/opt-out"), "").await.is(200);
    portal.get(&format!("/p/{mail}")).await.is(200);
    portal.get(&format!("/p/{new}")).await.is(410);
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let stop = portal.stop(Channel::Email, "ap@acme.example").await;
    let before = portal.world.everything().await;
    let invoice = format!("/p/{code}/invoices/{}", Portal::invoice("C-1", "1001"));
    for address in [
        format!("/p/{code}"),
        format!("/p/{code}?page=2"),
        invoice.clone(),
        format!("/p/{code}/invoices/elsewhere"),
        format!("/p/{stop}"),
        format!("/p/{stop}/opt-out"),
        format!("/p/{code}/opt-out"),
        format!("/p/{code}/elsewhere"),
        format!("/p/{code}/promise"),
        format!("/p/{code}/promise?invoice={}&made=agr_none", Portal::invoice("C-1", "1001")),
        format!("{invoice}/dispute"),
        format!("{invoice}/dispute?reason=price"),
        format!("/p/{code}/write?for=copy&words=x"),
        format!("/p/{code}/plan/pof_none"),
        format!("/p/{code}/rate/agr_none?score=5"),
        format!("/p/{code}/not-for-me?name=x"),
        format!("/p/{code}/preferences?change=again"),
        format!("/p/{code}/contacts?left=p1"),
        format!("/p/{code}/others"),
        format!("/p/{code}/code?to=contacts"),
        format!("/p/{code}/code/enter?to=contacts&code=123456"),
    ] {
        portal.get(&address).await;
        portal.call("HEAD", &address, "").await;
    }
    portal.data(&format!("/p/{code}/statement.csv"), "*/*").await.is(200);
    portal.data(&format!("/p/{code}"), "application/json").await.is(200);
    for (method, address) in [
        ("POST", format!("/p/{code}")),
        ("POST", invoice.clone()),
        ("POST", format!("/p/{code}/statement.csv")),
        ("POST", format!("/p/{stop}")),
        ("PUT", format!("/p/{stop}/opt-out")),
        ("PUT", format!("/p/{code}/promise")),
        ("DELETE", format!("{invoice}/dispute")),
    ] {
        portal.call(method, &address, "").await.is(405);
    }
    assert_eq!(portal.world.everything().await, before);
}

#[tokio::test]
async fn opting_out() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (mail, text) = (portal.stop(Channel::Email, "ap@acme.example").await, portal.stop(Channel::Sms, "+493012345678").await);
    let ask = portal.get(&format!("/p/{mail}/opt-out?l=de")).await.is(200).says("a…@acme.example").hides("ap@acme.example");
    ask.says("<html lang=\"de\">").says("<form method=\"post\"").hides("Beispiel GmbH").hides("1.250,00");
    portal.get(&format!("/p/{mail}")).await.is(200).says("<form method=\"post\"").hides("Beispiel GmbH");
    for part in 0..5 {
        let mut parts: Vec<&str> = mail.split('.').collect();
        let theirs: Vec<&str> = text.split('.').collect();
        parts[part] = if part == 0 { "other" } else { theirs[part] };
        portal.call("POST", &format!("/p/{}/opt-out", parts.join(".")), "").await.is(404);
    }
    portal.call("POST", &format!("/p/{mail}/opt-out?l=de"), "").await.is(200).says("Erledigt").hides("<form");
    assert_eq!(portal.suppressed(&id, Channel::Email, "ap@acme.example").await, Some(SuppressionReason::OptOut));
    assert_eq!(portal.suppressed(&id, Channel::Sms, "+493012345678").await, None);
    let before = portal.world.everything().await;
    portal.call("POST", &format!("/p/{mail}/opt-out"), "").await.is(200);
    assert_eq!(portal.world.everything().await, before, "doing it again changes nothing");
    // One click, as a mail program does it, years later.
    *portal.world.now.lock().unwrap() = at("2036-06-01T00:00:00Z");
    portal.call("POST", &format!("/p/{text}/opt-out"), "List-Unsubscribe=One-Click").await.is(200).says("…678");
    assert_eq!(portal.suppressed(&id, Channel::Sms, "+493012345678").await, Some(SuppressionReason::OptOut));
    portal.call("POST", &format!("/p/{mail}/opt-out"), &"x".repeat(40_000)).await.is(413);
}

#[tokio::test]
async fn a_stop_link_stops_the_address_that_it_was_sent_to() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let stop = portal.stop(Channel::Email, "ap@acme.example").await;
    // The feed names another person under the same id.
    mail_goes_to(&portal, &id, 9, "new@acme.example").await;
    portal.call("POST", &format!("/p/{stop}/opt-out"), "List-Unsubscribe=One-Click").await.is(200);
    assert_eq!(portal.suppressed(&id, Channel::Email, "new@acme.example").await, None);
    mail_goes_to(&portal, &id, 10, "ap@acme.example").await;
    assert_eq!(portal.suppressed(&id, Channel::Email, "ap@acme.example").await, Some(SuppressionReason::OptOut));
}

/// Every page fits a small screen, says in which language it is, and takes nothing from elsewhere. They are left in a folder to look at, in each
/// of the customers' languages.
#[tokio::test]
async fn every_page_stands_by_itself() {
    for language in CUSTOMER_LANGUAGES {
        let portal = Portal::new().await;
        let id = portal.world.customer("acme", "C-1", |customer| customer.language = Some(language.to_owned())).await;
        let code = portal.code(&acme(), &id).await;
        with_something_paid(&portal, &id).await;
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
        for (name, address) in [
            ("statement", format!("/p/{code}")),
            ("invoice", format!("/p/{code}/invoices/{}", Portal::invoice("C-1", "1001"))),
            ("opt-out", format!("/p/{}/opt-out?l={language}", portal.stop(Channel::Email, "ap@acme.example").await)),
            ("gone", "/p/x".to_owned()),
            ("promise", format!("/p/{code}/promise")),
            ("dispute", format!("/p/{code}/invoices/{}/dispute", Portal::invoice("C-1", "1001"))),
            ("write", format!("/p/{code}/write")),
        ] {
            let page = portal.get(&address).await.says("width=device-width").says("<html lang=\"");
            // Whose link it was is not known: it is in the browser's language.
            let page = if name == "gone" { page } else { page.says(&format!("<html lang=\"{language}\">")) };
            assert_eq!(page.html.matches("<h1").count(), 1, "{name}: {}", page.html);
            for outside in ["<script", "<link", "<iframe", "<img", " src=", "@import", "url("] {
                assert!(!page.html.contains(outside), "{name} takes {outside} from elsewhere: {}", page.html);
            }
            std::fs::write(folder.join(format!("{name}.{language}.html")), page.html).unwrap();
        }
    }
}

#[tokio::test]
async fn whoever_has_no_link_costs_one_read_and_a_link_is_not_read_for_twice_a_minute() {
    let portal = Portal::new().await;
    let customer = portal.world.customer("acme", "C-1", |_| {}).await;
    let mut settings = portal.world.store.settings(&acme()).await.unwrap().unwrap().value;
    let entity = |at: usize| {
        let name = Some("x".repeat(200));
        (format!("{at}"), domain::settings::LegalEntity { name, ..Default::default() })
    };
    settings.legal_entities = (0..200).map(entity).collect();
    portal.world.store.put_settings(&acme(), &settings, None, portal.world.now()).await.unwrap();
    let (code, stop) = (portal.code(&acme(), &customer).await, portal.stop(Channel::Email, "ap@acme.example").await);
    // What only the first request of an environment costs: the data key.
    portal.get(&format!("/p/{code}")).await.is(200);
    let changed = |text: &str| format!("{}AAAA", &text[..text.len() - 4]);
    portal.world.read_units();
    for address in [
        format!("/p/{}", changed(&code)),
        format!("/p/{}/opt-out", changed(&stop)),
        format!("/p/{stop}/opt-out"),
        "/p/nothing".to_owned(),
        "/p/nothing/opt-out".to_owned(),
    ] {
        portal.get(&address).await;
        let units = portal.world.read_units();
        assert!(units <= 1.0, "{units} read units for {address}");
    }
    // A link that was good costs no more than one that nobody was given.
    let revoked = portal.world.code(&acme(), &customer, Channel::Sms, "+493012345678").await;
    let known = portal.world.store.link(&store::LinkCode::parse(&revoked).unwrap().id()).await.unwrap().unwrap();
    assert!(portal.world.store.revoke_link(&acme(), &customer, &known.link, portal.world.now()).await.unwrap());
    portal.world.read_units();
    for _ in 0..2 {
        portal.get(&format!("/p/{revoked}")).await.is(410);
        let units = portal.world.read_units();
        assert!(units <= 1.0, "{units} read units for a link that was revoked");
    }
    for _ in 0..3 {
        portal.get(&format!("/p/{code}")).await.is(200).says("1001");
        let units = portal.world.read_units();
        assert!(units <= 4.0, "{units} read units for a page that was just made");
    }
    // What changes is seen at once.
    portal.world.customer("acme", "C-1", |customer| customer.name = "Neuer Name GmbH".to_owned()).await;
    settings.name = "Neuer Lieferant".to_owned();
    portal.world.store.put_settings(&acme(), &settings, None, portal.world.now()).await.unwrap();
    portal.get(&format!("/p/{code}")).await.is(200).says("Neuer Lieferant");
}
