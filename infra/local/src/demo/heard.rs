//! What one buyer answers, and what the seller's people and systems do about it: a mail comes back and a text message takes its place, answers by text message
//! and by mail, what a person accepts of them, and what the seller's own system says that it carried out.

use anyhow::Context;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::{
    names::TENANT,
    player::{Player, text},
    scenario::{Buyer, HEARD},
};

/// How long until an answer is heard.
const HEARD_IN: SignedDuration = SignedDuration::from_mins(2);

/// How a mail comes back, as SES says it.
pub(super) struct Returned {
    kind: &'static str,
    sub_kind: &'static str,
    status: &'static str,
    said: &'static str,
}

/// The mailbox is no more.
pub(super) const GONE: Returned =
    Returned { kind: "Permanent", sub_kind: "General", status: "5.1.1", said: "smtp; 550 5.1.1 user unknown" };
/// The mailbox is full: the address stays good.
pub(super) const FULL: Returned =
    Returned { kind: "Transient", sub_kind: "MailboxFull", status: "5.2.2", said: "smtp; 552 5.2.2 mailbox full" };

/// The plan of the buyer who goes through all of it.
fn plan() -> Value {
    let step = |id: &str, offset: &str, action: Value| json!({"id": id, "at": {"anchor": "due_date", "offset": offset}, "action": action});
    let send =
        |channels: &[&str], template: &str, to: &str| json!({"send": {"channels": channels, "template": template, "to": [to]}});
    let graver = |mut step: Value| {
        step["when"] = json!("history.broken_promises > 0");
        step
    };
    let mut executive = graver(step("executive", "P14D", send(&["email"], "formal-notice", "executive")));
    executive["pay_by"] = json!({"days": 7});
    json!({
        "id": "heard", "name": "Mail, text message, managers, executive, credit hold", "scope": "customer", "priority": 200,
        "applies_when": format!("customer.external_id == '{HEARD}'"),
        "steps": [
            step("reminder", "P1D", send(&["email", "sms"], "reminder", "billing")),
            step("nudge", "P5D", send(&["email", "sms"], "nudge", "billing")),
            graver(step("managers", "P9D", json!({"escalate": {"to": "managers", "via": ["slack"]}}))),
            executive,
            step("stop", "P16D", json!({"credit_hold": {}})),
            step("call", "P60D", json!({"task": {"title": "Call the customer"}})),
        ],
    })
}

impl Player<'_> {
    /// What the seller sets up for it: the plan, and a channel in which managers are told.
    pub(super) async fn set_up(&self) -> anyhow::Result<()> {
        self.ask_as("manager", Method::PUT, "/v1/workflows/heard", &plan()).await?;
        let url = format!("{}/_local/notices/slack/{TENANT}", self.stack.url());
        self.ask_as("admin", Method::PUT, "/v1/notice_channels/slack", &json!({"url": url})).await?;
        Ok(())
    }

    /// The last mail to them comes back; `false` where there is none yet.
    pub(super) async fn come_back(&mut self, buyer: &Buyer, number: &'static str, how: &Returned) -> anyhow::Result<bool> {
        let Some(last) = self.mails_to(buyer).pop() else { return Ok(false) };
        let tags: Map<String, Value> = last
            .raw
            .get("EmailTags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|tag| Some((tag.get("Name")?.as_str()?.to_owned(), json!([tag.get("Value")?]))))
            .collect();
        let event = json!({
            "source": "aws.ses", "detail-type": "Email Bounced",
            "detail": {
                "eventType": "Bounce",
                "bounce": {
                    "bounceType": how.kind, "bounceSubType": how.sub_kind, "timestamp": self.stack.now(), "feedbackId": "demo",
                    "bouncedRecipients": [
                        {"emailAddress": buyer.email, "status": how.status, "action": "failed", "diagnosticCode": how.said},
                    ],
                },
                "mail": {"timestamp": last.at, "messageId": last.message_id, "destination": [buyer.email], "tags": tags},
            },
        });
        self.caller.post(&format!("{}/_local/events", self.stack.url()), Vec::new(), event.to_string()).await?;
        self.begun(number).returned = last.message_id;
        Ok(true)
    }

    /// They answer the last text message with words and a day; `false` where there is none yet.
    pub(super) async fn answer_text(&self, buyer: &Buyer, words: &str, days: i64) -> anyhow::Result<bool> {
        let phone = buyer.phone.context("they have no phone")?;
        if !self.stack.outbox(Some(TENANT)).iter().any(|sent| sent.channel == "sms" && sent.to == phone) {
            return Ok(false);
        }
        let day = self.today_and(days).strftime("%-d %B %Y").to_string();
        self.come_in(&json!({"channel": "sms", "from": phone, "text": format!("{words} {day}.")})).await?;
        Ok(true)
    }

    /// They answer the last mail that did not come back; `false` where there is none yet.
    pub(super) async fn answer_mail(&mut self, buyer: &Buyer, number: &'static str, words: &str) -> anyhow::Result<bool> {
        let returned = self.begun(number).returned.clone();
        let last = self.mails_to(buyer).into_iter().rfind(|mail| mail.service_mail.is_none());
        let Some(mail) = last.filter(|mail| mail.message_id != returned) else { return Ok(false) };
        let from = format!("{} <{}>", buyer.person, buyer.email);
        self.come_in(&json!({"channel": "email", "from": from, "in_reply_to": mail.message_id, "text": words})).await?;
        Ok(true)
    }

    async fn come_in(&self, wish: &Value) -> anyhow::Result<()> {
        self.caller.post(&format!("{}/_local/inbound", self.stack.url()), Vec::new(), wish.to_string()).await?;
        self.stack.to(self.stack.now() + HEARD_IN).await?;
        Ok(())
    }

    /// A collector accepts what their last open answer suggests.
    pub(super) async fn accept(&mut self, buyer: &Buyer, number: &'static str) -> anyhow::Result<()> {
        let customer = self.customer_id(buyer).await?;
        let listed = self.ask(Method::GET, &format!("/v1/replies?customer={customer}"), &Value::Null).await?;
        let is_open = |reply: &&Value| reply.get("status").and_then(Value::as_str) == Some("open");
        let mut replies = listed.get("data").and_then(Value::as_array).into_iter().flatten();
        let reply = replies.find(is_open).context("no answer of theirs is open")?;
        let path = format!("/v1/replies/{}/accept", text(reply, "id")?);
        let accepted = self.ask(Method::POST, &path, &json!({})).await?;
        self.begun(number).agreement = text(&accepted, "agreement")?;
        Ok(())
    }

    /// The seller's system says that it carried out what a task of a kind asks for; `false` where none asks yet.
    pub(super) async fn confirm(&self, buyer: &Buyer, kind: &str) -> anyhow::Result<bool> {
        let listed = self.ask(Method::GET, &format!("/v1/tasks?kind={kind}"), &Value::Null).await?;
        let is_theirs = |task: &&Value| task.pointer("/customer/external_id").and_then(Value::as_str) == Some(buyer.id);
        let Some(task) = listed.get("tasks").and_then(Value::as_array).into_iter().flatten().find(is_theirs) else {
            return Ok(false);
        };
        let effect = text(task.get("effect").context("the task stands for no effect")?, "id")?;
        let done = json!({"status": "done", "task": text(task, "id")?});
        self.ask(Method::POST, &format!("/v1/effects/{effect}/result"), &done).await?;
        Ok(true)
    }
}
