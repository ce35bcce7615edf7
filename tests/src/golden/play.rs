//! Plays a story on a stack of its own, from outside: documents by webhook, people by the admin API, the clock and faults by the
//! control surface.

use anyhow::Context;
use local::{Options, Stack, tenants::TenantIn};
use serde_json::{Map, Value, json};

use super::{
    normalise::Teller,
    story::{AwsEvent, Call, Event, Move, Story, list},
};
use crate::test_tenant::{Hook, Reply, TENANT, TestTenant};

/// For everything that is random on the stack.
const SEED: u64 = 1;

/// Tells the story; what it came to, sorted.
///
/// # Errors
///
/// When it cannot be told: a document or call that is no such, an id that nobody has.
pub async fn play(story: &Story) -> anyhow::Result<Vec<String>> {
    let stack = Stack::start(Options { now: Some(story.now), seed: Some(SEED), ..Options::default() }).await?;
    let tenant = TenantIn {
        tenant: TENANT.to_owned(),
        settings: story.settings.clone(),
        workflows: story.workflows.clone(),
        templates: story.all_templates(),
        ..TenantIn::default()
    };
    let made = stack.create_tenant(tenant).await.map_err(|refusal| anyhow::anyhow!("the tenant: {}", refusal.body))?;
    let hook = |source: &str| Hook {
        path: format!("/webhooks/{TENANT}/{source}"),
        secret: made["webhooks"][source]["secret"].as_str().unwrap_or_default().to_owned(),
    };
    let (canonical, stripe) = (hook("canonical"), hook("stripe"));
    let mut player = Player {
        desk: TestTenant::resume(stack, canonical, stripe),
        teller: Teller::new(story),
        settings: story.settings.clone(),
        lines: Vec::new(),
    };
    for (at, event) in story.events.iter().enumerate() {
        player.happen(story, at + 1, event).await.with_context(|| format!("event {}", at + 1))?;
    }
    player.desk.stack.advance("PT0S").await?;
    let mut lines = player.lines;
    lines.extend(player.teller.ending(&player.desk).await?);
    lines.sort();
    player.desk.stack.stop().await;
    Ok(lines)
}

struct Player {
    desk: TestTenant,
    teller: Teller,
    settings: Map<String, Value>,
    lines: Vec<String>,
}

impl Player {
    async fn happen(&mut self, story: &Story, number: usize, event: &Event) -> anyhow::Result<()> {
        match event {
            Event::Document(document) => {
                let reply = self.desk.send(&story.written_out(document)?).await;
                let result = reply.body["result"].as_str().unwrap_or_default();
                if reply.status != 202 || result != "applied" {
                    self.lines.push(format!("answer {number} {} {result}", reply.status).trim_end().to_owned());
                }
            }
            Event::Clock(Move::To(at)) => {
                self.desk.stack.to(*at).await?;
            }
            Event::Clock(Move::By { advance }) => {
                self.desk.stack.advance(advance).await?;
            }
            Event::Api(call) => {
                let path = self.with_ids(&call.path).await?;
                let mut body = call.body.clone();
                if let Some(customer) = body.get("customer").and_then(Value::as_str).map(str::to_owned) {
                    body["customer"] = json!(self.with_ids(&customer).await?);
                }
                let reply = self.call(&Call { path, body, ..call.clone() }).await?;
                if !(200..300).contains(&reply.status) {
                    self.lines.push(format!("answer {number} {}", reply.status));
                }
            }
            Event::AwsEvent(event) => self.of_aws(event).await?,
            Event::Settings(changes) => {
                self.settings.extend(changes.clone());
                let mut settings = self.settings.clone();
                settings.entry("name").or_insert_with(|| json!(TENANT));
                let senders = settings.entry("sender").or_insert_with(|| json!({}));
                if senders.get("email").is_none() {
                    senders["email"] = json!(format!("{TENANT}@dunlin.example"));
                }
                if senders.get("sms").is_none() {
                    senders["sms"] = json!(TENANT);
                }
                let reply = self.desk.admin("PUT", "/v1/settings", &Value::Object(settings)).await;
                anyhow::ensure!(reply.status == 200, "the settings are refused: {}", reply.text);
            }
            Event::Fault(fault) => {
                let reply = self.desk.call("POST", "/_local/faults", &[], fault.to_string().as_bytes()).await;
                anyhow::ensure!(reply.status == 200, "the fault is refused: {}", reply.text);
            }
            Event::OptOut(mail) => self.opt_out(*mail).await?,
            Event::Look(label) => {
                self.desk.stack.advance("PT0S").await?;
                let seen = self.teller.standing(&self.desk).await?;
                self.lines.extend(seen.into_iter().map(|line| format!("look {label}: {line}")));
            }
        }
        Ok(())
    }

    async fn call(&self, call: &Call) -> anyhow::Result<Reply> {
        let token = self.desk.stack.token(TENANT, &call.role)?;
        let headers = [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        let body = if call.body.is_null() { Vec::new() } else { call.body.to_string().into_bytes() };
        Ok(self.desk.call(&call.method, &call.path, &headers, &body).await)
    }

    /// A path with the ids of what it names.
    async fn with_ids(&self, path: &str) -> anyhow::Result<String> {
        let Some((before, rest)) = path.split_once('{') else { return Ok(path.to_owned()) };
        let (name, after) = rest.split_once('}').context("a bracket that does not close")?;
        let id = match name.split_once(':').context("a name is `{customer:C-1}` or `{task:kind:step}`")? {
            ("customer", external_id) => self.desk.matter(external_id).await["customer"]["id"].clone(),
            ("task", wanted) => {
                let (kind, step) = wanted.split_once(':').unwrap_or((wanted, ""));
                let tasks = self.desk.tasks(kind).await;
                let found = tasks.iter().find(|task| step.is_empty() || task["step"] == step);
                found.with_context(|| format!("nobody was asked to do {wanted}"))?["id"].clone()
            }
            _ => anyhow::bail!("{name} names neither a customer nor a task"),
        };
        Ok(format!("{before}{}{after}", id.as_str().context("it has no id")?))
    }

    async fn of_aws(&self, event: &AwsEvent) -> anyhow::Result<()> {
        let mail = self.mail(event.mail)?;
        let parts = event.parts.to_string().replace("{to}", &mail.to).replace("{now}", &self.desk.stack.now().to_string());
        self.desk.ses_event(&mail, &event.detail_type, &event.event_type, &serde_json::from_str(&parts)?).await;
        Ok(())
    }

    fn mail(&self, number: usize) -> anyhow::Result<local::Sent> {
        let sent = self.desk.sent();
        let at = number.checked_sub(1).context("mails count from 1")?;
        sent.get(at).cloned().with_context(|| format!("there is no mail {number}; {} left so far", sent.len()))
    }

    async fn opt_out(&self, number: usize) -> anyhow::Result<()> {
        let mail = self.mail(number)?;
        let headers = list(&mail.raw["Content"]["Simple"]["Headers"]);
        let link = headers.iter().find(|header| header["Name"] == "List-Unsubscribe").context("the mail has no link")?;
        let link = link["Value"].as_str().unwrap_or_default().trim_matches(['<', '>']);
        let form = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        let reply = self.desk.call("POST", link, &form, b"List-Unsubscribe=One-Click").await;
        anyhow::ensure!(reply.status == 200, "the link answers {}", reply.status);
        self.desk.stack.advance("PT0S").await?;
        Ok(())
    }
}
