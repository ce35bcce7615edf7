//! A customer pays in parts: a plan of its own within the tenant's bounds, or one that a person offered. Both need a code.

use domain::{
    CustomerId, InvoiceId, PlanOffer, PlanOfferId, PlanOfferStatus, PlanStatus, ServiceMailKind, Terms, proposal::ProposedPart,
};

use crate::visitor::{Portal, Reply, acme};

/// What is changed of a form that is right, and what the page then says.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str);

/// A portal of a tenant that lets customers pay in up to six parts over 200 days.
async fn open_portal() -> (Portal, CustomerId, String) {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    portal
        .set(|settings| {
            settings.plans.max_parts = 6;
            settings.plans.max_days = 200;
        })
        .await;
    let code = portal.code(&acme(), &id).await;
    (portal, id, code)
}

/// The fields of a plan of the first invoice in three parts, with changes.
fn fields<'a>(invoice: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [("act", "look"), ("invoice", invoice), ("parts", "3"), ("first_on", "2026-02-16"), ("rhythm", "monthly")];
    let kept = usual.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied()).collect()
}

/// What the page sends back of the parts that it shows.
fn seen(page: &Reply) -> String {
    let found = page.html.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    found.unwrap_or_else(|| panic!("nothing to agree to in {}", page.html)).to_owned()
}

fn on(text: &str) -> jiff::civil::Date {
    text.parse().unwrap()
}

/// An offer of the first invoice in two parts, as a person made it.
async fn offered(portal: &Portal, customer: &CustomerId, first_minor: i64) -> PlanOffer {
    let part = |amount_minor, due_on: &str| ProposedPart { amount_minor, due_on: on(due_on) };
    let now = portal.world.now();
    let offer = PlanOffer {
        id: PlanOfferId::derive(&[customer.as_str(), &first_minor.to_string()]),
        invoices: vec![Portal::invoice("C-1", "1001")],
        currency: domain::Currency::EUR,
        parts: vec![part(first_minor, "2026-03-02"), part(125_000 - first_minor, "2026-04-01")],
        valid_until: on("2026-02-20"),
        made_at: now,
        by: "robin".to_owned(),
        status: PlanOfferStatus::Open,
        status_at: now,
    };
    portal.world.store.put_plan_offer(&acme(), customer, None, &offer, None, now).await.unwrap();
    offer
}

#[tokio::test]
async fn a_plan_is_shown_to_the_cent_and_agreed_to_once_with_a_code() {
    let (portal, id, code) = open_portal().await;
    let (address, invoice) = (format!("/p/{code}/plan"), Portal::invoice("C-1", "1001"));
    portal
        .get(&format!("/p/{code}"))
        .await
        .is(200)
        .says(&format!("href=\"&#x2f;p&#x2f;{code}&#x2f;plan\""))
        .says("In Raten zahlen");
    // What is past due is chosen, and nothing is agreed by looking.
    let before = portal.world.everything().await;
    let page = portal.get(&address).await.is(200);
    page.says(&format!("value=\"{invoice}\" checked"))
        .says(&format!("value=\"{}\">", Portal::invoice("C-1", "1002")))
        .says("min=\"2026-02-10\" max=\"2026-03-13\" value=\"2026-02-17\"")
        .says("<option value=\"3\" selected>3</option>")
        .says("<option value=\"monthly\" selected>Jeden Monat</option>")
        .hides("<option value=\"7\"");
    let looked = portal.post(&address, &fields(invoice.as_str(), &[])).await.is(200);
    let looked = looked.says("16. Februar 2026").says("16. März 2026").says("16. April 2026");
    let looked = looked.says("416,66\u{a0}€").says("416,68\u{a0}€").says("1.250,00\u{a0}€").says("Code senden");
    looked.hides("Diesen Raten zustimmen").hides("name=\"seen\"");
    // Without a code nothing is agreed, whatever is sent.
    let sent = fields(invoice.as_str(), &[("act", "agree"), ("seen", "x")]);
    portal.post(&address, &sent).await.is(403).says("Code senden");
    portal.post_with(&["confirmed=yes"], &address, &sent).await.is(403);
    assert_eq!(portal.world.everything().await, before);
    let cookie = portal.confirm(&id, &code).await;
    let with = [cookie.as_str()];
    let looked = portal.post_with(&with, &address, &fields(invoice.as_str(), &[])).await.is(200).says("Diesen Raten zustimmen");
    let seen = seen(&looked);
    let sent = fields(invoice.as_str(), &[("act", "agree"), ("seen", &seen)]);
    let made = portal.post_with(&with, &address, &sent).await.leads();
    assert!(made.starts_with(&format!("{address}?made=agr_")), "{made}");
    let (one, two) = tokio::join!(portal.post_with(&with, &address, &sent), portal.post_with(&with, &address, &sent));
    assert_eq!((one.leads(), two.leads()), (made.clone(), made.clone()), "posted again it is the same plan");
    let [plan] = <[_; 1]>::try_from(portal.agreements(&id).await).unwrap();
    let Terms::Plan(terms) = &plan.terms else { panic!("{plan:?}") };
    let parts: Vec<(i64, String)> = terms.parts.iter().map(|part| (part.amount_minor, part.due_on.to_string())).collect();
    let expected = [(41_666, "2026-02-16"), (41_666, "2026-03-16"), (41_668, "2026-04-16")];
    assert_eq!(parts, expected.map(|(minor, day)| (minor, day.to_owned())));
    assert!(plan.by.starts_with("lnk_") && plan.runs(), "{plan:?}");
    assert_eq!(portal.asked(&id, ServiceMailKind::PlanAgreed).await, 1);
    let audit = portal.world.store.audit(&acme(), None, None, 50, None).await.unwrap().entries;
    let noted = audit.iter().find(|entry| entry.operation == "plan_by_link").unwrap();
    assert_eq!((noted.role.as_str(), &noted.what["amount_minor"]), ("link", &serde_json::json!(125_000)));
    portal
        .get(&made)
        .await
        .is(200)
        .says("Sie zahlen 1.250,00\u{a0}€ in 3 Raten.")
        .says("16. März 2026: 416,66\u{a0}€")
        .says("Rechnungen: 1001")
        .says("Jede Rate ist an ihrem Tag fällig");
    // The statement has its parts; what is in a plan is in no second one.
    let statement = portal.get(&format!("/p/{code}")).await.is(200);
    statement.says("Ihre Ratenzahlung für 1001").says("fällig in 6 Tagen").says("416,68\u{a0}€");
    portal.get(&address).await.is(200).hides(&format!("value=\"{invoice}\""));
    let again = fields(invoice.as_str(), &[("act", "agree"), ("seen", &seen), ("parts", "2")]);
    portal.post_with(&with, &address, &again).await.is(400).says("die noch in keiner Ratenzahlung sind");
    assert_eq!(portal.agreements(&id).await.len(), 1);
    for made in ["agr_none", "agr_", "x"] {
        portal.get(&format!("{address}?made={made}")).await.is(404);
    }
    // What became of it is said, and on the statement too.
    let mut before = plan;
    for (status, text) in [
        (PlanStatus::Cancelled, "Die Ratenzahlung gilt nicht mehr."),
        (PlanStatus::Completed, "Alles ist bezahlt."),
        (PlanStatus::Broken, "Eine Rate kam nicht rechtzeitig an."),
    ] {
        let is_broken = status == PlanStatus::Broken;
        let mut after = before.clone();
        let Terms::Plan(terms) = &mut after.terms else { panic!("{after:?}") };
        terms.status = status;
        after.ended_at = Some(portal.world.now());
        portal.world.store.put_agreement(&acme(), &id, Some(&before), &after, portal.world.now()).await.unwrap();
        portal.get(&made).await.is(200).says(text);
        let statement = portal.get(&format!("/p/{code}")).await.is(200).hides("Ihre Ratenzahlung für 1001");
        let noted = statement.html.contains("die Ratenzahlung dafür ist beendet, weil eine Rate nicht rechtzeitig ankam");
        assert_eq!(noted, is_broken);
        before = after;
    }
    // After a broken one a person decides.
    let looked = portal.post_with(&with, &address, &fields(invoice.as_str(), &[("parts", "2")])).await.is(400);
    looked.says("Eine Ratenzahlung über eine dieser Rechnungen ist beendet").says("for=plan");
}

#[tokio::test]
async fn what_is_beyond_the_bounds_or_no_plan_is_said_so_and_for_a_person() {
    let (portal, id, code) = open_portal().await;
    portal.world.customer("acme", "C-2", |_| {}).await;
    portal
        .set(|settings| {
            settings.plans.min_part_minor.insert(domain::Currency::EUR, 30_000);
        })
        .await;
    let (address, invoice) = (format!("/p/{code}/plan"), Portal::invoice("C-1", "1001"));
    let theirs: InvoiceId = Portal::invoice("C-2", "1001");
    let cookie = portal.confirm(&id, &code).await;
    let before = portal.world.everything().await;
    let not_possible = "die noch in keiner Ratenzahlung sind";
    let cases: [Case<'_>; 16] = [
        (&[("parts", "0")], "Wählen Sie 2 bis 6 Raten."),
        (&[("parts", "1")], "Wählen Sie 2 bis 6 Raten."),
        (&[("parts", "7")], "Wählen Sie 2 bis 6 Raten."),
        (&[("parts", "-1")], "Wählen Sie 2 bis 6 Raten."),
        (&[("parts", "viele")], "Wählen Sie 2 bis 6 Raten."),
        (&[("parts", "5")], "Eine Rate beträgt mindestens 300,00\u{a0}€."),
        (&[("first_on", "2026-02-09")], "Wählen Sie einen Tag vom 10. Februar 2026 bis zum 13. März 2026."),
        (&[("first_on", "2026-03-14")], "Wählen Sie einen Tag"),
        (&[("first_on", "morgen")], "Wählen Sie einen Tag"),
        (&[("rhythm", "daily")], "Wählen Sie, in welchem Abstand Sie zahlen."),
        (&[("invoice", theirs.as_str())], not_possible),
        (&[("invoice", "inv_unknown")], not_possible),
        (&[("invoice", "<b>")], "nicht mehr offen oder nicht Ihre"),
        (&[("act", "pay")], "Die Seite lässt sich so nicht verwenden."),
        (&[("amount", "1,00")], "Die Seite lässt sich so nicht verwenden."),
        (&[("act", "agree"), ("seen", "tampered")], "Bitte sehen Sie sie noch einmal an."),
    ];
    for (changes, text) in cases {
        let page = portal.post_with(&[&cookie], &address, &fields(invoice.as_str(), changes)).await;
        page.is(400).says(text).says("Es ist noch nichts aufgenommen.").says("for=plan");
    }
    let none = [("act", "look"), ("parts", "3"), ("first_on", "2026-02-16"), ("rhythm", "weekly")];
    portal.post_with(&[&cookie], &address, &none).await.is(400).says("Wählen Sie mindestens eine Rechnung.");
    assert_eq!(portal.world.everything().await, before, "nothing of it is stored");
    portal.set(|settings| settings.plans.max_days = 40).await;
    let long = portal.post_with(&[&cookie], &address, &fields(invoice.as_str(), &[])).await.is(400);
    long.says("Die letzte Rate darf spätestens am 22. März 2026 fällig sein.");
    assert!(portal.agreements(&id).await.is_empty());
}

#[tokio::test]
async fn a_plan_whose_parts_changed_since_they_were_seen_is_not_made() {
    let (portal, id, code) = open_portal().await;
    let (address, invoice) = (format!("/p/{code}/plan"), Portal::invoice("C-1", "1002"));
    let cookie = portal.confirm(&id, &code).await;
    let first = Portal::invoice("C-1", "1001");
    let both = [("invoice", first.as_str()), ("invoice", invoice.as_str())];
    let looked =
        portal.post_with(&[&cookie], &address, &fields("", &both)).await.is(200).says("449,66\u{a0}€").says("449,68\u{a0}€");
    let seen = seen(&looked);
    // The larger one is paid meanwhile: what is left is another plan, which the customer has not seen.
    portal.pay(&id, 2).await;
    let agree: Vec<(&str, &str)> = both.iter().copied().chain([("act", "agree"), ("seen", seen.as_str())]).collect();
    portal.post_with(&[&cookie], &address, &fields("", &agree)).await.is(400);
    assert!(portal.agreements(&id).await.is_empty());
    let one = fields(invoice.as_str(), &[("act", "agree"), ("seen", &seen)]);
    let page = portal.post_with(&[&cookie], &address, &one).await.is(400).says("Bitte sehen Sie sie noch einmal an.");
    let page = page.says("33,00\u{a0}€");
    let told = self::seen(&page);
    let sent = fields(invoice.as_str(), &[("act", "agree"), ("seen", &told)]);
    portal.post_with(&[&cookie], &address, &sent).await.is(303);
    assert_eq!(portal.agreements(&id).await.len(), 1);
}

#[tokio::test]
async fn a_tenant_that_lets_nobody_agree_asks_for_a_letter_and_its_offers_are_shown_all_the_same() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    let (address, invoice) = (format!("/p/{code}/plan"), Portal::invoice("C-1", "1001"));
    assert_eq!(portal.send("GET", &address, &[], "").await.leads(), format!("/p/{code}/write?for=plan"));
    let cookie = portal.confirm(&id, &code).await;
    let closed = portal.post_with(&[&cookie], &address, &fields(invoice.as_str(), &[])).await.is(400);
    closed.says("Ratenzahlungen vereinbaren wir hier persönlich.");
    let offer = offered(&portal, &id, 50_000).await;
    let there = format!("{address}/{}", offer.id);
    let statement = portal.get(&format!("/p/{code}")).await.is(200).says("Wir bieten Ihnen an, in Raten zu zahlen");
    statement
        .says("1.250,00\u{a0}€ in 2 Raten, die erste am 2. März 2026")
        .says("500,00\u{a0}€")
        .says("class=\"button quiet\"")
        .says("bis zum 20. Februar 2026");
    portal.get(&address).await.is(200).says(offer.id.as_str()).hides("name=\"parts\"");
    portal
        .get(&there)
        .await
        .is(200)
        .says("750,00\u{a0}€")
        .says("Rechnungen: 1001")
        .says("Code senden")
        .hides("zustimmen</button>");
    portal.post(&there, &[]).await.is(403);
    portal.post_with(&[&cookie], &there, &[("amount", "1")]).await.is(400).says("Die Seite lässt sich so nicht verwenden.");
    assert!(portal.agreements(&id).await.is_empty(), "an offer keeps nothing back");
    portal.get_with(&[&cookie], &there).await.is(200).says("zustimmen</button>");
    let cookies = [cookie.as_str()];
    let (one, two) = tokio::join!(portal.post_with(&cookies, &there, &[]), portal.post_with(&cookies, &there, &[]));
    let made = format!("{address}?made={}", offer.agreement());
    assert_eq!((one.leads(), two.leads()), (made.clone(), made.clone()), "agreed to twice it is one plan");
    assert_eq!(portal.agreements(&id).await.len(), 1);
    assert_eq!(portal.asked(&id, ServiceMailKind::PlanAgreed).await, 1);
    let known = portal.world.store.plan_offer(&acme(), &id, &offer.id).await.unwrap().unwrap();
    assert_eq!(known.status, PlanOfferStatus::Agreed);
    assert_eq!(portal.send("GET", &there, &[], "").await.leads(), made);
    portal.get(&format!("/p/{code}")).await.is(200).hides("Wir bieten Ihnen an").says("Ihre Ratenzahlung für 1001");
}

#[tokio::test]
async fn an_offer_that_is_over_or_does_not_fit_any_more_cannot_be_agreed_to() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let other = portal.world.customer("acme", "C-2", |_| {}).await;
    let (code, theirs) = (portal.code(&acme(), &id).await, portal.code(&acme(), &other).await);
    let there = |offer: &PlanOffer| format!("/p/{code}/plan/{}", offer.id);
    let (first, second) = (offered(&portal, &id, 50_000).await, offered(&portal, &id, 60_000).await);
    for none in [format!("/p/{code}/plan/pof_none"), format!("/p/{theirs}/plan/{}", first.id)] {
        portal.get(&none).await.is(404);
    }
    for no_id in ["pof_", "x", "pof_a%2f..", "agr_none"] {
        portal.get(&format!("/p/{code}/plan/{no_id}")).await.is(404);
    }
    // A person takes one back while the customer looks at it.
    let cookie = portal.confirm(&id, &code).await;
    portal.get_with(&[&cookie], &there(&first)).await.is(200);
    let now = portal.world.now();
    let withdrawn = first.with(PlanOfferStatus::Withdrawn, now);
    portal.world.store.put_plan_offer(&acme(), &id, Some(&first), &withdrawn, None, now).await.unwrap();
    let gone = portal.post_with(&[&cookie], &there(&first), &[]).await.is(410).says("Dieses Angebot gibt es nicht mehr.");
    gone.hides("zustimmen</button>");
    // Two people change it at once: one of them does.
    let late = portal.world.store.put_plan_offer(&acme(), &id, Some(&first), &withdrawn, None, now).await;
    assert!(matches!(late, Err(store::Error::Conflict { .. })), "{late:?}");
    // What is open is less than it was offered for.
    portal.pay(&id, 2).await;
    let page = portal.post_with(&[&cookie], &there(&second), &[]).await.is(400);
    page.says("Seit diesem Angebot hat sich geändert, was offen ist.");
    // To the end of its last day, and not a minute longer.
    *portal.world.now.lock().unwrap() = testbed::api::at("2026-02-20T22:59:59Z");
    portal.get(&there(&second)).await.is(200).says("Sie können bis zum 20. Februar 2026 zustimmen.");
    *portal.world.now.lock().unwrap() = testbed::api::at("2026-02-20T23:00:00Z");
    let over = portal.get(&there(&second)).await.is(410).says("Diesem Angebot konnten Sie bis zum 20. Februar 2026 zustimmen.");
    over.says("for=plan");
    portal.post(&there(&second), &[]).await.is(410);
    portal.get(&format!("/p/{code}")).await.is(200).hides("Wir bieten Ihnen an");
    assert!(portal.agreements(&id).await.is_empty());
}

#[tokio::test]
async fn the_parts_that_are_due_and_the_next_one_can_be_paid() {
    let (portal, id, code) = open_portal().await;
    portal
        .set(|settings| {
            settings.payment_details = Some("Example Bank".to_owned());
            settings.plans.grace_days = 30;
        })
        .await;
    let (address, invoice) = (format!("/p/{code}/plan"), Portal::invoice("C-1", "1001"));
    let cookie = portal.confirm(&id, &code).await;
    let looked = portal.post_with(&[&cookie], &address, &fields(invoice.as_str(), &[])).await.is(200);
    let told = seen(&looked);
    let sent = fields(invoice.as_str(), &[("act", "agree"), ("seen", &told)]);
    let made = portal.post_with(&[&cookie], &address, &sent).await.leads();
    let plan = made.split_once("made=").unwrap().1;
    let amount = |minor: &str| format!("name=\"amount_{invoice}\" value=\"{minor}\"");
    let next = format!("/p/{code}/pay?plan={plan}&in=EUR&to=");
    let statement = portal.get(&format!("/p/{code}")).await.is(200);
    statement.says("Die nächste Rate zahlen").says(&format!("plan={plan}&amp;in=EUR"));
    // Nothing is due yet: without the plan's link the invoice is not chosen.
    let page = portal.get(&format!("/p/{code}/pay")).await.is(200);
    page.hides(&format!("value=\"{invoice}\" checked"));
    portal.get(&next).await.is(200).says(&amount("416,66"));
    // The first is due, then two are.
    for (now, minor) in [("2026-02-16T10:00:00Z", "416,66"), ("2026-03-16T10:00:00Z", "833,32")] {
        *portal.world.now.lock().unwrap() = testbed::api::at(now);
        portal.get(&format!("/p/{code}/pay")).await.is(200).says(&amount(minor));
        portal.get(&next).await.is(200).says(&amount(minor));
    }
}
