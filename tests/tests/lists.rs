//! Rows of lists against what the facts say, after months in which the stream repeats, delays and reorders what it tells.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    CaseState, Currency, CustomerId, InvoiceStatus, Next, PaymentKind, TenantId, decide::owed, receivables::Receivables,
};
use dynoxide::actions::{get_records::GetRecordsRequest, get_shard_iterator::encode_shard_iterator};
use jiff::{civil::Date, tz::TimeZone};
use local::{Mode, Stack};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::{Value, json};
use store::{
    DayRange, InvoiceStanding, Line, List, Searched, Store,
    inspect::{
        Item, Stored,
        attributes::{document::DOC, every::SK, fact::ARCHIVED},
    },
};
use tests::{
    documents::{changed, customer, invoice, payment},
    faults::judge::open_table,
    test_tenant::{TENANT, TestTenant},
};

/// Names whose order is not that of their bytes, with what they are sorted by.
const NAMES: [(&str, &str); 6] = [
    ("zebra Handel", "zebra handel"),
    ("Äpfel & Birnen GmbH", "apfel birnen gmbh"),
    ("Apfel AG", "apfel ag"),
    ("ØRSTED Süd", "orsted sud"),
    ("Straßenbau 24", "strassenbau 24"),
    ("Müller/Söhne", "muller sohne"),
];

pub(crate) fn tenant() -> TenantId {
    TenantId::parse(TENANT).unwrap()
}

fn id(number: usize) -> String {
    format!("C-{number}")
}

fn named(number: usize, version: i64, name: &str) -> Value {
    let mut named = customer(&id(number));
    (named["name"], named["source_version"]) = (json!(name), json!(version));
    named
}

/// Every record that the table's stream ever had.
pub(crate) fn records(stack: &Stack) -> Vec<Value> {
    let world = stack.world();
    let table = world.template.tables.iter().find(|table| table.has_stream).unwrap();
    let mut iterator = encode_shard_iterator(&table.name, &dynoxide::streams::shard_id(&table.name), 0);
    let mut all = Vec::new();
    loop {
        let request = GetRecordsRequest { shard_iterator: iterator, limit: Some(1_000) };
        let answer = world.database.get_records(request).unwrap();
        if answer.records.is_empty() {
            return all;
        }
        all.extend(answer.records.iter().map(|record| serde_json::to_value(record).unwrap()));
        iterator = answer.next_shard_iterator.unwrap();
    }
}

/// Every item of the table, as its stream tells.
pub(crate) fn items(stack: &Stack) -> Vec<Item> {
    let mut items = BTreeMap::new();
    for record in records(stack) {
        let key = record["dynamodb"]["Keys"].to_string();
        match Item::from_json(&record["dynamodb"]["NewImage"]) {
            Some(item) => items.insert(key, item),
            None => items.remove(&key),
        };
    }
    items.into_values().collect()
}

/// A list whole, page by page.
async fn whole(store: &Store, list: &List) -> Vec<Line> {
    let (mut lines, mut after) = (Vec::new(), None);
    loop {
        let page = store.list(&tenant(), list, 3, after.as_deref()).await.unwrap();
        lines.extend(page.lines);
        after = page.after;
        if after.is_none() {
            return lines;
        }
    }
}

/// What is found, whole.
async fn found(store: &Store, of: Searched, words: &str) -> BTreeSet<String> {
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.search(&tenant(), of, words, 3, after.as_deref()).await.unwrap();
        for line in page.lines {
            let Line::Word(line) = line else { panic!("{line:?} is no word") };
            found.insert(line.invoice.map_or(line.customer.to_string(), |invoice| invoice.to_string()));
        }
        after = page.after;
        if after.is_none() {
            return found;
        }
    }
}

/// The books of a story in the making.
pub(crate) struct Story {
    pub(crate) desk: TestTenant,
    pub(crate) random: StdRng,
    invoices: Vec<(Value, i64)>,
    payments: Vec<(usize, i64, String, i64)>,
    versions: [i64; NAMES.len()],
    names: [usize; NAMES.len()],
}

impl Story {
    pub(crate) async fn begin(seed: u64) -> Self {
        let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
        let names = std::array::from_fn(|at| at);
        Self { desk, random: StdRng::seed_from_u64(seed), invoices: vec![], payments: vec![], versions: [1; NAMES.len()], names }
    }

    fn who(&self, number: usize) -> Value {
        named(number, self.versions[number], NAMES[self.names[number]].0)
    }

    pub(crate) async fn happens(&mut self) {
        let who = self.random.random_range(0..NAMES.len());
        let today = self.desk.stack.now().to_zoned(TimeZone::UTC).date();
        match self.random.random_range(0..10) {
            0..=3 => {
                let number = format!("INV-{}", 1_000 + self.invoices.len());
                let due = today.saturating_add(jiff::Span::new().days(self.random.random_range(-20..60)));
                let document = invoice(&self.who(who), &number, self.random.random_range(1_000..900_000), &due.to_string());
                self.desk.put(&document).await;
                self.invoices.push((document, 1));
            }
            4 | 5 if !self.invoices.is_empty() => {
                let at = self.random.random_range(0..self.invoices.len());
                let changes = match self.random.random_range(0..4) {
                    0 => json!({"status": "void"}),
                    1 => json!({"status": "open", "due_on": "2026-12-24"}),
                    2 => json!({"status": "open", "number": format!("RE {at}/ö")}),
                    _ => json!({"status": "written_off"}),
                };
                let (document, version) = &mut self.invoices[at];
                *version += 1;
                *document = changed(document, *version, &changes);
                self.desk.put(document).await;
            }
            6 if !self.invoices.is_empty() => {
                let (document, _) = &self.invoices[self.random.random_range(0..self.invoices.len())];
                let total = document["invoice"]["total_minor"].as_i64().unwrap();
                let number = document["invoice"]["external_id"].as_str().unwrap().to_owned();
                let owner = document["customer"]["external_id"].as_str().unwrap()[2..].parse().unwrap();
                let amount = if self.random.random_bool(0.6) { total } else { total / 2 };
                let name = format!("P-{}", self.payments.len());
                self.desk.put(&payment(&id(owner), &name, 1, "received", &number, amount)).await;
                self.payments.push((owner, 1, number, amount));
            }
            7 if !self.payments.is_empty() => {
                let at = self.random.random_range(0..self.payments.len());
                let (owner, version, number, amount) = &mut self.payments[at];
                *version += 1;
                let name = format!("P-{at}");
                self.desk.put(&payment(&id(*owner), &name, *version, "reversed", number, *amount)).await;
            }
            8 => {
                self.versions[who] += 1;
                self.names[who] = self.random.random_range(0..NAMES.len());
                let document = json!({"type": "customer.upserted", "customer": self.who(who)});
                self.desk.put(&document).await;
            }
            _ => {
                let mode = [Mode::Duplicate, Mode::Delay, Mode::Reorder, Mode::Crash][self.random.random_range(0..4)];
                let target = if mode == Mode::Crash { "read-model" } else { "stream" };
                self.desk.fault(target, mode, self.random.random_range(1..6));
            }
        }
        let hours = [0, 0, 1, 7, 40, 120][self.random.random_range(0..6)];
        self.desk.advance(&format!("PT{hours}H")).await;
    }

    pub(crate) async fn drain(&self) {
        self.desk.mend("stream");
        self.desk.mend("read-model");
        // A tick of each schedule, so that what a crash kept back is done.
        self.desk.advance("PT80M").await;
    }

    /// Holds every list against the facts.
    async fn check(&self) {
        let store = open_table(&self.desk.stack).await.unwrap();
        let now = self.desk.stack.now();
        let mut languages = vec![];
        let (mut names, mut nexts, mut dues, mut by_customer) = (vec![], vec![], vec![], BTreeMap::<CustomerId, Vec<_>>::new());
        let (mut overdue, mut stakes, mut oldest) = (vec![], vec![], vec![]);
        let mut standings: BTreeMap<&str, Vec<(Date, String)>> = BTreeMap::new();
        let mut cases: BTreeMap<&str, Vec<(i64, String)>> = BTreeMap::new();
        let mut messages: BTreeMap<Date, Vec<(String, String)>> = BTreeMap::new();
        let day = |at: jiff::Timestamp| at.to_zoned(TimeZone::UTC).date();
        let mut said: BTreeMap<String, (Date, String, String)> = BTreeMap::new();
        for item in items(&self.desk.stack) {
            match item.read().unwrap() {
                Stored::Profile(profile) => {
                    let (_, sorted) = NAMES.iter().find(|(name, _)| *name == profile.name).unwrap();
                    names.push(((*sorted).to_owned(), profile.id.to_string()));
                    languages.push((profile.language.clone().unwrap(), profile.id.to_string()));
                }
                Stored::Head(head) => {
                    match head.due {
                        Next::At(at) => nexts.push((at.as_second(), head.customer.to_string())),
                        Next::Parked => nexts.push((i64::MAX, head.customer.to_string())),
                        Next::Nothing => {}
                    }
                    let facts = store.facts(&tenant(), &head).await.unwrap();
                    let receivables = Receivables::in_zone(&facts, &TimeZone::get("Europe/Berlin").unwrap(), now);
                    if let Some(owed) = owed(&receivables).get(&Currency::EUR) {
                        let id = || head.customer.to_string();
                        overdue.extend((owed.overdue_minor > 0).then(|| (std::cmp::Reverse(owed.overdue_minor), id())));
                        stakes.extend((owed.due_now_minor > 0).then(|| (std::cmp::Reverse(owed.due_now_minor), id())));
                        oldest.push((owed.oldest_due_on.unwrap(), id()));
                    }
                    for case in head.cases.values() {
                        let state = match case.state {
                            CaseState::Open => "open",
                            CaseState::Waiting(_) => "waiting",
                            CaseState::Ended => "ended",
                            CaseState::Closed => "closed",
                            CaseState::Later(word) => panic!("{word}"),
                        };
                        cases.entry(state).or_default().push((case.opened_at.as_second(), case.id.to_string()));
                    }
                    for fact in facts.invoices.iter().filter(|fact| !fact.archived) {
                        if fact.invoice.status == InvoiceStatus::Open {
                            dues.push((fact.invoice.due_on, fact.invoice.id.to_string()));
                            let own = by_customer.entry(head.customer.clone()).or_default();
                            own.push((fact.invoice.due_on, fact.invoice.id.to_string()));
                        }
                    }
                    for (id, entry) in &head.pending {
                        let at = entry.message.decided_at;
                        said.entry(id.to_string()).or_insert((day(at), jiff::Timestamp::to_string(&at), "queued".to_owned()));
                    }
                }
                Stored::Invoice(invoice) => {
                    let standing = match invoice.status {
                        InvoiceStatus::Draft => "draft",
                        InvoiceStatus::Void => "void",
                        InvoiceStatus::WrittenOff => "written_off",
                        InvoiceStatus::Open if item.attributes().contains_key(ARCHIVED) => "paid",
                        InvoiceStatus::Open => "open",
                        InvoiceStatus::Later(word) => panic!("{word}"),
                    };
                    standings.entry(standing).or_default().push((invoice.due_on, invoice.id.to_string()));
                }
                Stored::Record(record) => {
                    if let Some(message) = record.message {
                        let at = message.decided_at;
                        said.insert(message.id.to_string(), (day(at), at.to_string(), record.status.to_string()));
                    }
                }
                _ => {}
            }
        }
        for (id, (day, at, status)) in said {
            messages.entry(day).or_default().push((at, format!("{id} {status}")));
        }
        names.sort();
        nexts.sort();
        [&mut overdue, &mut stakes].into_iter().for_each(|of| of.sort());
        oldest.sort();
        dues.sort();
        standings.values_mut().for_each(|of| of.sort());
        cases.values_mut().for_each(|of| of.sort());
        messages.values_mut().for_each(|of_day| of_day.sort());

        let listed = whole(&store, &List::CustomersByName).await;
        let of = |line: &Line| if let Line::Customer(line) = line { line.customer.to_string() } else { panic!("{line:?}") };
        assert_eq!(listed.iter().map(of).collect::<Vec<_>>(), ids(&names), "by name");
        languages.sort();
        let listed = whole(&store, &List::CustomersByLanguage).await;
        assert_eq!(listed.iter().map(of).collect::<Vec<_>>(), ids(&languages), "by language");
        let listed = whole(&store, &List::CustomersByTextCountry).await;
        assert_eq!(listed.iter().map(of).collect::<Vec<_>>(), ids(&languages), "all have German numbers and agreed to texts");
        let places = store.places(&tenant(), &List::CustomersByLanguage, 20).await.unwrap();
        assert_eq!(places, languages.iter().map(|(language, _)| language.clone()).collect::<BTreeSet<_>>(), "the languages");
        let listed = whole(&store, &List::CustomersByNext).await;
        let of = |line: &Line| {
            let Line::Next(line) = line else { panic!("{line:?}") };
            (line.at.map_or(i64::MAX, jiff::Timestamp::as_second), line.customer.to_string())
        };
        assert_eq!(listed.iter().map(of).collect::<Vec<_>>(), nexts, "by next moment");
        let of = |line: &Line| {
            let Line::Owed(line) = line else { panic!("{line:?}") };
            let owed = &line.owed[&Currency::EUR];
            assert!(owed.overdue_minor <= owed.due_now_minor && owed.due_now_minor <= owed.open_minor);
            assert!(line.as_of.is_some_and(|at| at <= now), "{line:?}");
            (std::cmp::Reverse(line.ranked.unwrap().amount_minor), line.customer.to_string())
        };
        for (list, expected) in [(List::CustomersByOverdue(None), overdue), (List::CustomersByStake(None), stakes)] {
            assert_eq!(whole(&store, &list).await.iter().map(of).collect::<Vec<_>>(), expected, "{list:?}");
        }
        let of = |line: &Line| {
            let Line::Owed(line) = line else { panic!("{line:?}") };
            (line.owed[&Currency::EUR].oldest_due_on.unwrap(), line.customer.to_string())
        };
        let listed = whole(&store, &List::CustomersByOldest).await;
        assert_eq!(listed.iter().map(of).collect::<Vec<_>>(), oldest, "by the oldest");
        for state in ["open", "waiting", "ended", "closed"] {
            let of = |line: &Line| {
                let Line::Case(line) = line else { panic!("{line:?}") };
                (line.opened_at.as_second(), line.case.to_string())
            };
            let listed = whole(&store, &List::Cases(state.to_owned())).await;
            assert_eq!(listed.iter().map(of).collect::<Vec<_>>(), cases.remove(state).unwrap_or_default(), "cases {state}");
        }
        let of = |line: &Line| {
            let Line::Invoice(line) = line else { panic!("{line:?}") };
            (line.due_on, line.invoice.to_string())
        };
        let every = |whose: Option<&CustomerId>, standing| List::Invoices(whose.cloned(), standing, DayRange::default());
        assert_eq!(standings.get("open").cloned().unwrap_or_default(), dues, "what is open is among the facts");
        for standing in InvoiceStanding::ALL {
            let listed = whole(&store, &every(None, standing)).await;
            let expected = standings.get(standing.as_str()).cloned().unwrap_or_default();
            assert_eq!(listed.iter().map(of).collect::<Vec<_>>(), expected, "invoices that are {}", standing.as_str());
        }
        // From the end, and a stretch of days.
        let days = DayRange { from: "2026-01-20".parse().ok(), until: "2026-03-01".parse().ok() };
        let within = |(on, _): &&(Date, String)| days.from <= Some(*on) && Some(*on) <= days.until;
        let expected: Vec<_> = dues.iter().filter(within).rev().take(2).cloned().collect();
        let listed = store.list_backwards(&tenant(), &List::Invoices(None, InvoiceStanding::Open, days), 2, None).await.unwrap();
        assert_eq!(listed.lines.iter().map(of).collect::<Vec<_>>(), expected, "the last of some days");
        let listed = whole(&store, &List::Payments(None, PaymentKind::Payment, DayRange::default())).await;
        let said = |line: &Line| {
            let Line::Payment(line) = line else { panic!("{line:?}") };
            (line.external_id.clone(), line.status.as_str().to_owned(), line.amount_minor)
        };
        let made = self.payments.iter().enumerate().map(|(at, (_, version, _, amount))| {
            (format!("P-{at}"), if *version > 1 { "reversed" } else { "received" }.to_owned(), *amount)
        });
        assert_eq!(listed.iter().map(said).collect::<BTreeSet<_>>(), made.collect::<BTreeSet<_>>(), "payments");
        for (_, customer) in &names {
            let customer = CustomerId::parse(customer).unwrap();
            let listed = whole(&store, &every(Some(&customer), InvoiceStanding::Open)).await;
            let mut own = by_customer.remove(&customer).unwrap_or_default();
            own.sort();
            assert_eq!(listed.iter().map(of).collect::<Vec<_>>(), own, "invoices of a customer");
        }
        let mut on = "2026-01-01".parse::<Date>().unwrap();
        let mut count = 0;
        while on <= day(now) {
            let listed = whole(&store, &List::MessagesOn(on)).await;
            let of = |line: &Line| {
                let Line::Message(line) = line else { panic!("{line:?}") };
                (line.decided_at.to_string(), format!("{} {}", line.message, line.status))
            };
            let mut listed: Vec<_> = listed.iter().map(of).collect();
            listed.sort();
            count += listed.len();
            assert_eq!(listed, messages.remove(&on).unwrap_or_default(), "messages of {on}");
            on = on.tomorrow().unwrap();
        }
        assert!(messages.is_empty(), "{messages:?}");
        // By money at stake: what is known of each task says where it stands.
        let known = store.tasks(&tenant(), 200, None).await.unwrap().tasks;
        let mut ranked: Vec<_> = known
            .iter()
            .map(|task| {
                let stake = task.stake.clone().unwrap_or_default();
                let due_now = stake.due_now.get(&Currency::EUR).copied().unwrap_or(0);
                (!stake.after_broken_promise, std::cmp::Reverse(due_now), task.raised_at.as_second(), task.id.to_string())
            })
            .collect();
        ranked.sort();
        let of = |line: &Line| if let Line::Task(line) = line { line.task.to_string() } else { panic!("{line:?}") };
        let expected: Vec<String> = ranked.into_iter().map(|(.., id)| id).collect();
        assert_eq!(
            whole(&store, &List::TasksByStake).await.iter().map(of).collect::<Vec<_>>(),
            expected,
            "tasks by money at stake"
        );
        println!("{} customers, {} open invoices, {count} messages, {} tasks", names.len(), dues.len(), known.len());

        for (words, beginnings) in [("apf", vec!["apf"]), ("MÜLL söh", vec!["mull", "sohne"]), ("strasse", vec!["strasse"])] {
            let has = |(sorted, _): &&(String, String)| {
                beginnings.iter().all(|beginning| sorted.split(' ').any(|word| word.starts_with(beginning)))
            };
            let wanted: BTreeSet<String> = names.iter().filter(has).map(|(_, id)| id.clone()).collect();
            assert_eq!(found(&store, Searched::Customers, words).await, wanted, "{words}");
        }
        let all: BTreeSet<String> = standings.values().flatten().map(|(_, id)| id.clone()).collect();
        assert_eq!(found(&store, Searched::Invoices, "inv-1").await, all, "every invoice by its source's id");
        let everybody: BTreeSet<String> = names.iter().map(|(_, id)| id.clone()).collect();
        assert_eq!(found(&store, Searched::Customers, "someone@buyer.exam").await, BTreeSet::new(), "every word must be found");
        assert_eq!(found(&store, Searched::Customers, "Buyer.exam").await, everybody, "by the domain of a mail address");
        assert_eq!(found(&store, Searched::Invoices, "x").await, BTreeSet::new(), "a letter finds nothing");
    }
}

fn ids<T>(sorted: &[(T, String)]) -> Vec<String> {
    sorted.iter().map(|(_, id)| id.clone()).collect()
}

/// The rows of lists, by key.
fn rows(stack: &Stack) -> BTreeMap<String, Item> {
    let rows = items(stack).into_iter().filter(Item::is_row);
    rows.map(|item| (format!("{}|{}", item.pk(), item.sk()), item)).collect()
}

/// What rows say, by key.
fn say(rows: &BTreeMap<String, Item>) -> BTreeMap<String, AttributeValue> {
    rows.iter().map(|(key, row)| (key.clone(), row.attributes()[DOC].clone())).collect()
}

#[tokio::test]
async fn lists_are_what_the_facts_say_whatever_the_stream_did() {
    for seed in [1, 2] {
        let mut story = Story::begin(seed).await;
        for step in 0..60 {
            story.happens().await;
            if step % 20 == 19 {
                story.drain().await;
                story.check().await;
            }
        }
    }
}

#[tokio::test]
async fn records_that_come_again_late_and_in_any_order_change_no_list() {
    let mut story = Story::begin(7).await;
    for _ in 0..25 {
        story.happens().await;
    }
    story.drain().await;
    let before = rows(&story.desk.stack);
    assert!(before.len() > 20, "{}", before.len());
    let mut late = records(&story.desk.stack);
    late.shuffle(&mut story.random);
    for some in late.chunks(7) {
        let answer = story.desk.stack.invoke("read-model", json!({"Records": some})).await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": []}));
    }
    assert_eq!(say(&rows(&story.desk.stack)), say(&before));
    // What has expired was not taken back by anybody.
    let is_profile = |record: &Value| {
        let item = Item::from_json(&record["dynamodb"]["NewImage"]);
        item.is_some_and(|item| matches!(item.read(), Ok(Stored::Profile(_))))
    };
    let gone = records(&story.desk.stack).into_iter().filter(is_profile);
    let expired: Vec<Value> = gone
        .map(|mut record| {
            record["eventName"] = json!("REMOVE");
            record["dynamodb"]["OldImage"] = record["dynamodb"]["NewImage"].take();
            record["dynamodb"].as_object_mut().unwrap().remove("NewImage");
            record["userIdentity"] = json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
            record
        })
        .collect();
    story.desk.stack.invoke("read-model", json!({"Records": expired})).await.unwrap();
    assert_eq!(say(&rows(&story.desk.stack)), say(&before));
}

#[tokio::test]
async fn lists_that_were_lost_are_rebuilt_from_the_facts() {
    let mut story = Story::begin(9).await;
    for _ in 0..25 {
        story.happens().await;
    }
    story.drain().await;
    let before = rows(&story.desk.stack);
    let store = open_table(&story.desk.stack).await.unwrap();
    let db = aws_sdk_dynamodb::Client::new(&story.desk.stack.clients().sdk);
    let table = story.desk.stack.world().template.tables.iter().find(|table| table.has_stream).unwrap().name.clone();
    let all = items(&story.desk.stack);
    for (at, row) in all.iter().filter(|item| item.is_row()).enumerate() {
        match at % 3 {
            0 => {
                db.delete_item().table_name(&table).set_key(Some(row.key())).send().await.unwrap();
            }
            1 => {
                // A row that stands for nothing, beside the right one.
                let mut wrong = row.attributes().clone();
                wrong.insert(SK.to_owned(), AttributeValue::S(format!("{}x", row.sk())));
                db.put_item().table_name(&table).set_item(Some(wrong)).send().await.unwrap();
            }
            _ => {}
        }
    }
    assert_ne!(rows(&story.desk.stack), before);
    let rebuilt = store.rebuild_lists(&tenant(), &items(&story.desk.stack)).await.unwrap();
    assert!(rebuilt.written > 0 && rebuilt.deleted > 0 && rebuilt.right > 0, "{rebuilt:?}");
    assert_eq!(say(&rows(&story.desk.stack)), say(&before));
    let again = store.rebuild_lists(&tenant(), &items(&story.desk.stack)).await.unwrap();
    assert_eq!((again.written, again.deleted), (0, 0));
}

/// Write units of the table on a day on which nothing happens, from evening to evening, and on that of one message with its receipts, from the
/// small hours to the evening: the night before, in which the amounts are reckoned anew, is counted by itself below.
#[expect(clippy::float_arithmetic, reason = "units, not money")]
async fn units_of_days(followed: bool) -> (f64, f64) {
    let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "INV-1", 125_000, "2026-02-04")).await;
    desk.to("2026-01-14T20:00:00Z").await;
    if !followed {
        desk.fault("read-model", Mode::Skip, 100_000);
    }
    let units = || desk.stack.metrics().write_units["table"];
    let before = units();
    desk.to("2026-01-15T20:00:00Z").await;
    let quiet = units() - before;
    desk.to("2026-02-05T02:00:00Z").await;
    let (sent, before) = (desk.sent().len(), units());
    desk.to("2026-02-05T20:00:00Z").await;
    assert_eq!(desk.sent().len(), sent + 1, "one message left");
    (quiet, units() - before)
}

#[expect(clippy::float_arithmetic, reason = "units, not money")]
fn more(than: f64, units: f64) -> f64 {
    units - than
}

#[tokio::test]
async fn the_rows_of_a_message_cost_at_most_five_units_and_one_for_its_receipt() {
    let ((quiet_with, with), (quiet_without, without)) = (units_of_days(true).await, units_of_days(false).await);
    // Once a day and tenant, whatever happened, it is noted that the chains of records were followed, and that the amounts were looked at, and
    // the daily record is kept.
    let (daily, all) = (more(quiet_without, quiet_with), more(without, with));
    println!("a step with its receipts: {without} write units, its rows {all} more; a quiet day {daily}");
    assert!(daily <= 3.0, "{quiet_with} with rows on a quiet day, {quiet_without} without");
    assert!(all <= 6.0, "{with} with rows, {without} without");
}

/// What a day alone costs: an invoice falls overdue at the tenant's midnight, which moves its customer in the order by what is past due and
/// changes what the other orders say.
#[tokio::test]
async fn a_night_in_which_more_falls_overdue_costs_at_most_six_units_a_customer() {
    let desk = TestTenant::at("2026-01-05T08:00:00Z").await;
    desk.put(&invoice(&customer("C-1"), "INV-1", 125_000, "2026-02-04")).await;
    let overdue = async || {
        let store = open_table(&desk.stack).await.unwrap();
        let page = store.list(&tenant(), &List::CustomersByOverdue(None), 10, None).await.unwrap();
        page.lines.len()
    };
    // 23:00 UTC is midnight in Berlin.
    desk.to("2026-02-04T22:30:00Z").await;
    assert_eq!(overdue().await, 0);
    let before = desk.stack.metrics().write_units["table"];
    desk.to("2026-02-04T23:30:00Z").await;
    let cost = desk.stack.metrics().write_units["table"] - before;
    println!("a night costs {cost} write units");
    assert_eq!(overdue().await, 1);
    // The head, three rows, and how far the walk is.
    assert!(cost <= 6.0, "{cost}");
}
