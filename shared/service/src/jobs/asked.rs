//! What the kinds of jobs are asked, as they read it.

use std::collections::BTreeMap;

use domain::{
    BulkId, Channel, Currency, Mode, Workflow,
    rollout::SHARE_WHOLE,
    simulate::{Assumed, BreakerAssumed, Paying},
    workflow::{self, Migration},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{
    checked::{AskedOfJob, WrongFields},
    uploads::Upload,
};

/// Most days that a simulation plays.
pub const DAYS_MAX: u32 = 180;

/// What `simulate` is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulateAsked {
    /// How many days; 90 where it is left out.
    #[serde(default)]
    pub days: Option<u32>,
    /// When customers pay; nobody pays where it is left out.
    #[serde(default)]
    pub paying: Paying,
    /// What becomes of the breaker once it opens; it stays open where it is left out.
    #[serde(default)]
    pub breaker: BreakerAssumed,
    /// In which mode: the tenant's own where it is left out, and `live` where the tenant is switched off.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// Another version of a workflow, as `PUT /v1/workflows/{id}` takes it: what differs by it is said too.
    #[serde(default)]
    pub workflow: Option<Value>,
    /// Of a hundred cases, how many take that version; all where it is left out.
    #[serde(default)]
    pub share: Option<u8>,
    /// What becomes of the steps of running cases, which move to that version then; they stay at theirs where it is left out.
    #[serde(default)]
    pub migration: Option<Migration>,
    /// What a message costs by channel, in millionths of a currency's unit.
    #[serde(default)]
    pub prices: BTreeMap<Channel, Price>,
}

/// What a message costs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// In which currency.
    pub currency: Currency,
    /// Millionths of its unit.
    pub micro: u64,
    /// Where the price stands.
    #[serde(default)]
    pub source: Option<String>,
}

impl SimulateAsked {
    /// What is supposed.
    pub fn assumed(&self) -> Assumed {
        Assumed { paying: self.paying, breaker: self.breaker }
    }

    /// How many days.
    pub fn days(&self) -> u32 {
        self.days.unwrap_or(90)
    }

    /// The other version, where one is given.
    ///
    /// # Errors
    ///
    /// Every field that does not read.
    pub fn workflow(&self) -> Result<Option<Workflow>, WrongFields> {
        let Some(mut json) = self.workflow.clone() else { return Ok(None) };
        if let Some(object) = json.as_object_mut() {
            object.remove("version");
            object.remove("warnings");
        }
        let at = |flaw: workflow::Flaw| (format!("/workflow{}", flaw.pointer), flaw.detail);
        workflow::read(&json).map(Some).map_err(|flaws| flaws.into_iter().map(at).collect())
    }
}

impl AskedOfJob for SimulateAsked {
    fn flaws(&self) -> WrongFields {
        let mut flaws = self.workflow().err().unwrap_or_default();
        if !(1..=DAYS_MAX).contains(&self.days()) {
            flaws.push(("/days".to_owned(), format!("a simulation plays 1 to {DAYS_MAX} days")));
        }
        if self.share.is_some_and(|share| !(1..=SHARE_WHOLE).contains(&share)) {
            flaws.push((
                "/share".to_owned(),
                "a share is 1 to 100: of a hundred cases, how many take the version first".to_owned(),
            ));
        }
        if self.workflow.is_none() && (self.share.is_some() || self.migration.is_some()) {
            let detail = "a share and a map of steps are about another version; give it, or POST /v1/workflows/{id}/simulate for the draft";
            flaws.push(("/workflow".to_owned(), detail.to_owned()));
        }
        if self.mode.is_some_and(|mode| !matches!(mode, Mode::Shadow | Mode::Live)) {
            flaws.push(("/mode".to_owned(), "a mode in which something is decided is shadow or live".to_owned()));
        }
        flaws
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileOf {
    /// A customer a line; several lines of one customer are its people.
    Customers,
    /// A person of a customer a line; they take the place of those whom the import knew.
    Contacts,
    /// An invoice a line, closed ones too.
    Invoices,
    /// A payment a line; several lines of one payment are what it is for.
    Payments,
}

/// In which order dates name their parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `31.01.2026`.
    Dmy,
    /// `01/31/2026`.
    Mdy,
    /// `2026-01-31`.
    Ymd,
}

/// What `import` is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportAsked {
    /// What the file holds.
    pub of: FileOf,
    /// The upload that holds it.
    pub upload: String,
    /// Only says what it would do and what is wrong.
    #[serde(default)]
    pub dry_run: bool,
    /// Which column holds what, by its heading: `{"external_id": "Invoice no."}`. What is left out is guessed.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// In which order dates name their parts, where the file alone does not say.
    #[serde(default)]
    pub dates: Option<DateOrder>,
    /// What stands before the decimals of amounts, `.` or `,`, where the file alone does not say.
    #[serde(default)]
    pub decimal: Option<char>,
    /// The currency of amounts that no column names.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// The name of the sheet; the first where it is left out.
    #[serde(default)]
    pub sheet: Option<String>,
    /// Takes what is right and leaves out what is wrong; otherwise nothing is taken while anything is wrong.
    #[serde(default)]
    pub skip_wrong: bool,
}

impl AskedOfJob for ImportAsked {
    fn flaws(&self) -> WrongFields {
        let mut flaws = of_upload(&self.upload);
        if self.decimal.is_some_and(|mark| !matches!(mark, '.' | ',')) {
            flaws.push(("/decimal".to_owned(), "what stands before decimals is '.' or ','".to_owned()));
        }
        flaws
    }
}

/// What `reconcile` is asked: a file, or totals.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconcileAsked {
    /// The upload that holds what is open by customer: columns for the customer's id, the currency and the amount.
    #[serde(default)]
    pub upload: Option<String>,
    /// Of which source the customers are that the file or the totals are about; all of them where it is left out.
    #[serde(default)]
    pub source: Option<String>,
    /// What is open in all, by currency, minor units, as the source says it.
    #[serde(default)]
    pub totals: BTreeMap<Currency, i64>,
    /// As of `import`.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// As of `import`.
    #[serde(default)]
    pub decimal: Option<char>,
    /// As of `import`.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// As of `import`.
    #[serde(default)]
    pub sheet: Option<String>,
}

impl AskedOfJob for ReconcileAsked {
    fn flaws(&self) -> WrongFields {
        let mut flaws = self.upload.as_deref().map(of_upload).unwrap_or_default();
        if self.upload.is_none() && self.totals.is_empty() {
            flaws
                .push(("/upload".to_owned(), "something to compare with is needed: an upload, or totals by currency".to_owned()));
        }
        if self.decimal.is_some_and(|mark| !matches!(mark, '.' | ',')) {
            flaws.push(("/decimal".to_owned(), "what stands before decimals is '.' or ','".to_owned()));
        }
        flaws
    }
}

/// What `audit_export` is asked: everything where nothing is said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportAsked {
    /// Entries since then.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Entries until then; until the job is taken up where it is left out.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl AskedOfJob for ExportAsked {
    fn flaws(&self) -> WrongFields {
        match (self.from, self.until) {
            (Some(from), Some(until)) if from > until => {
                vec![("/from".to_owned(), "an export begins before it ends".to_owned())]
            }
            (_, _) => WrongFields::new(),
        }
    }
}

/// What `audit_book` is asked: nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditBookAsked {}

impl AskedOfJob for AuditBookAsked {
    fn flaws(&self) -> WrongFields {
        WrongFields::new()
    }
}

/// What `training_book` is asked: nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingBookAsked {}

impl AskedOfJob for TrainingBookAsked {
    fn flaws(&self) -> WrongFields {
        WrongFields::new()
    }
}

/// What `bulk` and `undo_bulk` are asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkRunAsked {
    /// The action: the id that `POST /v1/bulk` gave.
    pub run: String,
}

impl AskedOfJob for BulkRunAsked {
    fn flaws(&self) -> WrongFields {
        match BulkId::parse(&self.run) {
            Some(_) => WrongFields::new(),
            None => vec![("/run".to_owned(), "an action is the id that POST /v1/bulk gave, 'blk_…'".to_owned())],
        }
    }
}

fn of_upload(text: &str) -> WrongFields {
    match Upload::parse(text) {
        Some(_) => WrongFields::new(),
        None => vec![("/upload".to_owned(), "an upload is the id that POST /v1/uploads gave, 'upl_…'".to_owned())],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use serde_json::json;

    use super::super::kinds::{KINDS, find};
    use crate::rights;

    #[test]
    fn every_kind_says_who_may_and_what_is_wrong() {
        let named: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let rights: Vec<&str> = rights::JOBS.iter().map(|(name, _)| *name).collect();
        assert_eq!(named, rights);
        for (kind, asked, pointers) in [
            ("simulate", json!({}), vec![]),
            ("simulate", json!({"days": 400, "mode": "off"}), vec!["/days", "/mode"]),
            ("simulate", json!({"days": "many"}), vec!["/days"]),
            ("simulate", json!({"days": "many", "mode": "off"}), vec!["/days", "/mode"]),
            (
                "simulate",
                json!({"days": "many", "prices": {"sms": {"micro": "x"}}}),
                vec!["/days", "/prices/sms/currency", "/prices/sms/micro"],
            ),
            ("simulate", json!({"workflow": {"id": "x"}}), vec!["/workflow"]),
            ("simulate", json!({"share": 101, "migration": {}}), vec!["/share", "/workflow"]),
            ("audit_export", json!({}), vec![]),
            ("audit_export", json!({"from": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}), vec!["/from"]),
            ("audit_export", json!({"from": "yesterday"}), vec!["/from"]),
            ("import", json!({"of": "invoices", "upload": "upl_0123456789abcdef01234567"}), vec![]),
            ("import", json!({"of": "invoices", "upload": "../other", "decimal": ";"}), vec!["/upload", "/decimal"]),
            (
                "import",
                json!({"of": 7, "upload": 5, "dry_run": "x", "columns": []}),
                vec!["/columns", "/dry_run", "/of", "/upload"],
            ),
            ("import", json!({"upload": 5, "sheets": "Open"}), vec!["/of", "/sheets", "/upload"]),
            ("reconcile", json!({}), vec!["/upload"]),
            ("reconcile", json!({"upload": 7, "decimal": ";"}), vec!["/upload", "/decimal"]),
            ("reconcile", json!({"totals": {"EUR": 100}}), vec![]),
            ("audit_book", json!({}), vec![]),
            ("training_book", json!({}), vec![]),
            ("bulk", json!({"run": "blk_0123456789abcdefghjk"}), vec![]),
            ("bulk", json!({"run": "blk_x#000001"}), vec!["/run"]),
            ("undo_bulk", json!({"run": "job_1"}), vec!["/run"]),
        ] {
            let flaws = (find(kind).unwrap().check)(&asked);
            let found: Vec<&str> = flaws.iter().map(|(pointer, _)| pointer.as_str()).collect();
            assert_eq!(found, pointers, "{kind} {asked}: {flaws:?}");
        }
    }
}
