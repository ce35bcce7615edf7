//! What costs what people outside do: a step that writes to them by mail or text message, what they answer, the page that they read, what they
//! pay, and telling a subscriber of it. Units and processor time of each function that takes part; the time is that of the function's own thread.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, ensure};
use local::{Options, Sent};
use serde_json::{Value, json};
use tests::{
    documents::{customer, invoice},
    test_tenant::{Reply, TENANT, TestTenant, at, berlin, portal_path},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::rig::{Cost, Probes};

/// How often each thing is done.
const MANY: usize = 50;
/// The number that text messages leave from.
const OURS: &str = "+4915770000000";

struct Bench {
    desk: TestTenant,
    probes: Arc<Probes>,
}

impl Bench {
    async fn start(payments: &Value, text_messages: bool) -> anyhow::Result<Self> {
        let probes = Arc::new(Probes::default());
        let two_way = [("SmsProvider", "end-user-messaging"), ("SmsTwoWay", "true")];
        let told = two_way.into_iter().filter(|_| text_messages);
        let parameters = told.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let now = Some(at("2026-02-04T20:00:00Z"));
        let options = Options { now, registry: probes.registry()?, seed: Some(1), parameters, ..Options::default() };
        let mut settings = berlin();
        settings.extend(json!({"breaker": {"factor": 1000, "minimum": 1_000_000}}).as_object().cloned().unwrap_or_default());
        if text_messages {
            let sms = json!({"sender": {"sms": OURS}, "sms": {"countries": ["DE"]}});
            settings.extend(sms.as_object().cloned().unwrap_or_default());
        }
        let wish = json!({"tenant": TENANT, "settings": settings, "payments": payments});
        let desk = TestTenant::of(options, serde_json::from_value(wish)?).await;
        probes.counts_of(&desk.stack);
        Ok(Self { desk, probes })
    }

    /// Prints what something cost, by function, since `before`.
    fn print(&self, what: &str, before: &BTreeMap<String, Cost>, count: usize) {
        let per = count as f64;
        for (function, after) in self.probes.costs() {
            let earlier = before.get(&function).cloned().unwrap_or_default();
            let sum = |units: &BTreeMap<String, f64>| units.values().sum::<f64>();
            let w = sum(&after.metrics.write_units) - sum(&earlier.metrics.write_units);
            let r = sum(&after.metrics.read_units) - sum(&earlier.metrics.read_units);
            let calls = after.metrics.aws_calls.values().sum::<u64>() - earlier.metrics.aws_calls.values().sum::<u64>();
            let busy = after.cpu.saturating_sub(earlier.cpu).as_secs_f64() * 1e6 / per;
            if calls > 0 {
                println!(
                    "| {what} | `{function}` | {:.2} | {:.2} | {:.1} | {busy:.0} µs |",
                    w / per,
                    r / per,
                    calls as f64 / per
                );
            }
        }
    }

    /// A customer for each number, of whom each owes one invoice.
    async fn owe(&self, name: &str, by_mail: bool) {
        for number in 0..MANY {
            let mut buyer = customer(&format!("{name}-{number}"));
            if let Some(contact) = buyer["contacts"][0].as_object_mut().filter(|_| !by_mail) {
                contact.remove("email");
                contact.insert("phone".to_owned(), json!(format!("+49151{:08}", 12_345_600 + number)));
            }
            self.desk.put(&invoice(&buyer, &format!("{name}F-{number}"), 125_000, "2026-02-04")).await;
        }
        self.desk.advance("PT10M").await;
    }

    async fn reminded(&self, what: &str) -> anyhow::Result<Vec<Sent>> {
        let before = self.probes.costs();
        self.desk.to("2026-02-05T16:30:00Z").await;
        self.print(what, &before, MANY);
        let sent = self.desk.sent();
        ensure!(sent.len() == MANY, "{} of {MANY} were reminded", sent.len());
        Ok(sent)
    }

    async fn answered(&self, what: &str, wishes: Vec<Value>) -> anyhow::Result<()> {
        let (before, count) = (self.probes.costs(), wishes.len());
        for wish in wishes {
            self.desk.call("POST", "/_local/inbound", &[], wish.to_string().as_bytes()).await.is(202);
            let moved = self.desk.advance("PT0S").await;
            ensure!(moved.errors == 0, "an answer was not heard");
        }
        self.print(what, &before, count);
        Ok(())
    }

    async fn form(&self, path: &str, form: &str) -> Reply {
        let headers = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        self.desk.call("POST", path, &headers, form.as_bytes()).await
    }
}

/// Takes whatever is posted and answers 200.
async fn take(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let lower = line.trim().to_ascii_lowercase();
            if lower.is_empty() {
                break;
            }
            length = lower.strip_prefix("content-length:").and_then(|rest| rest.trim().parse().ok()).unwrap_or(length);
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
    }
}

/// The value of the first input of a name.
fn value<'p>(page: &'p str, name: &str) -> anyhow::Result<&'p str> {
    let found = page.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next());
    found.with_context(|| format!("no {name} in a page"))
}

async fn by_mail() -> anyhow::Result<()> {
    let bench = Bench::start(&json!([{"provider": "stripe"}]), false).await?;
    bench.owe("M", true).await;
    let sent = bench.reminded("step by mail").await?;
    let wishes = sent.iter().map(|mail| {
        json!({"channel": "email", "from": mail.to, "in_reply_to": mail.message_id, "text": "Wir zahlen am 20. Februar 2026."})
    });
    bench.answered("answer by mail", wishes.collect()).await?;
    // A process that reads a tenant's page has read the tenant before.
    let paths: Vec<String> = sent.iter().map(portal_path).collect();
    bench.desk.call("GET", &paths[0], &[], b"").await.is(200);
    let before = bench.probes.costs();
    for path in &paths {
        bench.desk.call("GET", path, &[], b"").await.is(200);
    }
    bench.print("page of a statement", &before, MANY);
    let (mut sent_on, mut pages) = (Vec::new(), Vec::new());
    let before = bench.probes.costs();
    for path in &paths {
        pages.push(bench.desk.call("GET", &format!("{path}/pay"), &[], b"").await.is(200).text);
    }
    bench.print("page of paying", &before, MANY);
    let before = bench.probes.costs();
    for (path, page) in paths.iter().zip(&pages) {
        let (form, pay) = (value(page, "form")?, value(page, "pay")?);
        let form = format!("form={form}&in=EUR&to=&way=stripe%3Acard&pay={pay}&amount_{pay}=1.250%2C00");
        sent_on.push(bench.form(&format!("{path}/pay"), &form).await.is(303));
    }
    bench.print("payer sent on to a provider", &before, MANY);
    let baskets = bench.desk.call("GET", &format!("/_local/baskets?tenant={TENANT}"), &[], b"").await.is(200).body;
    let baskets = baskets.as_array().cloned().unwrap_or_default();
    ensure!(baskets.len() == sent_on.len(), "{} baskets of {}", baskets.len(), sent_on.len());
    let before = bench.probes.costs();
    for basket in &baskets {
        let path = format!("/_local/baskets/{}", basket["id"].as_str().unwrap_or_default());
        bench.desk.call("POST", &path, &[], br#"{"outcome":"paid"}"#).await.is(200);
    }
    bench.desk.advance("PT1M").await;
    bench.print("payment heard, with its receipt", &before, MANY);
    bench.desk.stack.stop().await;
    Ok(())
}

async fn by_text() -> anyhow::Result<()> {
    let bench = Bench::start(&json!([]), true).await?;
    bench.owe("T", false).await;
    let sent = bench.reminded("step by text message").await?;
    let wishes = sent.iter().map(|text| json!({"channel": "sms", "from": text.to, "text": "Ich zahle am 20. Februar 2026."}));
    bench.answered("answer by text message", wishes.collect()).await?;
    bench.desk.stack.stop().await;
    Ok(())
}

async fn deliveries() -> anyhow::Result<()> {
    let bench = Bench::start(&json!([]), false).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://127.0.0.1:{}/hook", listener.local_addr()?.port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take(stream));
        }
    });
    bench.desk.admin("POST", "/v1/subscriptions", &json!({"url": url, "events": ["InvoiceUpserted"]})).await.is(200);
    bench.desk.advance("PT2M").await;
    let before = bench.probes.costs();
    bench.owe("D", true).await;
    let after = bench.probes.costs();
    let of = |costs: &BTreeMap<String, Cost>| costs.get("deliver").cloned().unwrap_or_default();
    let (before, after) = (of(&before), of(&after));
    let only = BTreeMap::from([("deliver".to_owned(), before)]);
    ensure!(after.cpu > only["deliver"].cpu, "nothing was delivered");
    // Of the other functions this is what invoices cost.
    let others = bench.probes.costs().into_iter().filter(|(name, _)| name != "deliver");
    bench.print("event told to a subscriber", &others.chain(only).collect(), MANY);
    bench.desk.stack.stop().await;
    Ok(())
}

/// Prints all of it.
pub async fn run() -> anyhow::Result<()> {
    println!(
        "\n## People outside\n\n{MANY} of each, one after the other; what `portal` waits for of `begin-payment` counts for both.\n"
    );
    println!("| | function | W | R | AWS calls | processor time |\n|---|---|---|---|---|---|");
    by_mail().await?;
    by_text().await?;
    deliveries().await
}
