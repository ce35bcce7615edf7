//! What the console works with beside the table: the bucket, vendors, and what the deployment allows.

use std::sync::Arc;

use anyhow::Context;
use files::Bucket;
use reading::Web;

/// What lies outside of the table.
#[derive(Clone)]
pub struct Outside {
    /// Where bodies of events and files of people lie.
    pub files: Bucket,
    /// How vendors are asked.
    pub web: Arc<Web>,
    /// The address of the API as people and vendors reach it, without a slash at its end; the host that was asked where nothing is said.
    pub public_url: Option<String>,
    /// Whether a connection or subscription may name what is on this machine.
    pub stand_ins: bool,
    /// Whether the deployment names a model that may be asked of answers.
    pub has_answers_model: bool,
}

impl Outside {
    /// Reads `BUCKET_NAME`, `PUBLIC_URL`, `STAND_INS` (`loopback`: addresses of this machine are taken) and `ANSWERS_MODEL`.
    ///
    /// # Errors
    ///
    /// When the bucket is not named.
    pub(crate) fn new(env: &kit::Env, clients: &kit::Clients) -> anyhow::Result<Self> {
        let bucket = env.require("BUCKET_NAME").context("the console reads events that were put aside")?;
        Ok(Self {
            files: Bucket::new(clients, bucket)?,
            web: Arc::default(),
            public_url: env.get("PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned()),
            stand_ins: env.get("STAND_INS") == Some("loopback"),
            has_answers_model: env.get("ANSWERS_MODEL").is_some(),
        })
    }
}
