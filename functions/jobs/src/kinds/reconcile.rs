//! Compares what is open here with what a file, or a source's own totals, say.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Currency,
    calendar::tenant_zone,
    receivables::{Receivables, ReceivablesRules},
};
use futures::{FutureExt, future::BoxFuture};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::jobs::{
    asked::ReconcileAsked,
    checked,
    uploads::{BYTES_MAX, Upload},
};
use store::{Job, JobEnd};

use super::import::{
    columns::{Columns, fields_to_compare, find},
    file,
    table::FileTable,
    values::{AmountWritten, amount_written, decimal_of},
};
use crate::{
    book,
    work::{KindOfJob, SliceEnd, Work},
};

/// The kind.
pub struct Reconcile;

/// Differences that stand in the result itself; all of them are in the file.
const SHOWN: usize = 200;

/// What is open by customer, as its source calls it, and currency.
type Open = BTreeMap<(String, Currency), i64>;

/// What is kept between slices.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// How many of the listed customers were read.
    read: usize,
    listed: bool,
    unreadable: u64,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Differs {
    /// The customer's id, as its source calls it.
    customer_external_id: String,
    currency: Currency,
    /// What is open here, minor units.
    here_minor: i64,
    /// What the file says.
    there_minor: i64,
    /// What it comes from: `only_here`, `only_there`, `amount`.
    why: &'static str,
}

impl KindOfJob for Reconcile {
    fn name(&self) -> &'static str {
        "reconcile"
    }

    fn slice<'a>(&'a self, work: &'a Work<'a>, job: &'a mut Job) -> BoxFuture<'a, anyhow::Result<SliceEnd>> {
        slice(work, job).boxed()
    }
}

async fn slice(work: &Work<'_>, job: &mut Job) -> anyhow::Result<SliceEnd> {
    let asked: ReconcileAsked = match checked::read(&job.args) {
        Ok(asked) => asked,
        Err((pointer, detail)) => return Ok(SliceEnd::Refused(format!("{pointer}: {detail}"))),
    };
    let mut kept: Kept = serde_json::from_value(job.checkpoint.clone()).unwrap_or_default();
    let there = match &asked.upload {
        Some(upload) => match open_there(work, &asked, upload).await? {
            Ok(there) => Some(there),
            Err(ended) => return Ok(*ended),
        },
        None => None,
    };
    let Some(row) = work.store.tenant(work.tenant).await? else {
        return Ok(SliceEnd::Refused("the tenant has no settings yet".to_owned()));
    };
    let Some(settings) = work.store.settings(work.tenant).await?.map(|settings| settings.value) else {
        return Ok(SliceEnd::Refused("the tenant has no settings yet".to_owned()));
    };
    let zone = tenant_zone(&settings);
    let rules = ReceivablesRules::of(&settings, &zone);
    let customers = if kept.listed { book::listed(work, &job.id).await? } else { book::list(work, &job.id, &row).await? };
    let mut here: Open =
        if kept.listed { work.part::<Vec<_>>(&job.id, "open", 0).await?.into_iter().collect() } else { Open::new() };
    kept.listed = true;
    job.total = Some(u64::try_from(customers.len())?);
    while kept.read < customers.len() {
        let some: Vec<_> = customers.iter().skip(kept.read).take(book::TOGETHER).cloned().collect();
        let (read, unreadable) = book::read(work, &some).await?;
        let now = work.now();
        for (_, facts) in &read {
            if asked.source.as_ref().is_some_and(|source| *source != facts.customer.source) {
                continue;
            }
            for item in &Receivables::at(facts, rules, now).items {
                let open = here.entry((facts.customer.external_id.clone(), item.currency)).or_default();
                *open = open.saturating_add(item.owed_minor());
            }
        }
        kept.read += some.len();
        kept.unreadable += unreadable;
        job.done = u64::try_from(kept.read)?;
        if work.is_over() && kept.read < customers.len() {
            work.put_part(&job.id, "open", 0, &here.iter().collect::<Vec<_>>()).await?;
            job.checkpoint = serde_json::to_value(&kept)?;
            return Ok(SliceEnd::More);
        }
    }
    let mut here_totals: BTreeMap<Currency, i64> = BTreeMap::new();
    for ((_, currency), open) in &here {
        let total = here_totals.entry(*currency).or_default();
        *total = total.saturating_add(*open);
    }
    let totals = |said: &BTreeMap<Currency, i64>| -> Vec<Value> {
        let all: BTreeSet<&Currency> = here_totals.keys().chain(said.keys()).collect();
        let of = |currency: &&Currency| {
            let (here, there) = (here_totals.get(*currency).copied().unwrap_or(0), said.get(*currency).copied().unwrap_or(0));
            json!({ "currency": currency, "here_minor": here, "there_minor": there, "difference_minor": here.saturating_sub(there) })
        };
        all.iter().map(of).collect()
    };
    let mut result = json!({
        "customers": kept.read, "unreadable_customers": kept.unreadable, "as_of": work.now(),
        "counted": "open is what is owed by invoices, instalments, plans and charges after payments and credit notes that name them; credit that names no invoice is not taken off",
    });
    if !asked.totals.is_empty() {
        result["totals"] = json!(totals(&asked.totals));
    }
    let mut result_key = None;
    if let Some(there) = there {
        let mut there_totals: BTreeMap<Currency, i64> = BTreeMap::new();
        for ((_, currency), open) in &there {
            let total = there_totals.entry(*currency).or_default();
            *total = total.saturating_add(*open);
        }
        let differs = differences(&here, &there);
        result["file_totals"] = json!(totals(&there_totals));
        result["differences"] = json!(differs.len());
        result["examples"] = json!(differs.iter().take(SHOWN).collect::<Vec<_>>());
        let lines: Vec<String> = differs.iter().filter_map(|one| serde_json::to_string(one).ok()).collect();
        let body = lines.join("\n").into_bytes();
        if !body.is_empty() {
            result_key = Some(work.put_file(&job.id, "differences.jsonl", "application/x-ndjson", body).await?);
        }
    }
    let file_name = result_key.is_some().then(|| "differences.jsonl".to_owned());
    Ok(SliceEnd::Done(JobEnd { result, result_key, file_name, why: None, done: job.done }))
}

/// What the file says; else how the job ends.
async fn open_there(work: &Work<'_>, asked: &ReconcileAsked, upload: &str) -> anyhow::Result<Result<Open, Box<SliceEnd>>> {
    let refused = |why: String| Ok(Err(Box::new(SliceEnd::Refused(why))));
    let Some(upload) = Upload::parse(upload) else { return refused("the upload has no id that was given".to_owned()) };
    let Some(bytes) = work.bucket.get(&upload.key(work.tenant), BYTES_MAX).await? else {
        return refused("the file is not there: send it anew with POST /v1/uploads".to_owned());
    };
    let table = match file::read(&bytes, asked.sheet.as_deref()) {
        Ok(table) => table,
        Err(why) => return refused(why),
    };
    let columns = match find(&table, &fields_to_compare(), &asked.columns) {
        Ok(columns) => columns,
        Err(wrong) => {
            return refused(wrong.iter().map(|(name, why)| format!("{name}: {why}")).collect::<Vec<_>>().join("; "));
        }
    };
    match summed(&table, &columns, asked) {
        Ok(open) => Ok(Ok(open)),
        Err(why) => refused(why),
    }
}

/// What a file says is open, summed by customer and currency.
fn summed(table: &FileTable, columns: &Columns, asked: &ReconcileAsked) -> Result<Open, String> {
    let at = |name: &str| columns.of.get(name).copied();
    let cells = |name: &str| {
        let place = at(name);
        table
            .lines
            .iter()
            .map(move |line| (line.number, place.and_then(|place| line.cells.get(place)).map_or("", String::as_str)))
    };
    let amounts: Vec<(u32, AmountWritten)> = cells("open")
        .map(|(line, cell)| {
            amount_written(cell).map(|amount| (line, amount)).map_err(|why| format!("line {line}: the amount {why}"))
        })
        .collect::<Result<_, _>>()?;
    let decimal = asked.decimal.or_else(|| decimal_of(amounts.iter().map(|(_, amount)| amount)));
    let mut open = Open::new();
    for (((line, amount), (_, customer)), (_, currency)) in
        amounts.iter().zip(cells("customer_external_id")).zip(cells("currency"))
    {
        let currency = match (currency, asked.currency) {
            ("", Some(currency)) => currency,
            ("", None) => return Err(format!("line {line}: no column says the currency; say it in the job's field currency")),
            (text, _) => Currency::parse(&text.to_uppercase()).map_err(|_| format!("line {line}: '{text}' is no currency"))?,
        };
        let minor = amount.minor(currency, decimal).map_err(|why| format!("line {line}: the amount {why}"))?;
        let minor = minor.ok_or_else(|| {
            format!(
                "line {line}: the amount could have decimals or thousands behind its mark; say which in the job's field decimal"
            )
        })?;
        if customer.is_empty() {
            return Err(format!("line {line}: no customer is named"));
        }
        let sum = open.entry((customer.to_owned(), currency)).or_default();
        *sum = sum.saturating_add(minor);
    }
    Ok(open)
}

/// Where both sides differ, by customer and currency. Nothing open is the same as nothing said.
fn differences(here: &Open, there: &Open) -> Vec<Differs> {
    let all: BTreeSet<&(String, Currency)> = here.keys().chain(there.keys()).collect();
    let of = |place: &(String, Currency)| {
        let (here_minor, there_minor) = (here.get(place).copied().unwrap_or(0), there.get(place).copied().unwrap_or(0));
        let why = match (here_minor, there_minor) {
            (here, there) if here == there => return None,
            (_, 0) => "only_here",
            (0, _) => "only_there",
            (_, _) => "amount",
        };
        Some(Differs { customer_external_id: place.0.clone(), currency: place.1, here_minor, there_minor, why })
    };
    all.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_summed_and_differences_are_named() {
        let asked: ReconcileAsked = serde_json::from_value(json!({"totals": {"EUR": 1}})).expect("it reads");
        let text = "Customer No;Currency;Open\nC-1;EUR;10,00\nC-1;EUR;2,50\nC-2;EUR;5,00\nC-4;EUR;0,00\n";
        let table = file::read(text.as_bytes(), None).expect("a table");
        let columns = find(&table, &fields_to_compare(), &BTreeMap::new()).expect("its columns");
        let there = summed(&table, &columns, &asked).expect("it sums up");
        let place = |id: &str| (id.to_owned(), Currency::EUR);
        let here = Open::from([(place("C-1"), 1_250), (place("C-2"), 700), (place("C-3"), 100)]);
        let found: Vec<(String, &str)> =
            differences(&here, &there).into_iter().map(|one| (one.customer_external_id, one.why)).collect();
        assert_eq!(found, [("C-2".to_owned(), "amount"), ("C-3".to_owned(), "only_here")]);
    }
}
