//! Books of any size: two customers come in by the webhook and are swept once; their items are then copied under other ids
//! straight into the table.

use anyhow::{Context, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{CustomerId, InvoiceId, TenantId};
use dynoxide::{ImportOptions, actions::scan::ScanRequest, types::Item};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};
use sha2::Sha256;
use store::inspect::attributes::{every::DUE_PK, head};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::rig::{Hook, Rig};

/// When the story begins: a Monday morning before anybody's hours.
pub const BEGINS: &str = "2026-02-02T05:00:00Z";
/// When every place in that Wednesday's hours has come.
pub const DUE: &str = "2026-02-04T15:59:59Z";
/// The first step of what falls due then, five days ahead, is due at [`DUE`].
pub const DUE_ON: &str = "2026-02-09";
/// Nothing is due of this for months.
pub const LATER_ON: &str = "2026-12-01";
/// Items that go into the table in one transaction.
const CHUNK: usize = 20_000;

/// An instant.
pub fn at(text: &str) -> anyhow::Result<Timestamp> {
    Ok(text.parse()?)
}

/// A canonical invoice of a customer of its own or another's.
pub fn invoice(customer: &str, number: &str, version: u64, due_on: &str) -> Value {
    let issued: Date = due_on.parse().unwrap_or_default();
    let issued = issued.saturating_sub(jiff::Span::new().days(30));
    json!({
        "type": "invoice.upserted",
        "customer": {
            "external_id": customer, "source_version": 1, "name": "Beispiel GmbH", "kind": "company", "language": "de",
            "country": "DE", "region": "BE", "time_zone": "Europe/Berlin",
            "contacts": [{
                "external_id": "p1", "name": "Anna Weber", "roles": ["billing"], "email": format!("ap@{customer}.example")
            }]
        },
        "invoice": {
            "external_id": number, "source_version": version, "number": number, "currency": "EUR", "total_minor": 125_000,
            "issued_on": issued.to_string(), "due_on": due_on, "status": "open"
        }
    })
}

/// Posts a signed document; answers the status.
pub async fn post(hook: &Hook, event: &str, now: Timestamp, document: &Value) -> anyhow::Result<u16> {
    let body = document.to_string();
    let second = now.as_second().to_string();
    let key = STANDARD.decode(hook.secret.trim_start_matches("whsec_"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)?;
    mac.update(format!("{event}.{second}.{body}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let (host, path) = hook.url.trim_start_matches("http://").split_once('/').context("a webhook has a path")?;
    let request = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\nwebhook-id: {event}\r\n\
         webhook-timestamp: {second}\r\nwebhook-signature: v1,{signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(host).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")
}

/// A stack with `invoices` open invoices, one a customer, of which `due` are due at [`DUE`]; the clock shows a moment before.
pub async fn rig(invoices: usize, due: usize) -> anyhow::Result<Rig> {
    let begins = at(BEGINS)?;
    let (rig, hook) = Rig::start(begins).await?;
    for (customer, due_on) in [("seeddue", DUE_ON), ("seedlater", LATER_ON)] {
        let status = post(&hook, customer, begins, &invoice(customer, &format!("INV-{customer}"), 1, due_on)).await?;
        ensure!(status == 202, "the webhook answered {status}");
    }
    let moved = rig.stack.advance("PT2M").await?;
    ensure!(moved.errors == 0, "a function failed");
    let tenant = TenantId::parse("bench")?;
    let seed_due = Seed::of(&rig, &tenant, "seeddue")?;
    let seed_later = Seed::of(&rig, &tenant, "seedlater")?;
    let mut items = Vec::new();
    for number in 1..invoices {
        if number == due {
            // The seed that is not due is that one.
            continue;
        }
        let seed = if number < due { &seed_due } else { &seed_later };
        items.extend(seed.copy(&tenant, number)?);
        if items.len() >= CHUNK {
            import(&rig, std::mem::take(&mut items))?;
        }
    }
    import(&rig, items)?;
    Ok(rig)
}

/// Puts items into the table past its stream.
pub fn import(rig: &Rig, items: Vec<Item>) -> anyhow::Result<()> {
    let options = ImportOptions { record_streams: false, set_cached_at: false };
    rig.stack.world().database.import_items(rig.table_name(), items, options).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(())
}

/// All items of the table.
pub fn items(rig: &Rig) -> anyhow::Result<Vec<Item>> {
    let request: ScanRequest = serde_json::from_value(json!({ "TableName": rig.table_name() }))?;
    let answer = rig.stack.world().database.scan(request).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(answer.items.unwrap_or_default())
}

/// A customer's items, as text.
struct Seed {
    items: Vec<String>,
    customer: String,
    invoice: String,
    name: String,
}

impl Seed {
    fn of(rig: &Rig, tenant: &TenantId, name: &str) -> anyhow::Result<Self> {
        let texts: Vec<String> = items(rig)?.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let profile = texts.iter().find(|text| text.contains(name) && text.contains("PROFILE")).context("a profile")?;
        let prefix = format!("T#{tenant}#C#");
        let customer = profile.split(&prefix).nth(1).and_then(|rest| rest.split('"').next()).context("a customer's key")?;
        let own: Vec<String> = texts.iter().filter(|text| text.contains(&format!("{prefix}{customer}\""))).cloned().collect();
        let invoice = own.iter().find_map(|text| text.split("\"INV#").nth(1)?.split('"').next()).context("an invoice's key")?;
        Ok(Self { customer: customer.to_owned(), invoice: invoice.to_owned(), name: name.to_owned(), items: own })
    }

    fn copy(&self, tenant: &TenantId, number: usize) -> anyhow::Result<Vec<Item>> {
        let name = format!("c{number}");
        let customer = CustomerId::derive(&[tenant.as_str(), "copy", &name]);
        let invoice = InvoiceId::derive(&[tenant.as_str(), "copy", &name]);
        let shard = number % 4;
        let copied = self.items.iter().map(|text| {
            let text = text.replace(&self.customer, customer.as_str()).replace(&self.invoice, invoice.as_str());
            let text = text.replace(&self.name, &name);
            let mut item: Value = serde_json::from_str(&text)?;
            if item.get(DUE_PK).is_some() {
                item[DUE_PK] = json!({ "S": format!("{tenant}:{shard:02}") });
                item[head::SHARD] = json!({ "N": shard.to_string() });
            }
            Ok(serde_json::from_value(item)?)
        });
        copied.collect()
    }
}
