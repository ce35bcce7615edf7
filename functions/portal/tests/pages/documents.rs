//! Documents: where pages lead to them, what is asked of whoever makes them, and where the visitor is led.

use domain::{
    CustomerId, CustomerRef, Document, InvoiceId, InvoiceStatus, Money, PaymentId, ProviderOutcome, ProviderSaid, SourceVersion,
    WayOfPaying,
};
use serde_json::{Value, json};
use store::{BasketHeard, BasketOwner, BasketSays, Receipt};
use testbed::{
    api::at,
    baskets::{begun, by_card},
};

use crate::visitor::{Portal, acme};

const KEY: &str = "documents/acme/0a1b.pdf";

async fn opened() -> (Portal, CustomerId, String) {
    let portal = Portal::new().await;
    let id = portal.world.customer("acme", "C-1", |_| {}).await;
    let code = portal.code(&acme(), &id).await;
    (portal, id, code)
}

/// The one that the source shows no page of.
fn plain() -> InvoiceId {
    Portal::invoice("C-1", "1002")
}

impl Portal {
    /// What the function answers next that makes documents.
    fn makes(&self, answer: Value) {
        self.world.aws.invocations.lock().unwrap().push_back(Some(answer));
    }

    /// What it was asked for since it was last looked.
    fn documents_asked(&self) -> Vec<Value> {
        let invoked: Vec<(String, Value)> = self.world.aws.invoked.lock().unwrap().drain(..).collect();
        let good = |(function, asked): &(String, Value)| function == "make-documents" && asked["schema_version"] == 1;
        assert!(invoked.iter().all(good), "{invoked:?}");
        invoked.into_iter().map(|(_, asked)| asked).collect()
    }

    /// A version of an invoice of the customer C-1.
    async fn becomes(&self, customer: &CustomerId, number: &str, version: u64, change: impl FnOnce(&mut domain::Invoice)) {
        let store = &self.world.store;
        let head = store.head(&acme(), customer).await.unwrap().unwrap();
        let facts = store.facts(&acme(), &head).await.unwrap();
        let asked = [(customer.clone(), Self::invoice("C-1", number))];
        let mut invoice = store.invoices_by_id(&acme(), &asked).await.unwrap().remove(0).invoice;
        invoice.source_version = SourceVersion::Number(version);
        change(&mut invoice);
        let document = Document::Invoice { customer: CustomerRef::Full(Box::new(facts.customer.clone())), invoice };
        let receipt = Receipt { source: "canonical".to_owned(), event_id: format!("{customer}-{number}-{version}") };
        store.apply(&acme(), &receipt, &[document], self.world.now()).await.unwrap();
    }
}

#[tokio::test]
async fn a_document_is_made_by_another_function_and_fetched_from_the_bucket() {
    let (portal, id, code) = opened().await;
    let (first, second) = (Portal::invoice("C-1", "1001"), plain());
    let statement = format!("/p/{code}/statement.pdf");
    portal.get(&format!("/p/{code}")).await.is(200).says("statement.pdf\">Kontoübersicht als PDF herunterladen</a>");
    // Where the source shows its own invoice, no copy of ours stands beside it.
    let page = portal.get(&format!("/p/{code}/invoices/{first}")).await.is(200);
    page.says("https:&#x2f;&#x2f;acme.example&#x2f;i&#x2f;1001").hides(".pdf");
    let page = portal.get(&format!("/p/{code}/invoices/{second}")).await.is(200);
    page.says(&format!("{second}.pdf\">Kopie dieser Rechnung als PDF herunterladen</a>"));
    for (address, document, file) in [
        (statement.clone(), json!({"kind": "statement"}), "statement-2026-02-10.pdf"),
        (
            format!("/p/{code}/invoices/{second}.pdf"),
            json!({"kind": "invoice_copy", "invoice": second.as_str()}),
            "invoice-1002.pdf",
        ),
    ] {
        portal.makes(json!({"status": "made", "key": KEY, "size": 7}));
        let link = portal.send("GET", &address, &[], "").await.leads();
        let name = format!("filename%3D%22{file}%22");
        for part in ["/bodies/documents/acme/0a1b.pdf?", "X-Amz-Signature=", "X-Amz-Expires=900&", &name] {
            assert!(link.contains(part), "no '{part}' in {link}");
        }
        let asked = portal.documents_asked();
        let expected = json!({"schema_version": 1, "tenant": "acme", "customer": id.as_str(), "document": document});
        assert_eq!(asked, [expected], "in the customer's own language");
        // Again and again in a minute, nobody is asked again.
        assert_eq!(portal.send("GET", &address, &[], "").await.leads(), link);
        assert_eq!(portal.send("HEAD", &address, &[], "").await.leads(), link);
        assert!(portal.documents_asked().is_empty());
    }
    // What changes is seen at once.
    portal.becomes(&id, "1001", 2, |invoice| invoice.paid_minor = 25_000).await;
    portal.makes(json!({"status": "kept", "key": "documents/acme/2c3d.pdf", "size": 7}));
    let link = portal.send("GET", &statement, &[], "").await.leads();
    assert!(link.contains("/bodies/documents/acme/2c3d.pdf?"), "{link}");
    assert_eq!(portal.documents_asked().len(), 1);
    portal.world.read_units();
    *portal.world.now.lock().unwrap() = at("2026-02-10T10:02:00Z");
    portal.makes(json!({"status": "kept", "key": KEY, "size": 7}));
    portal.send("GET", &statement, &[], "").await.leads();
    let units = portal.world.read_units();
    assert!(units <= 12.0, "{units} read units");
}

#[tokio::test]
async fn nothing_is_made_that_the_link_is_not_for() {
    let (portal, id, code) = opened().await;
    let other = portal.world.customer("acme", "C-2", |_| {}).await;
    let before = portal.world.everything().await;
    let (own, foreign) = (plain(), Portal::invoice("C-2", "1002"));
    for address in [
        format!("/p/{code}/invoices/{foreign}.pdf"),
        format!("/p/{code}/invoices/inv_0000.pdf"),
        format!("/p/{code}/invoices/x.pdf"),
        format!("/p/{code}/paid/pay_0123456789abcdef.pdf"),
        format!("/p/{code}/statement.pdf/x"),
        format!("/p/{}/statement.pdf", "0".repeat(22)),
        "/p/nothing/statement.pdf".to_owned(),
    ] {
        portal.get(&address).await.is(404);
    }
    for method in ["POST", "PUT", "DELETE"] {
        portal.call(method, &format!("/p/{code}/statement.pdf"), "").await.is(405);
    }
    assert_eq!(portal.world.everything().await, before, "nothing of the table changes");
    // Drafts, what is issued in days to come, and what is cancelled.
    let changes: [fn(&mut domain::Invoice); 3] = [
        |invoice| invoice.status = InvoiceStatus::Draft,
        |invoice| invoice.status = InvoiceStatus::Void,
        |invoice| (invoice.status, invoice.issued_on) = (InvoiceStatus::Open, "2026-02-11".parse().unwrap()),
    ];
    for (version, change) in (2..).zip(changes) {
        portal.becomes(&id, "1002", version, change).await;
        portal.get(&format!("/p/{code}/invoices/{own}.pdf")).await.is(404);
    }
    // A link that was revoked, and one whose address is none of the customer's any more.
    let theirs = portal.code(&acme(), &other).await;
    let known = portal.world.store.link(&store::LinkCode::parse(&theirs).unwrap().id()).await.unwrap().unwrap();
    assert!(portal.world.store.revoke_link(&acme(), &other, &known.link, portal.world.now()).await.unwrap());
    portal.get(&format!("/p/{theirs}/statement.pdf")).await.is(410);
    let left = portal.world.customer("acme", "C-3", |_| {}).await;
    let lefts = portal.code(&acme(), &left).await;
    let head = portal.world.store.head(&acme(), &left).await.unwrap().unwrap();
    let mut described = portal.world.store.facts(&acme(), &head).await.unwrap().customer;
    described.source_version = Some(SourceVersion::Number(9));
    described.contacts[0].email = Some("new@acme.example".to_owned());
    let receipt = Receipt { source: "canonical".to_owned(), event_id: "left".to_owned() };
    portal.world.store.apply(&acme(), &receipt, &[Document::Customer(described)], portal.world.now()).await.unwrap();
    portal.get(&format!("/p/{lefts}/statement.pdf")).await.is(410);
    assert!(portal.documents_asked().is_empty(), "nobody was asked to make any of it");
}

#[tokio::test]
async fn what_cannot_be_had_is_said_and_can_be_asked_for_again() {
    let (portal, _, code) = opened().await;
    let address = format!("/p/{code}/statement.pdf");
    // It fails, and it answers what nobody knows.
    portal.get(&address).await.is(503).says("Das Dokument kann gerade nicht erstellt werden").says("<html lang=\"de\">");
    portal.makes(json!({"status": "unheard of"}));
    portal.get(&address).await.is(503).says("in einer Minute");
    let problem = portal.data(&address, "application/json").await.is(503);
    assert_eq!(problem.headers["content-type"], "application/problem+json", "{}", problem.html);
    portal.makes(json!({"status": "made", "key": KEY, "size": 7}));
    assert!(portal.send("GET", &address, &[], "").await.leads().contains(KEY), "a failure is not held");
    assert_eq!(portal.documents_asked().len(), 4);
    // What the function has nothing for is not there.
    let copy = format!("/p/{code}/invoices/{}.pdf", plain());
    portal.makes(json!({"status": "nothing", "why": "the tenant has no such customer"}));
    portal.get(&copy).await.is(404).hides("no such customer");
}

#[tokio::test]
async fn a_receipt_is_there_once_the_money_came() {
    let (portal, id, code) = opened().await;
    let basket = begun(&portal.world.store, &acme(), &id, by_card("b", plain(), "1002"), portal.world.now()).await;
    let page = format!("/p/{code}/paid/{}", basket.id);
    let receipt = format!("{page}.pdf");
    portal.get(&page).await.is(200).hides(".pdf");
    portal.get(&receipt).await.is(404);
    let money = Money::from_minor(5_000, domain::Currency::EUR);
    let said = ProviderSaid {
        basket: basket.id.clone(),
        event: "evt_1".to_owned(),
        at: portal.world.now(),
        provider_id: None,
        what: ProviderOutcome::Received { money, way: WayOfPaying::Card, reference: "pi_1".to_owned() },
    };
    let settings = portal.world.store.settings(&acme()).await.unwrap().unwrap().value;
    let owner = BasketOwner { tenant: acme(), customer: id.clone() };
    let says = BasketSays::Provider(&said, None);
    let heard = portal.world.store.change_basket(&owner, &basket.id, says, &settings, portal.world.now()).await.unwrap();
    assert!(matches!(heard, BasketHeard::Heard(..)));
    portal.get(&page).await.is(200).says(&format!("{}.pdf\">Zahlungsbestätigung als PDF herunterladen</a>", basket.id));
    portal.makes(json!({"status": "made", "key": KEY, "size": 7}));
    let link = portal.send("GET", &receipt, &[], "").await.leads();
    assert!(link.contains(&format!("receipt-{}.pdf", basket.id)), "{link}");
    let payment: PaymentId = basket.id.clone();
    assert_eq!(portal.documents_asked()[0]["document"], json!({"kind": "receipt", "payment": payment.as_str()}));
    // Nobody else's.
    let other = portal.world.customer("acme", "C-2", |_| {}).await;
    let theirs = portal.code(&acme(), &other).await;
    portal.get(&format!("/p/{theirs}/paid/{}.pdf", basket.id)).await.is(404);
    assert!(portal.documents_asked().is_empty());
}

#[tokio::test]
async fn what_went_beyond_an_invoice_is_credit_as_on_the_document() {
    let (portal, id, code) = opened().await;
    portal.get(&format!("/p/{code}")).await.is(200).hides("Guthaben</dt>");
    portal.becomes(&id, "1001", 2, |invoice| invoice.paid_minor = invoice.total_minor + 10_000).await;
    portal.get(&format!("/p/{code}")).await.is(200).says("<dt>Nicht zugeordnetes Guthaben</dt><dd>100,00\u{a0}€</dd>");
}
