//! The console on a whole stack: signing in by the issuer of this machine as a browser does, and what is refused on the way.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{Reply, TENANT, TestTenant},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// A browser with its cookies, of one origin alone.
pub(crate) struct Browser<'a> {
    desk: &'a TestTenant,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    pub(crate) fn of(desk: &'a TestTenant) -> Self {
        Self { desk, cookies: RefCell::default() }
    }

    fn cookie(&self) -> String {
        self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn call(&self, method: &str, address: &str, more: &[(&str, &str)], body: &str) -> Reply {
        let mut headers: Vec<(String, String)> =
            more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        headers.push(("cookie".to_owned(), self.cookie()));
        let reply = self.desk.call(method, address, &headers, body.as_bytes()).await;
        if let Some((name, value)) = reply.cookie.as_deref().and_then(|kept| kept.split(';').next()?.split_once('=')) {
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
        reply
    }

    pub(crate) async fn get(&self, address: &str) -> Reply {
        self.call("GET", address, &[], "").await
    }

    pub(crate) async fn post(&self, address: &str, fields: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let origin = self.desk.stack.url().to_owned();
        let headers = [("content-type", FORM), ("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
        self.call("POST", address, &headers, &body).await
    }

    /// Begins a sign-in at a page: where the issuer asks who it is.
    async fn begin(&self, address: &str) -> String {
        let to_sign_in = self.get(address).await.is(303).location.unwrap();
        assert!(to_sign_in.starts_with("/console/sign-in?to="), "{to_sign_in}");
        let to_issuer = self.get(&to_sign_in).await.is(303).location.unwrap();
        assert!(to_issuer.starts_with(&format!("{}/_local/issuer/authorize?", self.desk.stack.url())), "{to_issuer}");
        to_issuer
    }

    /// Says at the issuer who it is: where that leads back to.
    async fn choose(&self, at_issuer: &str, person: &[(&str, &str)]) -> String {
        let (page, query) = at_issuer.split_once('?').unwrap();
        self.get(at_issuer).await.is(200);
        let asked: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let asked = asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<(&str, &str)> = asked.chain(person.iter().copied()).collect();
        self.post(page, &fields).await.is(303).location.unwrap()
    }

    /// Signs somebody in, and leads back to the page.
    pub(crate) async fn sign_in(&self, address: &str, person: &[(&str, &str)]) -> String {
        let at_issuer = self.begin(address).await;
        let back = self.choose(&at_issuer, person).await;
        self.get(&back).await.is(303).location.unwrap()
    }

    /// The token of the forms of this session.
    pub(crate) async fn form_token(&self) -> String {
        let page = self.get("/console/you").await.text;
        let rest = page.split_once("name=\"form_token\" value=\"").expect("a page with a form").1;
        rest.split('"').next().unwrap().to_owned()
    }
}

fn collector() -> [(&'static str, &'static str); 4] {
    [("tenant", TENANT), ("role", "collector"), ("sub", "robin"), ("name", "Robin Birch")]
}

/// A tenant with two customers who owe.
async fn desk() -> TestTenant {
    let desk = TestTenant::with("2026-02-04T20:00:00Z", json!({"country": "GB", "time_zone": "Europe/London"}), None).await;
    desk.put(&invoice(&customer("C-1"), "F-1", 125_000, "2026-01-05")).await;
    let mut second = customer("C-2");
    second["name"] = json!("Zeta <b>& Co</b>");
    desk.put(&invoice(&second, "F-2", 9_900, "2026-03-05")).await;
    desk.advance("PT10M").await;
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_and_sees_who_owes_what() {
    let desk = desk().await;
    let browser = Browser::of(&desk);
    assert_eq!(browser.sign_in("/console/customers?sort=-name", &collector()).await, "/console/customers?sort=-name");
    let page = browser.get("/console/customers?sort=-name").await.is(200).text;
    for text in [
        "<bdi>Robin Birch</bdi>, collector",
        "Zeta &lt;b&gt;&amp; Co&lt;&#x2f;b&gt;",
        "C-1",
        "€1,250.00",
        "aria-sort=\"descending\"",
    ] {
        assert!(page.contains(text), "no '{text}' in {page}");
    }
    let place = |text: &str| page.find(text).unwrap();
    assert!(place("Zeta") < place("C-1"), "from the end of the names");
    let found = browser.get("/console/customers?q=zeta").await.is(200).text;
    assert!(found.contains("Zeta") && !found.contains("C-1"), "{found}");
    assert!(browser.get("/console/customers?sort=next_action").await.is(200).text.contains("C-1"));
    // What the browser holds is no token, and the table holds none of it.
    let held = browser.cookies.borrow()["dunlin"].clone();
    assert_eq!(held.len(), 43, "{held}");
    let token = browser.form_token().await;
    browser.post("/console/sign-out", &[("form_token", &token)]).await.is(303);
    browser.cookies.borrow_mut().insert("dunlin".to_owned(), held);
    browser.get("/console/customers").await.is(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_of_one_browser_once_and_in_time() {
    let desk = desk().await;
    let (own, other) = (Browser::of(&desk), Browser::of(&desk));
    let at_issuer = own.begin("/console/customers").await;
    let back = own.choose(&at_issuer, &collector()).await;
    // Another browser, one that began a sign-in of its own too.
    other.get(&back).await.is(400);
    other.begin("/console/customers").await;
    other.get(&back).await.is(400);
    // With another state, and with a code that nobody was given.
    let (path, query) = back.split_once('?').unwrap();
    let with = |name: &str, value: &str| {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        let changed = pairs.map(|(known, old)| if known == name { (known, value.to_owned()) } else { (known, old) });
        format!("{path}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(changed).finish())
    };
    own.get(&with("state", &"A".repeat(43))).await.is(400);
    own.get(&with("code", "made-up")).await.is(403);
    own.get("/console/signed-in?error=access_denied").await.is(403);
    own.get(&back).await.is(303);
    own.get("/console/customers").await.is(200);
    // The same code again is worth nothing.
    let third = Browser::of(&desk);
    let at_issuer = third.begin("/console/customers").await;
    let back = third.choose(&at_issuer, &collector()).await;
    let kept = third.cookies.borrow().clone();
    third.get(&back).await.is(303);
    let replay = Browser { desk: &desk, cookies: RefCell::new(kept) };
    replay.get(&back).await.is(403);
    // And after ten minutes nothing is.
    let late = Browser::of(&desk);
    let at_issuer = late.begin("/console/customers").await;
    desk.advance("PT10M").await;
    let back = late.choose(&at_issuer, &collector()).await;
    late.get(&back).await.is(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_of_another_sign_in_is_not_taken() {
    let desk = desk().await;
    let browser = Browser::of(&desk);
    let at_issuer = browser.begin("/console/customers").await;
    // The nonce of another sign-in, as whoever puts a foreign code in its place would have.
    let (page, query) = at_issuer.split_once('?').unwrap();
    let asked = form_urlencoded::parse(query.as_bytes()).into_owned();
    let asked = asked.map(|(name, value)| if name == "nonce" { (name, "another".to_owned()) } else { (name, value) });
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
    let back = browser.choose(&format!("{page}?{query}"), &collector()).await;
    let refused = browser.get(&back).await.is(403).text;
    assert!(refused.contains("another sign-in"), "{refused}");
    browser.get("/console/customers").await.is(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_what_the_tenant_says_until_they_are_removed() {
    let desk = desk().await;
    desk.admin("POST", "/v1/members", &json!({"sub": "kim", "role": "viewer", "name": "Kim"})).await.is(200);
    let browser = Browser::of(&desk);
    let at_issuer = browser.begin("/console/you").await;
    let choice = browser.get(&at_issuer).await.is(200).text;
    assert!(choice.contains("Kim (viewer)") && choice.contains("Somebody (collector)"), "{choice}");
    // The only tenant that they are a member of, though the sign-in claims none.
    let back = browser.choose(&at_issuer, &[("sub", "kim"), ("name", "Kim")]).await;
    browser.get(&back).await.is(303);
    assert!(browser.get("/console/you").await.is(200).text.contains("viewer of <bdi>acme</bdi>"));
    browser.get("/console/customers").await.is(200);
    let token = browser.form_token().await;
    desk.admin("DELETE", "/v1/members/kim", &Value::Null).await.is(200);
    browser.get("/console/customers").await.is(403);
    // They may still leave, and a form from elsewhere is refused before.
    let headers = [("content-type", FORM), ("origin", "https://evil.example")];
    let body = format!("form_token={token}");
    browser.call("POST", "/console/sign-out", &headers, &body).await.is(403);
    browser.post("/console/sign-out", &[("form_token", "forged")]).await.is(403);
    browser.post("/console/sign-out", &[("form_token", &token)]).await.is(303);
    browser.get("/console/customers").await.is(303);
}
