//! Payments that are taken here and written into one company's books, whichever the vendor, by a writer that dies before and after each of its calls:
//! those of AWS and those of the vendor, in one sequence. At a call of the vendor it dies before the request is heard, or once it was carried out and
//! nobody sees the answer. While it is dead, people pay, void and defer other invoices in the books, and the books are read back.

use std::{fmt, sync::Arc};

use anyhow::Context;
use connectors::customer_id;
use domain::TenantId;
use doubles::FakeAccounting;
use jiff::{SignedDuration, ToSpan};
use local::{Crashed, Mode, When};
use serde_json::{Value, json};

use super::{READER, company::START, scenario::desk, witness::Watch};
use crate::{
    company::clock,
    faults::Random,
    test_tenant::{TENANT, TestTenant},
};

/// What each invoice comes to.
const TOTAL: (&str, i64) = ("100.00", 10_000);
/// How long the queue takes to give it out again after a crash, in minutes, with an answer that was lost being looked for.
const AGAIN_AFTER_MINUTES: u32 = 15;
/// How far from the first call of the vendor that writes the short form goes, in calls: tokens that are refreshed first move it.
const NEAR: u32 = 2;
/// What a person is asked to do about money that may be two.
const TASKS: [&str; 5] = ["enter_payment", "seen_twice", "money_in_flight", "overpaid", "books"];

/// What a race of writes is run with.
#[derive(Clone, Debug)]
pub struct WritesPlan {
    /// For everything random.
    pub seed: u64,
    /// Whether each call of the writer is a place; else those around the vendor's.
    pub every_call: bool,
    /// How often in a row it dies at one place.
    pub in_a_row: u32,
}

/// What became of one payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlayedWrite {
    /// The payment.
    pub id: String,
    /// How its writing stands here.
    pub status: String,
    /// What the books have under its id, minor units each.
    pub entries: Vec<i64>,
    /// The kinds of the vendor's calls while it was written, in order.
    pub kinds: Vec<String>,
}

/// What a race of writes came to.
#[derive(Clone, Debug, Default)]
pub struct WritesReport {
    /// The source.
    pub source: &'static str,
    /// The places that were played: before or after which call.
    pub places: Vec<(When, u32)>,
    /// Those that no invocation reached.
    pub unreached: Vec<(When, u32)>,
    /// The crashes of the writer.
    pub crashes: Vec<Crashed>,
    /// What became of each payment.
    pub payments: Vec<PlayedWrite>,
    /// What is wrong beside the payments.
    pub wrong: Vec<String>,
    /// The kinds of calls that write and that look.
    pub words: (&'static str, &'static str),
}

impl WritesReport {
    /// Everything that is wrong.
    pub fn flaws(&self) -> Vec<String> {
        let of_payments = self.payments.iter().flat_map(|payment| flaws_of(payment, self.words));
        self.wrong.iter().cloned().chain(of_payments).collect()
    }

    /// Crashes of the writer around calls of a kind of the vendor's, before or after them.
    pub fn crashes_around(&self, kind: &str, when: When) -> usize {
        let what = format!("{}:{kind}", self.source);
        self.crashes.iter().filter(|crash| crash.what == what && crash.when == when).count()
    }
}

/// What is wrong with a payment: it is in the books once and done here, and after a call that wrote none is made again that was not preceded by a look.
pub fn flaws_of(payment: &PlayedWrite, (writes, searches): (&str, &str)) -> Vec<String> {
    let PlayedWrite { id, status, entries, kinds } = payment;
    let mut flaws = Vec::new();
    if entries.as_slice() != [TOTAL.1] {
        flaws.push(format!("the books have {id} as {entries:?}"));
    }
    if status != "done" {
        flaws.push(format!("{id} is {status}"));
    }
    let mut has_looked = true;
    for kind in kinds {
        if kind == writes {
            if !has_looked {
                flaws.push(format!("{id} was written again without a look: {kinds:?}"));
            }
            has_looked = false;
        } else if kind == searches {
            has_looked = true;
        }
    }
    flaws
}

impl fmt::Display for WritesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (writes, _) = self.words;
        write!(
            f,
            "{}, written into: {} places, {} not reached; {} crashes of {READER}, {} before and {} after a call that writes; {} payments",
            self.source,
            self.places.len(),
            self.unreached.len(),
            self.crashes.len(),
            self.crashes_around(writes, When::Before),
            self.crashes_around(writes, When::After),
            self.payments.len(),
        )
    }
}

struct Writes<D> {
    desk: TestTenant,
    double: D,
    watch: Arc<Watch>,
    random: Random,
    /// The customer whose payments are written.
    customer: String,
    /// Its invoices that nobody paid yet.
    open: Vec<String>,
    /// Somebody else's, with which people do what they like.
    others: Vec<String>,
    report: WritesReport,
}

/// Plays it.
///
/// # Errors
///
/// When the stack does not start, or the company cannot be written into.
pub async fn run_writes<D: FakeAccounting>(plan: &WritesPlan) -> anyhow::Result<WritesReport> {
    let desk = desk(plan.seed).await?;
    let double = D::open(clock(&desk)).await?;
    let watch = Watch::new(desk.stack.world(), D::SOURCE);
    double.watch(watch.clone());
    double.found("Coastal Supplies");
    let bill = |customer: &str| double.bill(customer, TOTAL.0, START - 30.days(), START + 120.days());
    let customer = double.meet("Payer", "payer@buyer.example");
    let open: Vec<String> = (0..150).map(|_| bill(&customer)).collect();
    let somebody = double.meet("Somebody else", "else@buyer.example");
    let others: Vec<String> = (0..60).map(|_| bill(&somebody)).collect();
    let words = (D::WRITES, D::SEARCHES);
    let report = WritesReport { source: D::SOURCE, words, ..WritesReport::default() };
    let random = Random(plan.seed);
    let mut writes = Writes { desk, double, watch, random, customer, open, others, report };
    writes.connect().await?;
    let places = writes.learn(plan).await?;
    for place in places {
        writes.play(place, plan.in_a_row).await?;
    }
    writes.judged().await
}

impl<D: FakeAccounting> Writes<D> {
    /// Connects the company, and has payments written into it.
    async fn connect(&mut self) -> anyhow::Result<()> {
        self.desk.connect(D::SOURCE, &self.double, D::REALM).await;
        self.double.notifications();
        self.desk.advance("PT10M").await;
        let setting = format!("/v1/connections/{}/write_back", D::SOURCE);
        let wish = json!({"enabled": true, "account": D::ACCOUNT});
        let set = self.desk.admin("PUT", &setting, &wish).await;
        anyhow::ensure!(set.status == 200, "{} is not written into: {}", D::SOURCE, set.text);
        if self.double.asks_to_write() {
            let agreed = self.desk.sign_in(D::SOURCE, json!({})).await;
            anyhow::ensure!(agreed.status == 200, "nobody agreed to it: {}", agreed.text);
        }
        self.desk.advance("PT10M").await;
        Ok(())
    }

    /// A collector writes down that the next invoice was paid; the payment's id.
    async fn take(&mut self) -> anyhow::Result<String> {
        let invoice = self.open.pop().context("the company has too few invoices for so many places")?;
        let tenant = TenantId::parse(TENANT).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let customer = customer_id(&tenant, D::SOURCE, D::REALM, &self.customer);
        // A day that has begun in every zone.
        let day = (self.desk.stack.now() - SignedDuration::from_hours(12)).strftime("%Y-%m-%d").to_string();
        let asked = json!({
            "customer": customer.as_str(), "amount_minor": TOTAL.1, "currency": "USD", "received_on": day, "way": "check",
            "allocations": [{"invoice": invoice, "amount_minor": TOTAL.1}],
        });
        let taken = self.desk.admin("POST", "/v1/payments", &asked).await;
        anyhow::ensure!(taken.status == 200, "a payment is not taken: {}", taken.text);
        taken.body["id"].as_str().map(str::to_owned).context("a payment without an id")
    }

    /// What became of a payment, whose calls are those behind the first `before`.
    async fn stands(&self, id: &str, before: usize) -> PlayedWrite {
        let basket = self.desk.admin("GET", &format!("/v1/baskets/{id}"), &Value::Null).await.is(200).body;
        let own = self.double.entries().into_iter().filter(|(reference, _)| reference == id);
        PlayedWrite {
            id: id.to_owned(),
            status: basket["written_back"]["status"].as_str().unwrap_or_default().to_owned(),
            entries: own.map(|(_, minor)| minor).collect(),
            kinds: self.watch.kinds().split_off(before),
        }
    }

    /// Sees without any crash how much a writer calls, and lists the places.
    async fn learn(&mut self, plan: &WritesPlan) -> anyhow::Result<Vec<(When, u32)>> {
        let world = self.desk.stack.world().clone();
        let slot = world.functions.get(READER).context("nobody reads books")?;
        slot.take_calls_most();
        let before = self.watch.kinds().len();
        let id = self.take().await?;
        self.desk.advance("PT1M").await;
        let most = slot.take_calls_most();
        let payment = self.stands(&id, before).await;
        anyhow::ensure!(payment.status == "done", "without any crash {id} is {}: {:?}", payment.status, payment.kinds);
        self.report.payments.push(payment);
        // The vendor's call is somewhere behind the lock and the tokens.
        let calls: Vec<u32> = if plan.every_call { (1..=most).collect() } else { self.near_the_write(most).await? };
        Ok(calls.into_iter().flat_map(|call| [When::Before, When::After].map(|when| (when, call))).collect())
    }

    /// The calls around the one that writes: found by crashing at each until one strikes it.
    async fn near_the_write(&mut self, most: u32) -> anyhow::Result<Vec<u32>> {
        for call in 1..=most {
            self.play((When::Before, call), 1).await?;
            if self.report.crashes_around(D::WRITES, When::Before) > 0 {
                return Ok((call.saturating_sub(NEAR).max(1)..=(call + NEAR).min(most)).collect());
            }
        }
        anyhow::bail!("none of {most} calls is one that writes")
    }

    /// A payment is taken, and whoever writes it dies at a place.
    async fn play(&mut self, (when, call): (When, u32), in_a_row: u32) -> anyhow::Result<()> {
        // The books are read just before, so that tokens are as new as they can be.
        self.desk.advance("PT31M").await;
        let (before, crashed) = (self.watch.kinds().len(), self.crashes().len());
        let id = self.take().await?;
        let crash = local::Fault {
            target: READER.to_owned(),
            mode: Some(Mode::Crash),
            times: in_a_row,
            call: Some(call),
            when: Some(when),
        };
        self.desk.stack.fault(crash)?;
        self.meanwhile();
        // Whoever was killed last is followed by somebody who lives.
        self.desk.advance(&format!("PT{}M", AGAIN_AFTER_MINUTES * (in_a_row + 1))).await;
        self.desk.mend(READER);
        let crashes = self.crashes();
        if crashes.len() == crashed {
            self.report.unreached.push((when, call));
        } else {
            self.report.places.push((when, call));
        }
        self.report.crashes = crashes;
        let payment = self.stands(&id, before).await;
        self.report.payments.push(payment);
        Ok(())
    }

    /// People do something else in the books.
    fn meanwhile(&mut self) {
        let Some(invoice) = self.others.pop() else { return };
        match self.random.below(4) {
            0 => self.double.void(&invoice),
            1 => self.double.defer(&invoice, START + 150.days()),
            _ => {
                self.double.take(&invoice, TOTAL.0, START);
            }
        }
    }

    fn crashes(&self) -> Vec<Crashed> {
        let faults = self.desk.stack.world().faults.lock();
        let all = faults.map_or_else(|_| vec![], |faults| faults.crashes().to_vec());
        all.into_iter().filter(|crash| crash.function == READER).collect()
    }

    async fn judged(mut self) -> anyhow::Result<WritesReport> {
        self.desk.advance("PT2H").await;
        for (id, customer) in &self.double.truth(D::REALM).customers {
            let here = self.desk.open_here(D::SOURCE, id).await;
            let open = customer.invoices.values().filter(|invoice| invoice.open_minor > 0);
            let mut books: Vec<(String, i64)> = open.map(|invoice| (invoice.number.clone(), invoice.open_minor)).collect();
            books.sort();
            if here != books {
                self.report.wrong.push(format!("of {} {here:?} is open here, and {books:?} in the books", customer.name));
            }
        }
        for kind in TASKS {
            for task in self.desk.tasks(kind).await {
                self.report.wrong.push(format!("a person is asked to look: {task}"));
            }
        }
        // What was written once is not written later either.
        let entries = self.double.entries();
        for payment in &self.report.payments {
            let own: Vec<i64> =
                entries.iter().filter(|(reference, _)| *reference == payment.id).map(|(_, minor)| *minor).collect();
            if own != payment.entries {
                self.report.wrong.push(format!("the books had {} as {:?}, and have it as {own:?}", payment.id, payment.entries));
            }
        }
        self.desk.stack.stop().await;
        Ok(self.report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: (&str, &str) = ("write payment", "query Payment");

    fn payment(status: &str, entries: &[i64], kinds: &[&str]) -> PlayedWrite {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        PlayedWrite { id: "pay_1".to_owned(), status: status.to_owned(), entries: entries.to_vec(), kinds }
    }

    #[test]
    fn the_judge_names_what_is_lost_doubled_and_repeated_without_a_look() {
        let look = ["write payment", "token", "query Payment", "write payment"];
        for fair in [payment("done", &[10_000], &["write payment"]), payment("done", &[10_000], &look)] {
            assert_eq!(flaws_of(&fair, WORDS), Vec::<String>::new(), "{fair:?}");
        }
        for unfair in [
            payment("done", &[], &["write payment"]),
            payment("done", &[10_000, 10_000], &look),
            payment("done", &[5_000], &["write payment"]),
            payment("unknown", &[10_000], &["write payment"]),
            payment("done", &[10_000], &["write payment", "token", "write payment"]),
            payment("done", &[10_000], &["query Payment", "write payment", "write payment"]),
        ] {
            assert_eq!(flaws_of(&unfair, WORDS).len(), 1, "{unfair:?}");
        }
    }
}
