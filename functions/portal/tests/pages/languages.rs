//! The pages as somebody reads them whose language is neither English nor that of the other tests.

use crate::visitor::{Portal, acme, with_something_paid};

#[tokio::test]
async fn a_french_reader_is_spoken_to_in_french_on_the_whole_way() {
    let portal = Portal::new().await;
    let id = portal
        .world
        .customer("acme", "C-1", |customer| {
            customer.language = Some("fr".to_owned());
            customer.country = Some("FR".to_owned());
        })
        .await;
    let code = portal.code(&acme(), &id).await;
    with_something_paid(&portal, &id).await;
    let (statement, invoice) = (format!("/p/{code}"), Portal::invoice("C-1", "1001"));
    portal
        .get(&statement)
        .await
        .is(200)
        .says("<html lang=\"fr\">")
        .says("<h1>Relevé de compte</h1>")
        .says("1\u{202f}000,00\u{a0}€")
        .says("4 février 2026")
        .says("6 jours de retard")
        .says("à payer dans 19 jours")
        .says("Télécharger le relevé en PDF");
    let table = portal.data(&format!("{statement}/statement.csv"), "*/*").await.is(200);
    let rows: Vec<&str> = table.html.lines().collect();
    assert!(rows[0].starts_with("\u{feff}Facture;échéance;Commande;Émise le;À payer le;"), "{rows:?}");
    assert!(rows[1].contains(";1250,00;250,00;1000,00;"), "{rows:?}");
    let dispute = format!("{statement}/invoices/{invoice}/dispute");
    let page = portal.post(&dispute, &[("reason", "price"), ("amount", "1\u{202f}000,01"), ("words", "")]).await.is(400);
    page.says("supérieur à zéro et d’au plus 1\u{202f}000,00\u{a0}€").says("<option value=\"price\" selected>");
    let promise = format!("{statement}/promise");
    portal.get(&promise).await.is(200).says("Du 10 février 2026 au 24 février 2026.").says("selected>Virement</option>");
    let fields = [("invoice", invoice.as_str()), ("amount", "500,00"), ("pays_on", "2026-02-13"), ("way", "transfer")];
    let made = portal.post(&promise, &fields).await.leads();
    let page = portal.get(&made).await.is(200);
    page.says("Vous avez promis de payer 500,00\u{a0}€ au plus tard le 13 février 2026.").says("Nous attendons jusqu’au ");
    portal.get(&statement).await.is(200).says("paiement promis pour le 13 février 2026");
}

/// What a reader in a language and country is told: the page's language, the heading, an amount, a date, how late and how soon, and the document.
async fn is_spoken_to(language: &str, country: &str, says: [&str; 7]) {
    let portal = Portal::new().await;
    let id = portal
        .world
        .customer("acme", "C-1", |customer| {
            customer.language = Some(language.to_owned());
            customer.country = Some(country.to_owned());
        })
        .await;
    let code = portal.code(&acme(), &id).await;
    with_something_paid(&portal, &id).await;
    let page = portal.get(&format!("/p/{code}")).await.is(200);
    says.into_iter().fold(page, |page, said| page.says(said));
}

#[tokio::test]
async fn a_spanish_reader_is_spoken_to_in_spanish() {
    let says = [
        "<html lang=\"es\">",
        "<h1>Extracto de cuenta</h1>",
        "1000,00\u{a0}€",
        "4 de febrero de 2026",
        "6 días de retraso",
        "vence en 19 días",
        "Descargar el extracto en PDF",
    ];
    is_spoken_to("es", "ES", says).await;
}

#[tokio::test]
async fn an_italian_reader_is_spoken_to_in_italian() {
    let says = [
        "<html lang=\"it\">",
        "<h1>Estratto conto</h1>",
        "1000,00\u{a0}€",
        "4 febbraio 2026",
        "6 giorni di ritardo",
        "scade tra 19 giorni",
        "Scarica l’estratto conto in PDF",
    ];
    is_spoken_to("it", "IT", says).await;
}

#[tokio::test]
async fn promises_in_spanish_and_italian_name_their_days_as_these_languages_do() {
    for (language, country, days, made, waits) in [
        (
            "es",
            "ES",
            "Del 10 de febrero de 2026 al 24 de febrero de 2026.",
            "Se ha comprometido a pagar 500,00\u{a0}€ a más tardar el 13 de febrero de 2026.",
            "Esperamos hasta el ",
        ),
        (
            "it",
            "IT",
            "Dal giorno 10 febbraio 2026 al giorno 24 febbraio 2026.",
            "Ha promesso di pagare 500,00\u{a0}€ entro il giorno 13 febbraio 2026.",
            "Aspettiamo fino al giorno ",
        ),
    ] {
        let portal = Portal::new().await;
        let id = portal
            .world
            .customer("acme", "C-1", |customer| {
                customer.language = Some(language.to_owned());
                customer.country = Some(country.to_owned());
            })
            .await;
        let code = portal.code(&acme(), &id).await;
        with_something_paid(&portal, &id).await;
        let (promise, invoice) = (format!("/p/{code}/promise"), Portal::invoice("C-1", "1001"));
        portal.get(&promise).await.is(200).says(days);
        let fields = [("invoice", invoice.as_str()), ("amount", "500,00"), ("pays_on", "2026-02-13"), ("way", "transfer")];
        let address = portal.post(&promise, &fields).await.leads();
        portal.get(&address).await.is(200).says(made).says(waits);
    }
}

#[tokio::test]
async fn a_dutch_reader_is_spoken_to_in_dutch() {
    let says = [
        "<html lang=\"nl\">",
        "<h1>Rekeningoverzicht</h1>",
        "€\u{a0}1.000,00",
        "4 februari 2026",
        "6 dagen te laat",
        "vervalt over 19 dagen",
        "Het overzicht als PDF downloaden",
    ];
    is_spoken_to("nl", "NL", says).await;
}

#[tokio::test]
async fn a_portuguese_reader_is_spoken_to_in_portuguese() {
    let says = [
        "<html lang=\"pt\">",
        "<h1>Extrato de conta</h1>",
        "1000,00\u{a0}€",
        "4 de fevereiro de 2026",
        "6 dias de atraso",
        "vence daqui a 19 dias",
        "Transferir o extrato em PDF",
    ];
    is_spoken_to("pt", "PT", says).await;
}

#[tokio::test]
async fn a_japanese_reader_is_spoken_to_in_japanese() {
    let says = [
        "<html lang=\"ja\">",
        "<h1>残高明細書</h1>",
        "€1,000.00",
        "2026年2月4日",
        "期日を6日超過",
        "あと19日で期日",
        "残高明細書をPDFでダウンロード",
    ];
    is_spoken_to("ja", "JP", says).await;
}

#[tokio::test]
async fn a_region_writes_amounts_in_its_own_way() {
    let portal = Portal::new().await;
    let id = portal
        .world
        .customer("acme", "C-1", |customer| {
            customer.language = Some("fr-CA".to_owned());
            customer.country = Some("CA".to_owned());
        })
        .await;
    let code = portal.code(&acme(), &id).await;
    portal
        .get(&format!("/p/{code}"))
        .await
        .is(200)
        .says("<html lang=\"fr\">")
        .says("1\u{a0}250,00\u{a0}€")
        .says("Total restant dû");
}

#[tokio::test]
async fn who_is_not_known_reads_as_the_message_or_the_browser_says() {
    let portal = Portal::new().await;
    portal.world.customer("acme", "C-1", |_| {}).await;
    let browser = [("Accept-Language", "fr-CH, fr;q=0.9, en;q=0.8")];
    portal.send("GET", "/p/x", &browser, "").await.is(404).says("<html lang=\"fr\">").says("Ce lien ne fonctionne pas");
    let stop = format!("/p/{}/opt-out?l=fr", portal.stop(domain::Channel::Email, "ap@acme.example").await);
    portal.get(&stop).await.is(200).says("Devons-nous cesser d’envoyer à ").says("l=fr");
    portal
        .call("POST", &stop, "List-Unsubscribe=One-Click")
        .await
        .is(200)
        .says("Plus aucun e-mail concernant les factures à régler");
}
