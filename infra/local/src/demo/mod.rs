//! The demo: 60 days in the books of a seller that pushes its invoices, and the last of them in the books of two that are read
//! back, played on the virtual clock through the real HTTP path, up to the real now.

mod account;
mod caller;
mod companies;
mod documents;
mod names;
mod player;
mod scenario;
mod settled;
mod visitor;

use std::io::{IsTerminal, Write};

use anyhow::Context;
pub use documents::sign_canonical;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use player::Player;
use scenario::{BILLS, BUYERS, Bill, Buyer, Then};
use serde_json::{Value, json};

use crate::{payments::PaymentIn, stack::Stack, tenants::TenantIn};

pub use names::{DAYS, TENANT};

/// When a story that ends at `now` begins: at the start of a UTC day.
pub fn start_of_story(now: Timestamp) -> Timestamp {
    let day = (now.as_second() - DAYS * 86_400).div_euclid(86_400) * 86_400;
    Timestamp::from_second(day).unwrap_or(now)
}

/// By whom its customers pay.
const PROVIDERS: [&str; 3] = ["stripe", "paypal", "gocardless"];
/// An IBAN that is published as an example, with check digits that hold.
const EXAMPLE_IBAN: &str = "DE89 3704 0044 0532 0130 00";

/// Plays the story on a stack whose clock is frozen at its start; the clock runs with real time afterwards.
///
/// # Errors
///
/// When a document is refused or the clock does not move: the stack itself is at fault then.
pub async fn play(stack: &Stack) -> anyhow::Result<()> {
    let settings = json!({"name": "Fern & Field Supplies", "country": "DE", "time_zone": "Europe/Berlin", "language": "en",
        "sms": {"countries": ["DE", "US"]}, "plans": {"max_parts": 6, "max_days": 180},
        "bank_accounts": [{"holder": "Fern & Field Supplies GmbH", "bank": "Example Bank", "iban": EXAMPLE_IBAN}],
        "brand": {"colour": "#0b5d4a", "particulars": "Fern & Field Supplies GmbH\nMusterstr. 12, 10115 Berlin\nAmtsgericht Berlin HRB 00000"}});
    let payments =
        PROVIDERS.map(|provider| PaymentIn { provider: provider.to_owned(), base_url: None, credentials: Value::Null });
    let tenant = TenantIn {
        tenant: TENANT.to_owned(),
        settings: settings.as_object().cloned().unwrap_or_default(),
        payments: payments.to_vec(),
        ..TenantIn::default()
    };
    let created = stack.create_tenant(tenant).await.map_err(|refusal| anyhow::anyhow!("{}: {}", refusal.status, refusal.body))?;
    let begun_at = stack.now();
    let mut player = Player::new(stack, created.get("webhooks").cloned().unwrap_or_default());
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
        let happened = self.happened.get(bill.number).copied().unwrap_or_default();
        for (_, then) in bill.then.iter().skip(happened).take_while(|(on, _)| *on <= day) {
            // Whoever has no mail yet waits for it: over weekends and holidays none is sent.
            if !self.happens(buyer, bill, *then).await? {
                break;
            }
            *self.happened.entry(bill.number).or_default() += 1;
        }
        Ok(())
    }

    /// Something happens to a bill; `false` where it needs the link of a mail and there is none yet.
    async fn happens(&mut self, buyer: &'static Buyer, bill: &'static Bill, then: Then) -> anyhow::Result<bool> {
        let (_, standing) = self.standing.entry(bill.number).or_default();
        match then {
            Then::Pays(minor) => {
                standing.paid_minor += minor;
                standing.last_minor = minor;
            }
            Then::Credited(minor) => standing.credited_minor += minor,
            Then::Reversed => standing.paid_minor -= standing.last_minor,
            Then::Void => standing.is_void = true,
            Then::Bounces => return self.bounce(buyer).await.map(|()| true),
            Then::OptsOut => return self.opt_out(buyer).await.map(|()| true),
            Then::OnPage(act) => return self.act(buyer, bill, act).await,
            Then::Arrives => return self.arrive(bill.number).await.map(|()| true),
            Then::Entered => return self.enter(buyer, bill).await.map(|()| true),
            Then::Check(minor) => return self.write_down(buyer, bill.number, minor).await.map(|()| true),
            Then::Upheld(minor) => return self.uphold(bill.number, minor).await.map(|()| true),
        }
        self.send(buyer, bill).await?;
        Ok(true)
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
        self.caller.post(&format!("{}/_local/events", self.stack.url()), Vec::new(), event.to_string()).await?;
        Ok(())
    }

    /// The one click of a mailbox: the last mail's own link.
    async fn opt_out(&self, buyer: &Buyer) -> anyhow::Result<()> {
        let sent = self.stack.outbox(Some(TENANT));
        let last = sent.iter().rev().find(|entry| entry.to == buyer.email).context("nothing was sent to them yet")?;
        let text = last.text.as_deref().unwrap_or_default();
        let is_link = |word: &&str| word.contains("/opt-out?");
        let link = text.split(|letter: char| letter.is_whitespace() || "<>()".contains(letter)).find(is_link);
        let form = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        let link = link.context("the mail has no opt-out link")?;
        self.caller.call(Method::POST, link, form, "List-Unsubscribe=One-Click").await?;
        Ok(())
    }
}
