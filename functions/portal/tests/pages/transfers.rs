//! Paying by transfer: the page with the account, the reference and the code, and what it says once the books have the money.

use domain::{
    Basket, CustomerId, CustomerRef, Document, Payment, PaymentId, PaymentKind, PaymentStatus, SourceVersion, basket::BasketBegin,
};
use payments::{
    ErrandKind,
    transfer::{PayeeAccount, TransferReference},
};
use serde_json::{Value, json};
use store::{BasketSays, Receipt};
use testbed::baskets::begun;

use crate::{
    paying::{amount, first, form_of, good},
    visitor::{Portal, Reply, acme},
};

const GERMAN: &str = "DE89 3704 0044 0532 0130 00";

/// A portal whose tenant has accounts, with a customer.
async fn with(accounts: Value) -> (Portal, CustomerId, String) {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    portal.set(|settings| settings.bank_accounts = serde_json::from_value(accounts).unwrap()).await;
    let code = portal.code(&acme(), &id).await;
    (portal, id, code)
}

/// Chooses a transfer of 1,250.00 on the form, and has it begun as `begin-payment` does; the basket and the address of its page.
async fn announce(portal: &Portal, code: &str) -> (Basket, String) {
    let form = form_of(&portal.get(&format!("/p/{code}/pay")).await.is(200).says("Überweisung"));
    portal.answers(json!({"status": "begun"}));
    let (invoice, typed) = (first().to_string(), amount(&first(), "1.250,00"));
    let mut fields = good(&form, &invoice, &typed);
    fields[3].1 = "transfer:transfer";
    let here = portal.post(&format!("/p/{code}/pay"), &fields).await.leads();
    let errand = portal.errands().remove(0);
    let ErrandKind::Begin(wish) = &errand.what else { panic!("nothing is begun") };
    let begin = BasketBegin {
        id: wish.id.clone(),
        currency: wish.currency,
        legal_entity: wish.legal_entity.as_str().into(),
        lines: wish.lines.clone(),
        provider: wish.provider.clone(),
        way: wish.way.clone(),
        link: wish.link.clone(),
        pays_on: Some("2026-02-10".parse().unwrap()),
    };
    let basket = begun(&portal.world.store, &acme(), &errand.customer, begin, portal.world.now()).await;
    let settings = portal.world.store.settings(&acme()).await.unwrap().unwrap().value;
    let account = settings.bank_account_of("", basket.currency).and_then(|account| PayeeAccount::of(account, basket.currency));
    let form = account.map_or(payments::transfer::ReferenceForm::CreditorReference, |account| account.reference_form().unwrap());
    let reference = TransferReference::of_basket(form, &basket.id);
    let says = BasketSays::SentOn { provider_id: reference.electronic(), pay_url: None };
    (portal.says(&errand.customer, &basket.id, says).await, here)
}

/// What a banking app reads on a page: four pixels for each module of the code.
fn scanned(page: &Reply) -> String {
    const PIXEL: u32 = 23;
    let svg = page.html.split_once("<svg").and_then(|(_, rest)| rest.split_once("</svg>")).expect("a code").0;
    let side = svg.split("width=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().parse::<u32>().unwrap() / PIXEL;
    let mut pixels = vec![255_u8; (side * side) as usize];
    for path in svg.split("<path").skip(1) {
        let shade = if path.contains("fill=\"#fff\"") { 255 } else { 0 };
        let drawn = path.split(" d=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a path is drawn");
        for part in drawn.split('M').skip(1) {
            let numbers: Vec<u32> = part.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
            let [x, y, width, height] = [numbers[0], numbers[1], numbers[2], numbers[3]].map(|number| number / PIXEL);
            for (row, column) in (y..y + height).flat_map(|row| (x..x + width).map(move |column| (row, column))) {
                pixels[(row * side + column) as usize] = shade;
            }
        }
    }
    let size = side as usize;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(size, size, |x, y| pixels[y * size + x]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code is found");
    grids[0].decode().expect("it reads").1
}

#[tokio::test]
async fn the_page_shows_account_reference_and_a_code_that_reads() {
    let german = json!({"holder": "Acme <& Co> GmbH", "iban": GERMAN, "bic": "COBADEFFXXX", "bank": "Example Bank"});
    let belgian = json!({"holder": "Acme BV", "iban": "BE68539007547034", "currency": "EUR"});
    let address = json!({"street": "Rue du Lac", "building": "1268", "postal_code": "2501", "town": "Biel", "country": "CH"});
    let swiss = json!({"holder": "Acme AG", "qr_iban": "CH4431999123000889012", "address": address});
    for (account, iban, begins) in [
        (german, GERMAN, "BCD\n002\n1\nSCT\nCOBADEFFXXX\nAcme <& Co> GmbH\nDE89370400440532013000\nEUR1250.00\n"),
        (belgian, "BE68 5390 0754 7034", "BCD\n002\n1\nSCT\n\nAcme BV\nBE68539007547034\nEUR1250.00\n"),
        (
            swiss,
            "CH44 3199 9123 0008 8901 2",
            "SPC\n0200\n1\nCH4431999123000889012\nS\nAcme AG\nRue du Lac\n1268\n2501\nBiel\nCH\n",
        ),
    ] {
        let (portal, _, code) = with(json!([account])).await;
        let (basket, here) = announce(&portal, &code).await;
        let page = portal.get(&here).await.is(200);
        let stored = basket.provider_id.clone().unwrap();
        let shown = payments::transfer::ReferenceForm::ALL
            .into_iter()
            .find_map(|form| TransferReference::parse(form, &stored).ok())
            .expect("a reference")
            .shown();
        // The template escapes strokes.
        let escaped = shown.replace('/', "&#x2f;");
        let said = scanned(&page);
        assert!(said.starts_with(begins), "{said}");
        assert!(said.contains(&stored) || said.contains(&shown), "{said} names {stored}");
        let policy = page.headers["content-security-policy"].as_str().unwrap().to_owned();
        assert!(!policy.contains("img-src") && !policy.contains("unsafe"), "{policy}");
        page.says("Kontoinhaber")
            .says(iban)
            .says(&escaped)
            .says("1.250,00\u{a0}€")
            .says("role=\"img\" aria-label=\"QR-Code für eine Banking-App: 1.250,00\u{a0}€ an Acme")
            .says(&format!("Verwendungszweck: {stored}"))
            .says("Betrag: 1250.00 EUR")
            .hides("<& Co>")
            .hides("style=");
    }
}

#[tokio::test]
async fn an_account_without_iban_or_for_another_currency_has_no_code() {
    let local = json!([{"holder": "Acme Ltd", "local": {"routing": "12-34-56", "number": "12345678"}}]);
    let (portal, _, code) = with(local).await;
    let (_, here) = announce(&portal, &code).await;
    let page = portal.get(&here).await.is(200).says("Bankleitzahl").says("12-34-56").says("12345678");
    page.says("RF").hides("<svg").hides("IBAN");
    // Of dollars alone it is no way to pay euros.
    let (portal, _, code) = with(json!([{"holder": "Acme", "iban": GERMAN, "currency": "USD"}])).await;
    portal.get(&format!("/p/{code}/pay")).await.is(200).hides("Überweisung");
}

/// Has the books say that 1,250.00 came for the invoice.
async fn booked(portal: &Portal, customer: &CustomerId, reference: Option<&str>) {
    let payment = Payment {
        id: PaymentId::derive(&["books", "P-1"]),
        kind: PaymentKind::Payment,
        external_id: "P-1".to_owned(),
        source_version: SourceVersion::Number(1),
        status: PaymentStatus::Received,
        amount_minor: 125_000,
        currency: domain::Currency::EUR,
        received_on: "2026-02-10".parse().unwrap(),
        legal_entity: None,
        allocations: vec![domain::Allocation { invoice: first(), amount_minor: 125_000 }],
        reference: reference.map(str::to_owned),
        taken_here: None,
    };
    let document = Document::Payment { customer: CustomerRef::Named(customer.clone()), payment };
    let receipt = Receipt { source: "canonical".to_owned(), event_id: "p-1".to_owned() };
    portal.world.store.apply(&acme(), &receipt, &[document], portal.world.now()).await.unwrap();
}

#[tokio::test]
async fn once_the_books_have_the_money_the_page_says_so() {
    for (is_named, says) in [(true, "Ihre Zahlung ist eingegangen"), (false, "nichts mehr zu überweisen")] {
        let (portal, id, code) = with(json!([{"holder": "Acme GmbH", "iban": GERMAN}])).await;
        let (basket, here) = announce(&portal, &code).await;
        portal.get(&here).await.is(200).says("Bitte überweisen Sie").says("Nicht gefordert bis");
        let stored = basket.provider_id.as_deref().filter(|_| is_named);
        booked(&portal, &id, stored).await;
        portal.get(&here).await.is(200).says(says).hides("<svg").hides("cancel").hides("Nicht gefordert bis").hides(".pdf");
        portal.get(&format!("{here}.pdf")).await.is(404);
        let form = portal.get(&format!("/p/{code}/pay")).await.is(200).hides(&first().to_string());
        if is_named {
            form.hides("läuft bereits");
        }
    }
}

#[tokio::test]
async fn the_statement_says_where_to_pay_without_words_of_the_tenants_own() {
    let (portal, _, code) =
        with(json!([{"holder": "Acme GmbH", "iban": "DE89370400440532013000", "bank": "Example Bank"}])).await;
    portal.get(&format!("/p/{code}")).await.is(200).says(&format!("IBAN {GERMAN}")).says("Example Bank").says("class=\"button\"");
    portal.set(|settings| settings.payment_details = Some("By cheque".to_owned())).await;
    portal.get(&format!("/p/{code}")).await.is(200).says("By cheque").hides(GERMAN);
}
