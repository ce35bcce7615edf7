//! How buyers settle their bills on the page behind their link, and what the seller's people and books do about it.

use anyhow::Context;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    documents,
    names::TENANT,
    player::{Player, text},
    scenario::{Bill, Buyer, PageAct, TRANSFER},
    visitor::{Visitor, WishedParts},
};

/// What somebody sends with a dispute: a drawing of our own.
const PHOTO: &[u8] = include_bytes!("board.png");
/// How long until a notice is there.
const NOTICE_IN: SignedDuration = SignedDuration::from_secs(10);

impl Player<'_> {
    /// Does something on the page behind the link of the last mail; `false` where there is none yet.
    pub(super) async fn act(&mut self, buyer: &'static Buyer, bill: &'static Bill, act: PageAct) -> anyhow::Result<bool> {
        let (number, caller, mails) = (bill.number, self.caller.clone(), self.mails_to(buyer));
        let Some(mut visitor) = mails.iter().rev().find_map(|mail| Visitor::of(&caller, mail.text.as_deref()?)) else {
            return Ok(false);
        };
        match act {
            PageAct::PaysHere(minor, way) => {
                let leads_to = visitor.pay("/pay", number, Some(typed(buyer, minor)), way).await?;
                let paid = match way {
                    TRANSFER => (visitor.reference(&leads_to).await?, minor),
                    _ => self.pay_at_provider(&leads_to).await?,
                };
                self.begun(number).paid.push(paid);
            }
            PageAct::Promises(minor, days) => {
                visitor.promise(number, &typed(buyer, minor), &self.today_and(days).to_string()).await?;
            }
            PageAct::Disputes(minor, reason, words) => {
                self.begun(number).agreement = visitor.dispute(number, &typed(buyer, minor), reason, words).await?;
            }
            PageAct::SendsPhoto => visitor.add_photo(&self.begun(number).agreement, PHOTO).await?,
            PageAct::Plans(parts, days) => {
                visitor.ask_code().await?;
                self.stack.to(self.stack.now() + NOTICE_IN).await?;
                let mails = self.mails_to(buyer);
                let notice = mails.iter().rev().find(|mail| mail.service_mail.is_some()).context("no code was sent")?;
                visitor.enter_code(notice.text.as_deref().unwrap_or_default()).await?;
                let wish = WishedParts { number, parts, first_on: self.today_and(days).to_string() };
                self.begun(number).agreement = visitor.agree(&wish).await?;
            }
            PageAct::PaysPart(way) => {
                let form = format!("/pay?plan={}&in={}&to=", self.begun(number).agreement, buyer.currency);
                let leads_to = visitor.pay(&form, number, None, way).await?;
                let paid = self.pay_at_provider(&leads_to).await?;
                self.begun(number).paid.push(paid);
            }
        }
        Ok(true)
    }

    /// The debit that was begun last arrives.
    pub(super) async fn arrive(&mut self, number: &'static str) -> anyhow::Result<()> {
        let (basket, _) = self.begun(number).paid.last().cloned().context("nothing was begun to be paid")?;
        self.provider_does(&basket, "succeeded").await
    }

    /// Pays on the provider's page, as its stand-in lets payers do: a debit is on its way then, anything else is there. Answers the basket and
    /// how much it is, minor units.
    async fn pay_at_provider(&self, page: &str) -> anyhow::Result<(String, i64)> {
        let url = format!("{}/_local/baskets?tenant={TENANT}", self.stack.url());
        let baskets = self.caller.call(Method::GET, &url, Vec::new(), "").await?.json()?;
        let is_here = |basket: &&Value| basket.get("pay_url").and_then(Value::as_str) == Some(page);
        let basket = baskets.as_array().into_iter().flatten().find(is_here).context("no provider has this page")?;
        let id = text(basket, "id")?;
        let minor = basket.get("amount_minor").and_then(Value::as_i64).context("the basket has no amount")?;
        let is_debit = basket.get("provider").and_then(Value::as_str) == Some("gocardless");
        self.provider_does(&id, if is_debit { "pending" } else { "paid" }).await?;
        Ok((id, minor))
    }

    async fn provider_does(&self, basket: &str, outcome: &str) -> anyhow::Result<()> {
        let url = format!("{}/_local/baskets/{basket}", self.stack.url());
        let told = self.caller.post(&url, Vec::new(), json!({"outcome": outcome}).to_string()).await?.json()?;
        let answers =
            told.get("events").and_then(Value::as_array).into_iter().flatten().filter_map(|event| event.get("webhooks"));
        let refused = |answer: &Value| answer.as_u64().is_none_or(|status| status >= 300);
        let is_refused = answers.filter_map(Value::as_array).flatten().any(refused);
        anyhow::ensure!(!is_refused, "the stack does not take the provider's word of {basket}: {told}");
        Ok(())
    }

    /// The seller's people enter what was paid on the page, each payment under its reference, and the invoice says so. The tasks that asked for
    /// it end by that.
    pub(super) async fn enter(&mut self, buyer: &'static Buyer, bill: &'static Bill) -> anyhow::Result<()> {
        let received_on = self.today_and(0);
        let begun = self.begun(bill.number);
        let (paid, entered) = (std::mem::take(&mut begun.paid), begun.entered);
        begun.entered += paid.len();
        for (at, (reference, minor)) in paid.iter().enumerate() {
            let id = format!("PMT-{}-{}", bill.number, entered + at + 1);
            self.deliver(&documents::payment(buyer, bill, &id, reference, *minor, received_on)).await?;
            let (_, standing) = self.standing.entry(bill.number).or_default();
            standing.paid_minor += *minor;
        }
        self.send(buyer, bill).await
    }

    /// A collector writes down a check.
    pub(super) async fn write_down(&mut self, buyer: &Buyer, number: &'static str, minor: i64) -> anyhow::Result<()> {
        let found = self.ask(Method::GET, &format!("/v1/customers/canonical/{}", buyer.id), &Value::Null).await?;
        let customer = text(found.get("customer").context("there is no such customer")?, "id")?;
        let payment = json!({
            "customer": customer, "amount_minor": minor, "currency": buyer.currency, "received_on": self.today_and(0),
            "way": "check", "reference": "1047",
            "allocations": [{"invoice": format!("INV-{number}"), "amount_minor": minor}],
        });
        let taken = self.ask(Method::POST, "/v1/payments", &payment).await?;
        let id = text(&taken, "id")?;
        self.begun(number).paid.push((id, minor));
        Ok(())
    }

    /// A collector decides the dispute of a bill in part, and ends the task that asked for it.
    pub(super) async fn uphold(&mut self, number: &'static str, minor: i64) -> anyhow::Result<()> {
        let dispute = self.begun(number).agreement.clone();
        self.ask(Method::POST, &format!("/v1/agreements/{dispute}/uphold"), &json!({"amount_minor": minor})).await?;
        self.end_dispute_task(&dispute).await
    }
}

/// An amount as a buyer types it: all but English write a comma.
fn typed(buyer: &Buyer, minor: i64) -> String {
    let mark = if ["de", "fr", "es", "it", "nl"].contains(&buyer.language) { ',' } else { '.' };
    format!("{}{mark}{:02}", minor / 100, minor % 100)
}
