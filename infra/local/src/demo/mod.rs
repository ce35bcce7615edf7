//! The demo: 60 days in the books of a seller that pushes its invoices, and the last of them in the books of two that are read
//! back, played on the virtual clock through the real HTTP path, up to the real now.

mod account;
mod companies;
mod documents;
mod names;
mod scenario;

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
};

use anyhow::{Context, bail};
use bytes::Bytes;
use documents::Standing;
pub use documents::sign_canonical;
use http::Method;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use scenario::{BILLS, BUYERS, Bill, Buyer, Source, Then};
use serde_json::{Value, json};

use crate::{stack::Stack, tenants::TenantIn};

pub use names::{DAYS, TENANT};

/// When a story that ends at `now` begins: at the start of a UTC day.
pub fn start_of_story(now: Timestamp) -> Timestamp {
    let day = (now.as_second() - DAYS * 86_400).div_euclid(86_400) * 86_400;
    Timestamp::from_second(day).unwrap_or(now)
}

struct Player<'a> {
    stack: &'a Stack,
    client: Client<HttpConnector, Full<Bytes>>,
    webhooks: Value,
    start: Date,
    standing: BTreeMap<&'static str, (i64, Standing)>,
    deliveries: u64,
}

/// An IBAN that is published as an example, with check digits that hold.
const EXAMPLE_IBAN: &str = "DE89 3704 0044 0532 0130 00";

/// Plays the story on a stack whose clock is frozen at its start; the clock runs with real time afterwards.
///
/// # Errors
///
/// When a document is refused or the clock does not move: the stack itself is at fault then.
pub async fn play(stack: &Stack) -> anyhow::Result<()> {
    let settings = json!({"name": "Fern & Field Supplies", "country": "DE", "time_zone": "Europe/Berlin", "language": "en",
        "sms": {"countries": ["DE", "US"]},
        "bank_accounts": [{"holder": "Fern & Field Supplies GmbH", "bank": "Example Bank", "iban": EXAMPLE_IBAN}],
        "brand": {"colour": "#0b5d4a", "particulars": "Fern & Field Supplies GmbH\nMusterstr. 12, 10115 Berlin\nAmtsgericht Berlin HRB 00000"}});
    let tenant = TenantIn {
        tenant: TENANT.to_owned(),
        settings: settings.as_object().cloned().unwrap_or_default(),
        ..TenantIn::default()
    };
    let created = stack.create_tenant(tenant).await.map_err(|refusal| anyhow::anyhow!("{}: {}", refusal.status, refusal.body))?;
    let begun_at = stack.now();
    let mut player = Player {
        stack,
        client: Client::builder(TokioExecutor::new()).build_http(),
        webhooks: created.get("webhooks").cloned().unwrap_or_default(),
        start: begun_at.to_zoned(TimeZone::UTC).date(),
        standing: BTreeMap::new(),
        deliveries: 0,
    };
    for day in 0..=DAYS {
        // Systems send in the morning, so that the day's windows see what they sent.
        let at = begun_at + SignedDuration::from_hours(24 * day + 5);
        if at > stack.world().clock.wall() {
            break;
        }
        stack.to(at).await?;
        for bill in BILLS {
            player.play_day(bill, day).await.with_context(|| format!("invoice {} on day {day}", bill.number))?;
        }
        companies::play_day(stack, day).await.with_context(|| format!("day {day}"))?;
        progress(day, stack.outbox(None).len());
    }
    // Playing takes time itself; the last stretch is as short as it took.
    for _ in 0..2 {
        let now = stack.world().clock.wall();
        if now > stack.now() {
            stack.to(now).await?;
        }
    }
    stack.world().clock.release();
    stack.world().engine.wake.notify_one();
    println!();
    account::print(stack);
    Ok(())
}

fn progress(day: i64, sent: usize) {
    let filled = usize::try_from(day * 30 / DAYS).unwrap_or_default();
    let bar = format!("{}{}", "█".repeat(filled), "·".repeat(30 - filled.min(30)));
    if std::io::stdout().is_terminal() {
        print!("\r{bar} day {day:>2} of {DAYS}, {sent} messages");
        let _flushed = std::io::stdout().flush();
    } else if day % 10 == 0 {
        println!("{bar} day {day:>2} of {DAYS}, {sent} messages");
    }
}

impl Player<'_> {
    async fn play_day(&mut self, bill: &'static Bill, day: i64) -> anyhow::Result<()> {
        let buyer = BUYERS.iter().find(|buyer| buyer.id == bill.buyer).context("it has no buyer")?;
        if bill.on == day {
            self.send(buyer, bill).await?;
        }
        for (_, then) in bill.then.iter().filter(|(on, _)| *on == day) {
            let (_, standing) = self.standing.entry(bill.number).or_default();
            match then {
                Then::Pays(minor) => {
                    standing.paid_minor += minor;
                    standing.last_minor = *minor;
                }
                Then::Credited(minor) => standing.credited_minor += minor,
                Then::Reversed => standing.paid_minor -= standing.last_minor,
                Then::Void => standing.is_void = true,
                Then::Bounces => {
                    self.bounce(buyer).await?;
                    continue;
                }
                Then::OptsOut => {
                    self.opt_out(buyer).await?;
                    continue;
                }
                Then::Disputes(days) => {
                    self.hold(buyer, bill, "dispute", *days).await?;
                    continue;
                }
                Then::Promises(days) => {
                    self.hold(buyer, bill, "promise", *days).await?;
                    continue;
                }
            }
            self.send(buyer, bill).await?;
        }
        Ok(())
    }

    async fn send(&mut self, buyer: &Buyer, bill: &'static Bill) -> anyhow::Result<()> {
        let (version, standing) = self.standing.entry(bill.number).or_default();
        *version += 1;
        let (version, standing) = (*version, *standing);
        self.deliveries += 1;
        let (id, at) = (format!("evt_demo{:04}", self.deliveries), self.stack.now());
        match buyer.source {
            Source::Canonical => {
                let body = documents::invoice(buyer, bill, self.start, version, standing).to_string();
                let headers = documents::sign_canonical(&self.secret("canonical")?, &id, at, &body);
                self.post(&self.url("canonical")?, headers, body).await
            }
            Source::Stripe => {
                let body = documents::stripe_invoice(buyer, bill, self.start, at, standing, &id).to_string();
                let headers = documents::sign_stripe(&self.secret("stripe")?, at, &body);
                self.post(&self.url("stripe")?, headers, body).await
            }
        }
    }

    /// The mailbox answers for its dead: a permanent bounce of the last mail.
    async fn bounce(&self, buyer: &Buyer) -> anyhow::Result<()> {
        let sent = self.stack.outbox(Some(TENANT));
        let Some(last) = sent.iter().rev().find(|entry| entry.to == buyer.email) else { return Ok(()) };
        let tags: serde_json::Map<String, Value> = last
            .raw
            .get("EmailTags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|tag| Some((tag.get("Name")?.as_str()?.to_owned(), json!([tag.get("Value")?]))))
            .collect();
        let now = self.stack.now();
        let event = json!({
            "source": "aws.ses", "detail-type": "Email Bounced",
            "detail": {
                "eventType": "Bounce",
                "bounce": {
                    "bounceType": "Permanent", "bounceSubType": "General", "timestamp": now, "feedbackId": "demo",
                    "bouncedRecipients": [{"emailAddress": buyer.email, "status": "5.1.1", "action": "failed",
                        "diagnosticCode": "smtp; 550 5.1.1 user unknown"}],
                },
                "mail": {"timestamp": last.at, "messageId": last.message_id, "destination": [buyer.email], "tags": tags},
            },
        });
        self.post(&format!("{}/_local/events", self.stack.url()), Vec::new(), event.to_string()).await
    }

    /// The one click of a mailbox: the last mail's own link.
    async fn opt_out(&self, buyer: &Buyer) -> anyhow::Result<()> {
        let sent = self.stack.outbox(Some(TENANT));
        let last = sent.iter().rev().find(|entry| entry.to == buyer.email).context("nothing was sent to them yet")?;
        let text = last.text.as_deref().unwrap_or_default();
        let is_link = |word: &&str| word.contains("/opt-out?");
        let link = text.split(|letter: char| letter.is_whitespace() || "<>()".contains(letter)).find(is_link);
        let form = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        self.call(Method::POST, link.context("the mail has no opt-out link")?, form, "List-Unsubscribe=One-Click".to_owned())
            .await?;
        Ok(())
    }

    /// A collector notes that a bill is contested, or that its payment was promised.
    async fn hold(&self, buyer: &Buyer, bill: &Bill, reason: &str, days: i64) -> anyhow::Result<()> {
        let headers = || -> anyhow::Result<Vec<(&'static str, String)>> {
            let token = self.stack.token(TENANT, "collector")?;
            Ok(vec![("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())])
        };
        let customer = format!("{}/v1/customers/canonical/{}", self.stack.url(), buyer.id);
        let found: Value = serde_json::from_slice(&self.call(Method::GET, &customer, headers()?, String::new()).await?)?;
        let id = found.pointer("/customer/id").and_then(Value::as_str).context("the customer has no id")?;
        let until_on = self.stack.now().to_zoned(TimeZone::UTC).date() + days.days();
        let hold = json!({"reason": reason, "scope": {"invoice": format!("INV-{}", bill.number)}, "until_on": until_on});
        let url = format!("{}/v1/customers/{id}/holds/{reason}-{}", self.stack.url(), bill.number);
        self.call(Method::PUT, &url, headers()?, hold.to_string()).await?;
        Ok(())
    }

    fn part(&self, source: &str, part: &str) -> anyhow::Result<String> {
        let found = self.webhooks.get(source).and_then(|webhook| webhook.get(part)).and_then(Value::as_str);
        found.map(str::to_owned).with_context(|| format!("the tenant has no {part} of a {source} webhook"))
    }

    fn url(&self, source: &str) -> anyhow::Result<String> {
        self.part(source, "url")
    }

    fn secret(&self, source: &str) -> anyhow::Result<String> {
        self.part(source, "secret")
    }

    async fn post(&self, url: &str, mut headers: Vec<(&'static str, String)>, body: String) -> anyhow::Result<()> {
        headers.push(("content-type", "application/json".to_owned()));
        self.call(Method::POST, url, headers, body).await?;
        Ok(())
    }

    async fn call(&self, method: Method, url: &str, headers: Vec<(&'static str, String)>, body: String) -> anyhow::Result<Bytes> {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.client.request(request.body(Full::from(body))?).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{url} answered {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(answer)
    }
}
