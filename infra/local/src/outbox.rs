//! What providers accepted, in order.

use std::{fs::File, io::Write, path::Path, sync::Mutex};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lock;

/// One accepted provider call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sent {
    /// Its place in the outbox, from 1.
    pub seq: u64,
    /// When, by the virtual clock.
    pub at: Timestamp,
    /// From the tag or attribute `dunlin_tenant`; absent when the caller gave none.
    pub tenant: Option<String>,
    /// Dunlin's own id of the message, from the tag or attribute `dunlin_message`.
    #[serde(default)]
    pub message: Option<String>,
    /// The id of the service mail that it is, from the tag `dunlin_service_mail`; absent for messages.
    #[serde(default)]
    pub service_mail: Option<String>,
    /// The channel: `email`, `sms`; `notice` for what is told to people of the tenant by other ways than email.
    pub channel: String,
    /// The provider: `ses`, `sns`, `slack`, `teams`.
    pub provider: String,
    /// The first recipient.
    pub to: String,
    /// Email only.
    pub subject: Option<String>,
    /// Plain text.
    pub text: Option<String>,
    /// Email only.
    pub html: Option<String>,
    /// Name, content type and size of each.
    pub attachments: Vec<Value>,
    /// The provider's id.
    pub message_id: String,
    /// The request as it came.
    pub raw: Value,
}

/// Everything that was sent since the stack began, or since the data directory did.
#[derive(Debug, Default)]
pub struct Outbox {
    sent: Mutex<Vec<Sent>>,
    file: Option<Mutex<File>>,
}

impl Outbox {
    /// An outbox that lives in a file, or in memory.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path).unwrap_or_default();
        // A line that was cut off by a kill is the last one; what it stood for was not answered.
        let sent: Vec<Sent> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let mut file = File::options().create(true).append(true).open(path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        Ok(Self { sent: Mutex::new(sent), file: Some(Mutex::new(file)) })
    }

    /// Adds one; its `seq` is set here.
    pub fn add(&self, mut entry: Sent) {
        let mut sent = lock(&self.sent);
        entry.seq = sent.last().map_or(1, |last| last.seq + 1);
        if let Some(file) = &self.file
            && let Ok(mut line) = serde_json::to_vec(&entry)
        {
            line.push(b'\n');
            if let Err(error) = lock(file).write_all(&line) {
                tracing::error!("the outbox file cannot be written: {error}");
            }
        }
        sent.push(entry);
    }

    /// Those of a tenant (all when `None`) after `since`.
    pub fn list(&self, tenant: Option<&str>, since: u64) -> Vec<Sent> {
        let keep = |entry: &&Sent| entry.seq > since && tenant.is_none_or(|tenant| entry.tenant.as_deref() == Some(tenant));
        lock(&self.sent).iter().filter(keep).cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        lock(&self.sent).len()
    }

    /// Whether nothing was sent yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
