//! A customer promises to pay by the page behind its link.

use domain::{PromiseStatus, Terms};

use crate::visitor::{Portal, acme};

/// What is changed of a promise that is right, what the page then says, and what it still shows.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

/// The fields of a promise of the customer's first invoice, with changes.
fn fields<'a>(invoice: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [("invoice", invoice), ("amount", ""), ("pays_on", "2026-02-13"), ("way", "transfer")];
    let kept = usual.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied()).collect()
}

#[tokio::test]
async fn a_promise_is_made_once_and_said_as_it_stands() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let (address, invoice) = (format!("/p/{code}/promise"), Portal::invoice("C-1", "1001"));
    let page = portal.get(&address).await.is(200).says("Vom 10. Februar 2026 bis zum 24. Februar 2026.");
    page.says("min=\"2026-02-10\" max=\"2026-02-24\"")
        .says(&format!("value=\"{invoice}\" checked"))
        .says(&format!("value=\"{}\">", Portal::invoice("C-1", "1002")))
        .says("<option value=\"transfer\" selected>Überweisung</option>");
    let sent = fields(invoice.as_str(), &[("amount", "500,00")]);
    let made = portal.post(&address, &sent).await.leads();
    assert!(made.starts_with(&format!("{address}?made=agr_")), "{made}");
    assert_eq!(portal.post(&address, &sent).await.leads(), made, "the same form again is the same promise");
    let (one, two) = tokio::join!(portal.post(&address, &sent), portal.post(&address, &sent));
    assert_eq!((one.leads(), two.leads()), (made.clone(), made.clone()));
    let [promise] = <[_; 1]>::try_from(portal.agreements(&id).await).unwrap();
    assert_eq!((promise.amount_minor, promise.kind()), (Some(50_000), "promise"));
    // By transfer on a Friday it is in the books on Tuesday.
    portal
        .get(&made)
        .await
        .is(200)
        .says("Sie haben zugesagt, bis zum 13. Februar 2026 500,00\u{a0}€ zu zahlen.")
        .says("Wir warten bis zum 17. Februar 2026")
        .says("Rechnungen: 1001");
    portal.get(&format!("/p/{code}")).await.is(200).says("Zahlung zugesagt für 13. Februar 2026");
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    let said: Vec<_> = audit.iter().map(|entry| (entry.role.as_str(), entry.operation.as_str())).collect();
    assert_eq!(said, [("link", "promise_by_link")]);
    assert!(audit[0].by.starts_with("lnk_") && audit[0].customer.as_ref() == Some(&id), "{:?}", audit[0]);
    assert_eq!(audit[0].object.as_deref(), Some(promise.id.as_str()));
    // What became of it is said, whatever the page said before.
    let mut before = promise;
    for (status, text) in [
        (PromiseStatus::PartlyKept, "Ein Teil davon kam rechtzeitig."),
        (PromiseStatus::Broken, "Die Zahlung kam nicht rechtzeitig."),
        (PromiseStatus::Cancelled, "Sie gilt nicht mehr."),
        (PromiseStatus::Kept, "Sie wurde eingehalten."),
    ] {
        let mut after = before.clone();
        let Terms::Promise(terms) = &mut after.terms else { panic!("{after:?}") };
        terms.status = status.clone();
        portal.world.store.put_agreement(&acme(), &id, Some(&before), &after, portal.world.now()).await.unwrap();
        portal.get(&made).await.is(200).says(text).hides("Wir warten bis");
        let missed = matches!(status, PromiseStatus::PartlyKept | PromiseStatus::Broken);
        let statement = portal.get(&format!("/p/{code}")).await.is(200).hides("Zahlung zugesagt für");
        assert_eq!(
            statement.html.contains("die für 13. Februar 2026 zugesagte Zahlung kam nicht vollständig"),
            missed,
            "{status:?}"
        );
        before = after;
    }
    assert_eq!(portal.post(&address, &sent).await.leads(), made, "and of the same day none is made anew when it is over");
    for made in ["agr_none", "agr_", "x", promise_of_another(&portal).await.as_str()] {
        portal.get(&format!("{address}?made={made}")).await.is(404);
    }
}

/// The id of a promise of another customer.
async fn promise_of_another(portal: &Portal) -> String {
    let other = portal.world.customer("acme", "C-9", |_| {}).await;
    let (code, invoice) = (portal.code(&acme(), &other).await, Portal::invoice("C-9", "1001"));
    let made = portal.post(&format!("/p/{code}/promise"), &fields(invoice.as_str(), &[])).await.leads();
    made.split_once("made=").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_promise_that_cannot_be_is_said_so_and_what_was_typed_is_kept() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    portal.world.customer("acme", "C-2", |_| {}).await;
    let english = portal.world.customer("acme", "C-3", |customer| customer.language = Some("en".to_owned())).await;
    let (code, others) = (portal.code(&acme(), &id).await, portal.code(&acme(), &english).await);
    let (address, invoice) = (format!("/p/{code}/promise"), Portal::invoice("C-1", "1001"));
    let (theirs, hers) = (Portal::invoice("C-2", "1001"), Portal::invoice("C-3", "1001"));
    let before = portal.world.everything().await;
    let many = "9".repeat(10_000);
    let not_open = "nicht mehr offen oder nicht Ihre";
    let cases: [Case<'_>; 16] = [
        (&[("pays_on", "2026-02-09")], "Wählen Sie einen Tag vom 10. Februar 2026 bis zum 24. Februar 2026.", "2026-02-09"),
        (&[("pays_on", "2036-02-10")], "Wählen Sie einen Tag", "2036-02-10"),
        (&[("pays_on", "2026-02-25")], "Wählen Sie einen Tag", "2026-02-25"),
        (&[("pays_on", "morgen")], "Wählen Sie einen Tag", "morgen"),
        (&[("pays_on", "")], "Wählen Sie einen Tag", "2026-02-10"),
        (&[("amount", "1250,01")], "höchstens 1.250,00\u{a0}€", "1250,01"),
        (&[("amount", "0")], "höchstens 1.250,00\u{a0}€", "value=\"0\""),
        (&[("amount", "-5,00")], "höchstens", "-5,00"),
        (&[("amount", "viel\u{7}\u{0}")], "höchstens", "value=\"viel\""),
        (&[("amount", many.as_str())], "höchstens", many.as_str()),
        (&[("invoice", theirs.as_str())], not_open, "2026-02-13"),
        (&[("invoice", "inv_unknown")], not_open, "2026-02-13"),
        (&[("invoice", "<b>")], not_open, "2026-02-13"),
        (&[("invoice", invoice.as_str()), ("invoice", theirs.as_str())], not_open, "2026-02-13"),
        (&[("way", "gold")], "Wählen Sie, wie Sie zahlen.", "2026-02-13"),
        (&[("line", "7")], "was dieses Formular nicht hat", "2026-02-13"),
    ];
    for (changes, text, kept) in cases {
        let page = portal.post(&address, &fields(invoice.as_str(), changes)).await.is(400).says(text).says(kept);
        page.says("Es ist noch nichts aufgenommen.");
    }
    let none = [("amount", "5,00"), ("pays_on", "2026-02-13"), ("way", "card")];
    portal.post(&address, &none).await.is(400).says("Wählen Sie mindestens eine Rechnung.").says("value=\"5,00\"");
    let english = format!("/p/{others}/promise");
    let sent = fields(hers.as_str(), &[("pays_on", "2026-02-09"), ("amount", "2,000.00")]);
    let page = portal.post(&english, &sent).await.is(400).says("Choose a day from").says("2,000.00");
    page.says(&format!("value=\"{hers}\" checked"));
    let sent = fields(hers.as_str(), &[("amount", "2,000.00")]);
    portal.post(&english, &sent).await.is(400).says("at most €1,250.00, such as €625.00");
    assert_eq!(portal.world.everything().await, before, "nothing was written");
    // What was paid meanwhile cannot be promised.
    portal.pay(&id, 2).await;
    portal.post(&address, &fields(invoice.as_str(), &[])).await.is(400).says(not_open);
    assert_eq!(portal.agreements(&id).await, vec![]);
}

#[tokio::test]
async fn customers_promise_within_what_the_settings_allow() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let (address, invoice) = (format!("/p/{code}/promise"), Portal::invoice("C-1", "1001"));
    portal.set(|settings| (settings.promises.max_open, settings.promises.max_days) = (1, 3)).await;
    portal.get(&address).await.is(200).says("Vom 10. Februar 2026 bis zum 13. Februar 2026.");
    portal.post(&address, &fields(invoice.as_str(), &[("pays_on", "2026-02-14")])).await.is(400);
    portal.post(&address, &fields(invoice.as_str(), &[])).await.is(303);
    let other = Portal::invoice("C-1", "1002");
    let page = portal.post(&address, &fields(other.as_str(), &[])).await.is(400);
    page.says("Es sind schon so viele Zusagen offen, wie hier möglich sind (1).").says(&format!("value=\"{other}\" checked"));
    portal.get(&format!("/p/{code}")).await.is(200).says("promise\">Zahlung zusagen");
    portal.set(|settings| settings.promises.max_open = 0).await;
    portal.get(&format!("/p/{code}")).await.is(200).hides("Zahlung zusagen");
    portal.get(&address).await.is(200).says("vereinbaren wir hier persönlich").hides("<form");
    portal.post(&address, &fields(other.as_str(), &[])).await.is(400).says("vereinbaren wir hier persönlich");
    assert_eq!(portal.agreements(&id).await.len(), 1);
}

#[tokio::test]
async fn a_form_is_taken_from_a_page_of_ours_alone() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (code, invoice) = (portal.code(&acme(), &id).await, Portal::invoice("C-1", "1001"));
    let address = format!("/p/{code}/promise");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let body = format!("invoice={invoice}&amount=&pays_on=2026-02-13&way=card");
    let before = portal.world.everything().await;
    let refused: [(&[(&str, &str)], u64); 6] = [
        (&[form, ("Sec-Fetch-Site", "cross-site")], 403),
        (&[form, ("Sec-Fetch-Site", "same-site")], 403),
        (&[form, ("Origin", "https://elsewhere.example")], 403),
        (&[("Content-Type", "application/json")], 415),
        (&[("Content-Type", "multipart/form-data; boundary=x")], 415),
        (&[], 415),
    ];
    for (headers, status) in refused {
        portal.send("POST", &address, headers, &body).await.is(status);
    }
    portal.send("POST", &address, &[form], &"x".repeat(200_000)).await.is(413);
    portal.post(&format!("/p/{}/promise", "0".repeat(22)), &[("way", "card")]).await.is(404);
    let json =
        portal.send("POST", &address, &[("Accept", "application/json"), form, ("Sec-Fetch-Site", "cross-site")], &body).await;
    json.is(403).says("problems/forbidden");
    assert_eq!(portal.world.everything().await, before);
    portal.send("POST", &address, &[form, ("Origin", "https://api.dunlin.example")], &body).await.is(303);
    // A link that was withdrawn takes nothing.
    let known = portal.world.store.link(&store::LinkCode::parse(&code).unwrap().id()).await.unwrap().unwrap();
    assert!(portal.world.store.revoke_link(&acme(), &id, &known.link, portal.world.now()).await.unwrap());
    portal.post(&address, &fields(invoice.as_str(), &[("pays_on", "2026-02-12")])).await.is(410);
    assert_eq!(portal.agreements(&id).await.len(), 1);
}

#[tokio::test]
async fn a_form_costs_no_more_than_a_page() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (code, invoice) = (portal.code(&acme(), &id).await, Portal::invoice("C-1", "1001"));
    portal.get(&format!("/p/{code}")).await.is(200);
    let address = format!("/p/{code}/promise");
    let made = portal.post(&address, &fields(invoice.as_str(), &[])).await.leads();
    portal.world.read_units();
    for address in [
        address,
        made,
        format!("/p/{code}/invoices/{invoice}/dispute"),
        format!("/p/{code}/write"),
        format!("/p/{code}/write?for=copy&invoice={invoice}"),
        format!("/p/{code}/preferences"),
        format!("/p/{code}/contacts"),
        format!("/p/{code}/others"),
    ] {
        portal.get(&address).await.is(200);
        let units = portal.world.read_units();
        assert!(units > 0.0 && units <= 12.0, "{units} read units for {address}");
    }
}
