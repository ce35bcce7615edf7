//! Ways of paying that are kept, from the tick on the form to the provider's word that one is gone: on the local stack with the stand-ins of
//! GoCardless and Stripe.

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{Reply, TestTenant, code_in, portal_path},
};

use crate::paying::{form_by, happens, open, page, post, reminded_by, there};

/// Somebody who has a link, and entered a code.
struct Confirmed<'d> {
    desk: &'d TestTenant,
    path: String,
    cookie: String,
}

impl<'d> Confirmed<'d> {
    async fn by_code(desk: &'d TestTenant, path: &str) -> Self {
        desk.post_page(&format!("{path}/code"), "to=ways").await.is(303);
        desk.advance("PT10S").await;
        let code = code_in(desk.notices().last().unwrap());
        let right = desk.post_page(&format!("{path}/code/enter"), &format!("to=ways&code={code}")).await.is(303);
        assert_eq!(right.location.as_deref(), Some(format!("{path}/ways").as_str()));
        let cookie = right.cookie.as_deref().and_then(|cookie| cookie.split(';').next()).unwrap().to_owned();
        Self { desk, path: path.to_owned(), cookie }
    }

    async fn page(&self, place: &str) -> String {
        let with = [("cookie".to_owned(), self.cookie.clone())];
        self.desk.call("GET", &format!("{}{place}", self.path), &with, b"").await.is(200).text
    }

    async fn post(&self, place: &str, form: &str) -> Reply {
        let with = [
            ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ("cookie".to_owned(), self.cookie.clone()),
        ];
        self.desk.call("POST", &format!("{}{place}", self.path), &with, form.as_bytes()).await
    }

    /// Pays an invoice and has the way kept; the basket.
    async fn pays_keeping(&self, way: &str, (number, amount): (&str, &str), outcomes: &[&str]) -> String {
        let shown = self.page("/pay").await;
        assert!(shown.contains("name=\"keep\""), "{shown}");
        let known = there(self.desk).await.len();
        self.post("/pay", &format!("{}&keep=1", form_by(way, &shown, &[(number, amount)]))).await.is(303);
        let baskets = there(self.desk).await;
        assert_eq!(baskets.len(), known + 1, "{baskets:?}");
        let id = baskets[known]["id"].as_str().unwrap().to_owned();
        for outcome in outcomes {
            happens(self.desk, &id, outcome).await;
        }
        id
    }
}

/// The value of the way on a form that is kept.
fn kept(form: &str) -> Option<String> {
    form.split("value=\"kept:").nth(1).and_then(|rest| rest.split('"').next()).map(|id| format!("kept:{id}"))
}

/// What was set up with a basket is gone at its provider already.
async fn nothing_to_forget(desk: &TestTenant, basket: &str) {
    let wish = json!({"outcome": "forgotten"}).to_string();
    desk.call("POST", &format!("/_local/baskets/{basket}"), &[], wish.as_bytes()).await.is(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mandate_is_kept_pays_fails_late_and_is_gone_once_the_bank_cancels_it() {
    let (desk, path) = reminded_by("gocardless").await;
    desk.put(&invoice(&customer("C-2"), "G-1", 9_900, "2026-02-04")).await;
    desk.end_of("2026-02-06").await;
    let sent = desk.sent();
    let theirs = portal_path(sent.iter().find(|sent| sent.text.as_deref().is_some_and(|text| text.contains("G-1"))).unwrap());
    // By the link alone nothing is kept: there is no box to tick.
    let alone = page(&desk, &format!("{path}/pay")).await;
    assert!(!alone.contains("name=\"keep\"") && alone.contains(&format!("{}&#x2f;ways", path.replace('/', "&#x2f;"))), "{alone}");
    let payer = Confirmed::by_code(&desk, &path).await;
    let first = payer.pays_keeping("gocardless:sepa_debit", ("F-1", "1.250,00"), &["pending", "succeeded"]).await;
    assert_eq!(open(&desk).await.get("F-1"), None);
    let ways = payer.page("/ways").await;
    assert!(ways.contains("SEPA-Lastschrift (GoCardless), Konto mit den letzten Ziffern 12, gemerkt seit"), "{ways}");
    assert!(!page(&desk, &format!("{path}/ways")).await.contains("Ziffern 12"), "a code is needed");
    let stranger = Confirmed::by_code(&desk, &theirs).await;
    assert!(stranger.page("/ways").await.contains("ist keine Zahlungsart gemerkt"), "another customer's is nobody else's");
    assert_eq!(kept(&stranger.page("/pay").await), None);

    // It pays at once, without a page of the provider's, and as often as the form is sent, once.
    let shown = payer.page("/pay").await;
    let way = kept(&shown).unwrap();
    let form = form_by(&way, &shown, &[("F-2", "500,00")]);
    let refused = post(&desk, &format!("{path}/pay"), &form).await.is(422);
    assert!(refused.text.contains("ist wieder ein Code nötig"), "{}", refused.text);
    assert_eq!(there(&desk).await.len(), 1);
    let paid = payer.post("/pay", &form).await.is(303).location.unwrap();
    assert_eq!(payer.post("/pay", &form).await.is(303).location.as_deref(), Some(paid.as_str()));
    let second = paid.strip_prefix(&format!("{path}/paid/")).unwrap().to_owned();
    let baskets = there(&desk).await;
    let of = |id: &str| baskets.iter().find(|basket| basket["id"] == id).cloned().unwrap();
    assert_eq!((baskets.len(), &of(&second)["amount_minor"]), (2, &json!(50_000)), "{baskets:?}");
    assert!(page(&desk, &paid).await.contains("Ihre Zahlung ist unterwegs"), "it is on its way before any webhook came");
    assert_eq!(kept(&payer.page("/pay").await).as_ref(), Some(&way), "it is kept as before");

    // The money comes, and the bank takes it back: the invoice is open again.
    happens(&desk, &second, "succeeded").await;
    assert_eq!(open(&desk).await.get("F-2"), None);
    happens(&desk, &second, "failed").await;
    assert_eq!(open(&desk).await.get("F-2"), Some(&50_000));

    happens(&desk, &first, "forgotten").await;
    assert!(payer.page("/ways").await.contains("ist keine Zahlungsart gemerkt"));
    let shown = payer.page("/pay").await;
    assert_eq!(kept(&shown), None);
    payer.post("/pay", &form_by(&way, &shown, &[("F-2", "500,00")])).await.is(422);
    assert_eq!(there(&desk).await.len(), 2, "nothing is begun by what is gone");
    let audit = desk.admin("GET", "/v1/audit", &Value::Null).await.is(200).body.to_string();
    assert!(audit.contains("keep_way_by_link"), "that the payer agreed is noted: {audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_shown_again_by_its_provider_and_removed_there_and_here() {
    let (desk, path) = reminded_by("stripe").await;
    let payer = Confirmed::by_code(&desk, &path).await;
    let first = payer.pays_keeping("stripe:card", ("F-1", "1.250,00"), &["paid"]).await;
    assert!(payer.page("/ways").await.contains("Karte (Stripe), gemerkt seit"));
    let shown = payer.page("/pay").await;
    let way = kept(&shown).unwrap();
    let sent_on = payer.post("/pay", &form_by(&way, &shown, &[("F-2", "500,00")])).await.is(303).location;
    let baskets = there(&desk).await;
    assert_eq!((baskets.len(), sent_on.as_deref()), (2, baskets[1]["pay_url"].as_str()), "its payer chooses it on Stripe's page");
    happens(&desk, baskets[1]["id"].as_str().unwrap(), "paid").await;
    assert_eq!(open(&desk).await.keys().collect::<Vec<_>>(), ["F-3"]);

    let own = way.strip_prefix("kept:").unwrap().to_owned();
    assert_eq!(own, first);
    desk.post_page(&format!("{path}/ways"), &format!("remove={own}")).await.is(403);
    let back = payer.post("/ways", &format!("remove={own}")).await.is(303).location;
    assert_eq!(back, Some(format!("{path}/ways")));
    assert!(payer.page("/ways").await.contains("ist keine Zahlungsart gemerkt"));
    nothing_to_forget(&desk, &first).await;
    payer.post("/ways", &format!("remove={own}")).await.is(303);
    assert_eq!(kept(&payer.page("/pay").await), None);
    let audit = desk.admin("GET", "/v1/audit", &Value::Null).await.is(200).body.to_string();
    assert!(audit.contains("forget_way_by_link"), "{audit}");
}
