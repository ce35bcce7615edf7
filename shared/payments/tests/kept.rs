//! Ways of paying that are kept at their providers: set up with a payment, paid by, forgotten, and gone by word of the provider.

mod common;

use bytes::Bytes;
use common::{BASKET, access, asked, basket, gocardless, lines, stripe, words};
use domain::{Currency, Money, ProviderOutcome, WayOfPaying};
use http::{Request, Response, StatusCode};
use payments::{
    BegunPayment, CannotBegin, KeptWays, NextCall, PaymentProvider, ProviderHeard, ProviderSecret, ProviderTrouble, WayHeard,
    by_name, registry,
};
use serde_json::{Value, json};

fn provider(name: &str) -> &'static dyn PaymentProvider {
    by_name(name).expect("a provider")
}

/// What a provider is asked first, of a way that is kept or is to be.
fn begin(
    provider: &dyn PaymentProvider,
    way: &WayOfPaying,
    currency: Currency,
    (kept, keep): (Option<&str>, bool),
) -> Result<NextCall, CannotBegin> {
    let (basket, lines, words, key) = (basket(), lines(&[1000, 250]), words(), ProviderSecret::new("key"));
    let asked = payments::AskedPayment { kept, keep, ..asked(&basket, &lines, way, currency, &words) };
    provider.begin(&access(&key), &asked)
}

fn request(next: NextCall) -> Request<Bytes> {
    match next {
        NextCall::Ask(request) => *request,
        NextCall::Begun(begun) => panic!("nothing is asked: {begun:?}"),
    }
}

fn answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = status;
    answer
}

fn text(request: &Request<Bytes>) -> String {
    String::from_utf8_lossy(request.body()).into_owned()
}

/// The pairs of a form.
fn pairs(request: &Request<Bytes>) -> Vec<(String, String)> {
    form_urlencoded::parse(request.body()).into_owned().collect()
}

#[test]
fn a_way_is_kept_where_the_provider_says_so_and_nowhere_else() {
    for provider in registry() {
        let can = provider.capabilities();
        let keeps = can.ways.iter().any(|way| way.can_be_kept);
        assert_eq!(keeps, can.kept != KeptWays::Never, "{}", provider.name());
        let key = ProviderSecret::new("key");
        assert_eq!(provider.forget(&access(&key), "id1").is_some(), keeps, "{}", provider.name());
        for bent in ["../x", "a/b", "a?b", "", "a b"] {
            assert!(provider.forget(&access(&key), bent).is_none(), "{}: '{bent}' leads elsewhere", provider.name());
        }
        for way in can.ways.iter().filter(|way| !way.needs_customer) {
            let code = way.currencies.and_then(|codes| codes.first().copied()).unwrap_or("EUR");
            let currency = Currency::parse(code).expect("a currency");
            for wanted in [(None, true), (Some("id1"), false)] {
                match begin(*provider, &way.way, currency, wanted) {
                    Ok(_) => assert!(way.can_be_kept, "{} {:?}", provider.name(), way.way),
                    Err(CannotBegin::NotKept { .. }) => assert!(!way.can_be_kept, "{} {:?}", provider.name(), way.way),
                    Err(other) => panic!("{} {:?}: {other}", provider.name(), way.way),
                }
            }
        }
    }
}

#[test]
fn a_mandate_is_charged_at_once_under_the_baskets_key() {
    let gocardless = provider("gocardless");
    let sent = request(begin(gocardless, &WayOfPaying::SepaDebit, Currency::EUR, (Some("MD123"), false)).expect("a payment"));
    assert_eq!((sent.method().as_str(), sent.uri().path()), ("POST", "/payments"));
    assert_eq!(sent.headers()["idempotency-key"], BASKET);
    let body: Value = serde_json::from_str(&text(&sent)).expect("JSON");
    let expected = json!({"payments": {
        "amount": 1250, "currency": "EUR", "description": "Invoice R-0, R-1", "metadata": {"basket": BASKET}, "links": {"mandate": "MD123"},
    }});
    assert_eq!(body, expected);
    let (basket, lines, words, key) = (basket(), lines(&[1000, 250]), words(), ProviderSecret::new("key"));
    let way = WayOfPaying::SepaDebit;
    let asked = payments::AskedPayment { kept: Some("MD123"), ..asked(&basket, &lines, &way, Currency::EUR, &words) };
    let made = gocardless::payment(BASKET, Money::from_minor(1250, Currency::EUR), "pending_submission");
    let again = json!({"error": {"type": "invalid_state", "errors": [
        {"reason": "idempotent_creation_conflict", "links": {"conflicting_resource_id": "PM123"}},
    ]}});
    for answer in [answer(StatusCode::CREATED, &made), answer(StatusCode::CONFLICT, &again)] {
        let next = gocardless.begun(&access(&key), &asked, &answer).expect("it leads on");
        match next {
            NextCall::Begun(BegunPayment { provider_id, pay_url, .. }) => {
                assert_eq!((provider_id.as_str(), pay_url), ("PM123", None));
            }
            NextCall::Ask(request) => panic!("{} is asked", request.uri()),
        }
    }
    // How it stands, the payment says itself; it is cancelled by its own call.
    let question = gocardless.look_up(&basket, "PM123", common::now()).expect("a question");
    assert_eq!(gocardless.ask(&access(&key), &question).expect("a request").uri().path(), "/payments/PM123");
    let heard = gocardless.answered(&question, &answer(StatusCode::OK, &made)).expect("it reads");
    assert!(matches!(heard.said.as_slice(), [said] if matches!(said.what, ProviderOutcome::Pending { .. })), "{heard:?}");
    let cancel = gocardless.expire(&access(&key), &basket, "PM123").expect("a request");
    assert_eq!(cancel.uri().path(), "/payments/PM123/actions/cancel");
    let cancel = gocardless.expire(&access(&key), &basket, "BRQ123").expect("a request");
    assert_eq!(cancel.uri().path(), "/billing_requests/BRQ123/actions/cancel");
    for (status, body) in [
        (StatusCode::UNPROCESSABLE_ENTITY, json!({"error": {"errors": [{"reason": "mandate_is_inactive"}]}})),
        (StatusCode::CREATED, json!({"payments": {"id": "BRQ1"}})),
        (StatusCode::CREATED, json!({"payments": {"id": "PM1/../x"}})),
    ] {
        assert!(gocardless.begun(&access(&key), &asked, &answer(status, &body)).is_err(), "{body}");
    }
}

#[test]
fn a_card_is_kept_by_consent_and_shown_to_its_customer() {
    let stripe = provider("stripe");
    let has =
        |form: &[(String, String)], name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let form = |wanted| pairs(&request(begin(stripe, &WayOfPaying::Card, Currency::EUR, wanted).expect("a session")));
    let (plain, keeping, kept) = (form((None, false)), form((None, true)), form((Some("cus_1"), false)));
    let names =
        ["customer", "customer_creation", "payment_intent_data[setup_future_usage]", "payment_method_data[allow_redisplay]"];
    for name in names {
        assert_eq!(has(&plain, name), None, "nothing is kept that nobody asked for");
    }
    assert_eq!(
        names.map(|name| has(&keeping, name)),
        [None, Some("always"), Some("on_session"), Some("always")].map(|value| value.map(str::to_owned))
    );
    assert_eq!(names.map(|name| has(&kept, name)), [Some("cus_1".to_owned()), None, None, None]);
}

/// What a delivery says of ways.
fn ways_of(provider: &dyn PaymentProvider, body: &[u8]) -> ProviderHeard {
    provider.read(body).expect("a body of the provider's")
}

#[test]
fn what_is_set_up_comes_with_the_payment() {
    let mut request = common::json("gocardless/billing_requests.json")["create"]["body"].clone();
    request["billing_requests"]["metadata"] = json!({ "basket": BASKET });
    let question = provider("gocardless").look_up(&basket(), "BRQ123", common::now()).expect("a question");
    for (status, expected) in [
        ("fulfilled", vec![WayHeard::Set { basket: basket(), kept: "MD123".to_owned(), ending: Some("1234".to_owned()) }]),
        ("fulfilling", vec![]),
        ("cancelled", vec![]),
    ] {
        request["billing_requests"]["status"] = json!(status);
        let heard = provider("gocardless").answered(&question, &answer(StatusCode::OK, &request)).expect("it reads");
        assert_eq!(heard.ways, expected, "{status}");
    }
    let mut session = stripe::session(BASKET, Money::from_minor(1250, Currency::EUR));
    session["payment_status"] = json!("paid");
    for (customer, expected) in [
        (json!("cus_1"), vec![WayHeard::Set { basket: basket(), kept: "cus_1".to_owned(), ending: None }]),
        (json!({"id": "cus_1"}), vec![WayHeard::Set { basket: basket(), kept: "cus_1".to_owned(), ending: None }]),
        (Value::Null, vec![]),
    ] {
        session["customer"] = customer;
        let heard = ways_of(provider("stripe"), &stripe::event("checkout.session.completed", 1, &session));
        assert_eq!((heard.ways, heard.said.len()), (expected, 1));
    }
}

#[test]
fn what_is_gone_at_the_provider_is_gone() {
    for action in ["cancelled", "expired", "failed", "blocked", "replaced"] {
        let mut body: Value = serde_json::from_slice(&gocardless::events(&[("mandates", action, 1)])).expect("JSON");
        body["events"][0]["links"] = json!({"mandate": "MD7"});
        let heard = ways_of(provider("gocardless"), body.to_string().as_bytes());
        assert_eq!(heard, ProviderHeard { ways: vec![WayHeard::Gone { kept: "MD7".to_owned() }], ..ProviderHeard::default() });
    }
    for action in ["created", "submitted", "active", "reinstated"] {
        let heard = ways_of(provider("gocardless"), &gocardless::events(&[("mandates", action, 1)]));
        assert_eq!((heard.ways, heard.foreign), (vec![], 1), "{action}");
    }
    let deleted = stripe::event("customer.deleted", 1, &json!({"id": "cus_1", "object": "customer"}));
    let gone = vec![WayHeard::Gone { kept: "cus_1".to_owned() }];
    assert_eq!(ways_of(provider("stripe"), &deleted).ways, gone);
    let card = json!({"id": "pm_1", "object": "payment_method", "customer": null});
    let mut detached: Value = serde_json::from_slice(&stripe::event("payment_method.detached", 1, &card)).expect("JSON");
    assert_eq!(ways_of(provider("stripe"), detached.to_string().as_bytes()).foreign, 1, "it was nobody's");
    detached["data"]["previous_attributes"] = json!({"customer": "cus_1"});
    assert_eq!(ways_of(provider("stripe"), detached.to_string().as_bytes()).ways, gone);
}

/// What a provider is asked until a way is forgotten, by these answers.
fn forgotten(name: &str, kept: &str, answers: &[(StatusCode, Value)]) -> (Vec<String>, Result<(), ProviderTrouble>) {
    let (provider, key) = (provider(name), ProviderSecret::new("key"));
    let mut next = provider.forget(&access(&key), kept);
    let (mut asked, mut answers) = (Vec::new(), answers.iter());
    let came = loop {
        let Some(request) = next else { break Ok(()) };
        asked.push(format!("{} {}", request.method(), request.uri().path()));
        let (status, body) = answers.next().expect("an answer to each request");
        match provider.forgotten(&access(&key), kept, &answer(*status, body)) {
            Ok(more) => next = more,
            Err(trouble) => break Err(trouble),
        }
    };
    assert!(answers.next().is_none(), "{asked:?}");
    (asked, came)
}

#[test]
fn what_is_removed_is_forgotten_at_its_provider() {
    let cancel = vec!["POST /mandates/MD1/actions/cancel".to_owned()];
    let refused = |reason: &str| (StatusCode::UNPROCESSABLE_ENTITY, json!({"error": {"errors": [{"reason": reason}]}}));
    for answer in [(StatusCode::OK, json!({"mandates": {}})), (StatusCode::NOT_FOUND, json!({})), refused("cancellation_failed")]
    {
        assert_eq!(forgotten("gocardless", "MD1", &[answer]), (cancel.clone(), Ok(())));
    }
    let (_, came) = forgotten("gocardless", "MD1", &[refused("forbidden")]);
    assert!(matches!(came, Err(ProviderTrouble::Refused { .. })), "{came:?}");
    let (_, came) = forgotten("gocardless", "MD1", &[(StatusCode::BAD_GATEWAY, json!({}))]);
    assert_eq!(came, Err(ProviderTrouble::Unavailable { status: 502 }));

    let list = |ids: &[&str]| {
        let data: Vec<Value> = ids.iter().map(|id| json!({"id": id, "object": "payment_method"})).collect();
        (StatusCode::OK, json!({"object": "list", "data": data, "has_more": false}))
    };
    let detached = |id: &str| (StatusCode::OK, json!({"id": id, "object": "payment_method", "customer": null}));
    let answers = [list(&["pm_1", "pm_2"]), detached("pm_1"), list(&["pm_2"]), detached("pm_2"), list(&[])];
    let (asked, came) = forgotten("stripe", "cus_1", &answers);
    let (look, off) = ("GET /v1/customers/cus_1/payment_methods", |id: &str| format!("POST /v1/payment_methods/{id}/detach"));
    assert_eq!(asked, [look.to_owned(), off("pm_1"), look.to_owned(), off("pm_2"), look.to_owned()]);
    assert_eq!(came, Ok(()));
    assert_eq!(forgotten("stripe", "cus_1", &[(StatusCode::NOT_FOUND, json!({}))]).1, Ok(()));
    assert!(forgotten("stripe", "cus_1", &[(StatusCode::OK, json!({"data": [{"id": "pm_1/../x"}]}))]).1.is_err());
}
