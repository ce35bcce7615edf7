//! A customer says by its page that it paid.

use domain::{AgreementAct, MoneyStatus, Terms};
use testbed::api::at;

use crate::visitor::{Portal, acme};

fn fields<'a>(invoice: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("invoice", invoice), ("amount", ""), ("sent_on", "2026-02-09"), ("way", "transfer")];
    for (name, value) in changes {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = *value,
            None => fields.push((*name, *value)),
        }
    }
    fields
}

#[tokio::test]
async fn who_paid_is_waited_for_and_told_how_it_stands() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let (code, invoice) = (portal.code(&acme(), &id).await, Portal::invoice("C-1", "1001"));
    let address = format!("/p/{code}/paid-already");
    portal.get(&format!("/p/{code}")).await.is(200).says("paid-already\">Ich habe schon gezahlt");
    portal.get(&format!("/p/{code}/invoices/{invoice}")).await.is(200).says("paid-already?invoice=");
    portal
        .get(&format!("{address}?invoice={invoice}"))
        .await
        .is(200)
        .says(&format!("value=\"{invoice}\" checked"))
        .says("min=\"2025-12-12\" max=\"2026-02-10\" value=\"2026-02-10\"")
        .says("<option value=\"transfer\" selected>Überweisung</option>");
    let sent = fields(invoice.as_str(), &[("amount", "400,00")]);
    let made = portal.post(&address, &sent).await.leads();
    assert_eq!(portal.post(&address, &sent).await.leads(), made, "the same form again is the same word");
    let [money] = <[_; 1]>::try_from(portal.agreements(&id).await).unwrap();
    let Terms::Money(terms) = &money.terms else { panic!("{money:?}") };
    assert_eq!(
        (money.amount_minor, terms.of[0].sent_minor, terms.expected_on.to_string().as_str()),
        (Some(40_000), Some(40_000), "2026-02-11")
    );
    portal
        .get(&made)
        .await
        .is(200)
        .says("Sie haben uns am 10. Februar 2026 gemeldet, dass 400,00\u{a0}€ an uns unterwegs sind.")
        .says("Wir warten darauf bis zum 11. Februar 2026.")
        .says("Rechnungen: 1001");
    // The rest of the same invoice is not announced while this did not come.
    portal.post(&address, &fields(invoice.as_str(), &[])).await.is(400).says("noch keine Zahlung gemeldet haben");
    let mut before = money;
    for (act, text) in
        [(AgreementAct::Cancel, "Es ist nicht bei uns gebucht."), (AgreementAct::Keep, "Es ist angekommen. Vielen Dank.")]
    {
        let mut open = before.clone();
        open.ended_at = None;
        if let Terms::Money(terms) = &mut open.terms {
            terms.status = MoneyStatus::Expected;
        }
        let after = open.act(&act, vec![], portal.world.now()).unwrap();
        portal.world.store.put_agreement(&acme(), &id, Some(&before), &after, portal.world.now()).await.unwrap();
        portal.get(&made).await.is(200).says(text).hides("Wir warten darauf");
        before = after;
    }
    // It came: the rest may be announced, of two invoices at once, the older one first.
    let newer = Portal::invoice("C-1", "1002");
    let both = [fields(invoice.as_str(), &[("amount", "900,00")]), vec![("invoice", newer.as_str())]].concat();
    let made = portal.post(&address, &both).await.leads();
    portal.get(&made).await.is(200).says("900,00\u{a0}€");
    let second = portal.agreements(&id).await.into_iter().find(|known| made.ends_with(known.id.as_str())).unwrap();
    assert!(second.scope.names(&invoice) && second.of().len() == 1, "what it does not reach is left out: {second:?}");
}

#[tokio::test]
async fn what_cannot_have_been_paid_is_said_so_and_what_was_typed_is_kept() {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let other = portal.world.customer("acme", "C-2", |customer| customer.language = Some("en".to_owned())).await;
    let (code, others) = (portal.code(&acme(), &id).await, portal.code(&acme(), &other).await);
    let (address, invoice, theirs) =
        (format!("/p/{code}/paid-already"), Portal::invoice("C-1", "1001"), Portal::invoice("C-2", "1001"));
    let before = portal.world.everything().await;
    let day = "Wählen Sie heute oder einen der letzten Tage.";
    let lines = "Wählen Sie Rechnungen in einer Währung";
    for (changes, text) in [
        (vec![("sent_on", "2026-02-11")], day),
        (vec![("sent_on", "2026-01-15")], day),
        (vec![("sent_on", "2016-02-09")], day),
        (vec![("sent_on", "gestern")], day),
        (vec![("amount", "1.250,01")], "höchstens 1.250,00\u{a0}€"),
        (vec![("amount", "0")], "höchstens 1.250,00\u{a0}€"),
        (vec![("amount", "viel")], "höchstens 1.250,00\u{a0}€"),
        (vec![("way", "gold")], "Wählen Sie, wie Sie gezahlt haben."),
        (vec![("invoice", theirs.as_str())], lines),
        (vec![("invoice", "<b>")], lines),
        (vec![("line", "7")], "was dieses Formular nicht hat"),
    ] {
        let page = portal.post(&address, &fields(invoice.as_str(), &changes)).await.is(400).says(text);
        page.says("Es ist noch nichts aufgenommen.").hides("<b>");
    }
    let none = [("amount", "5,00"), ("sent_on", "2026-02-09"), ("way", "card")];
    portal.post(&address, &none).await.is(400).says("Wählen Sie mindestens eine Rechnung.").says("value=\"5,00\"");
    let english = format!("/p/{others}/paid-already");
    let page = portal.post(&english, &fields(theirs.as_str(), &[("amount", "2,000.00")])).await.is(400);
    page.says("at most €1,250.00, such as €625.00").says("I have paid already");
    assert_eq!(portal.world.everything().await, before, "nothing was written");
    portal.pay(&id, 2).await;
    portal.post(&address, &fields(invoice.as_str(), &[])).await.is(400).says(lines);
    assert_eq!(portal.agreements(&id).await, vec![]);
    // Of no agreement, and of one that is no money, there is nothing to say.
    portal.get(&format!("{address}?made=agr_none")).await.is(404);
    *portal.world.now.lock().unwrap() = at("2026-06-10T10:00:00Z");
    portal.get(&address).await.is(410);
}
