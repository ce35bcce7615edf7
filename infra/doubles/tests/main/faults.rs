//! Answers that go wrong on purpose.

use std::time::{Duration, Instant};

use bytes::Bytes;
use connectors::{Trouble, VendorRequest};
use doubles::{Double, Fault, QuickBooks, quickbooks::Company};
use http::{Request, Response};

use crate::client::{Reader, Time, send};

const REALM: &str = "9130347";

async fn ask(double: &dyn Double, token: &str) -> Result<Response<Bytes>, String> {
    let url = format!("{}/v3/company/{REALM}/companyinfo/{REALM}", double.base_url());
    send(Request::get(url).header("authorization", format!("Bearer {token}")).body(Bytes::new()).expect("a request")).await
}

#[tokio::test]
async fn each_fault_is_met_and_passes() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = QuickBooks::start(time.clock()).await.expect("a port");
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    let reader = Reader::of(&double, "quickbooks", REALM).await;
    let first = VendorRequest::Company { page: None };
    let status = |status: u16, retry_after_s: Option<u64>| Fault::Status { status, retry_after_s };
    for (fault, trouble) in [
        (status(401, None), Trouble::Token),
        (status(403, None), Trouble::Denied("status 403".to_owned())),
        (status(429, Some(7)), Trouble::Limited(Some(Duration::from_secs(7)))),
        (status(429, None), Trouble::Limited(None)),
        (status(503, Some(9)), Trouble::Limited(Some(Duration::from_secs(9)))),
    ] {
        double.fail_next(1, fault.clone());
        assert_eq!(reader.page(&first).await, Err(trouble), "{fault:?}");
        assert!(reader.page(&first).await.is_ok(), "{fault:?} passes");
    }
    for fault in [status(404, None), status(500, None), status(503, None), Fault::Html, Fault::Truncated, Fault::Huge] {
        double.fail_next(1, fault.clone());
        assert!(reader.page(&first).await.is_err(), "{fault:?}");
    }
    double.fail_next(1, Fault::Redirect("http://127.0.0.1:1/".to_owned()));
    assert!(matches!(reader.page(&first).await, Err(Trouble::Garbled(_))));
}

#[tokio::test]
async fn faults_of_the_wire() {
    let time = Time::at("2026-02-19T09:00:00Z");
    let double = QuickBooks::start(time.clock()).await.expect("a port");
    double.add_company(Company::new(REALM, "Coastal Supplies"));
    let token = double.issue_tokens(REALM).access_token;
    double.fail_next(1, Fault::DropConnection);
    assert!(ask(&double, &token).await.is_err());
    double.fail_next(1, Fault::Huge);
    assert!(ask(&double, &token).await.expect("an answer").body().len() > 20_000_000);
    double.fail_next(1, Fault::WrongContentType);
    assert_eq!(ask(&double, &token).await.expect("an answer").headers()["content-type"], "text/plain");
    double.fail_next(1, Fault::Slow(Duration::from_millis(30)));
    let started = Instant::now();
    assert!(ask(&double, &token).await.expect("an answer").status().is_success());
    assert!(started.elapsed() >= Duration::from_millis(30));
    double.fail_next_at("/invoice/", 1, Fault::Html);
    double.fail_next_at("/companyinfo/", 2, Fault::Html);
    let html = |answer: Response<Bytes>| answer.headers()["content-type"] == "text/html; charset=utf-8";
    for expected in [true, true, false] {
        assert_eq!(html(ask(&double, &token).await.expect("an answer")), expected);
    }
    double.fail_next(5, Fault::Html);
    double.clear_faults();
    assert!(!html(ask(&double, &token).await.expect("an answer")));
    assert_eq!(double.calls()["companyinfo"], 8);
    let base = double.base_url().to_owned();
    drop(double);
    tokio::task::yield_now().await;
    let request = Request::get(base).body(Bytes::new()).expect("a request");
    assert!(send(request).await.is_err(), "it stopped");
}
