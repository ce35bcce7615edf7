//! Plays schedules: some families at one local stack, beside each other in one virtual time. Everything is done over HTTP but what payers and
//! banks do at the doubles of the providers.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use domain::{BasketStatus, CustomerId, Facts, PaymentId, TaskKind, TenantId, basket};
use doubles::{BasketTruth, Fault as Spoilt};
use jiff::Timestamp;
use local::{Fault, Mode, When, world::World};
use serde_json::json;
use store::Store;

use super::{
    books::{BookChange, Books, DUE_ON, OTHER, is_of},
    evidence::{ByInvoice, End, Evidence, MailSeen, Standing, What},
    family::{Begun, Family},
    page::{PayPage, asked_for},
    schedule::{Act, Death, Fate, Schedule, Sends, Told},
    stage::{PENDING, amount, customer_id, desk, outcome, truths, with_receivables},
};
use crate::{
    faults::judge::open_table,
    test_tenant::{Reply, TENANT, TestTenant, portal_path},
};

/// When everybody was reminded once.
const REMINDED_BY: &str = "2026-02-05T16:30:00Z";
/// How long nothing happens any more until everything must have come to its end: longer than any way of paying keeps its amounts back.
const QUIET: &str = "P20D";
/// How often a person looks whether payments were seen twice: each answer may raise another question.
const LOOKS: usize = 3;
/// Baskets of a customer, at most.
const BASKETS_MAX: usize = 200;

/// What is done to spoil a run, to see that the judges see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoiled {
    /// Nothing.
    Nothing,
    /// What is kept back of each basket is let go while its payer is at the provider's page.
    LetGo,
    /// A cent comes that nobody paid.
    Forged,
}

struct Story {
    desk: TestTenant,
    store: Store,
    tenant: TenantId,
    families: Vec<Family>,
    spoiled: Spoiled,
}

/// Plays the schedules of some seeds at one stack.
///
/// # Errors
///
/// When the table cannot be opened.
///
/// # Panics
///
/// When somebody is answered what they must not be.
pub async fn play(seeds: Range<u64>, spoiled: Spoiled) -> anyhow::Result<Vec<Evidence>> {
    let desk = desk(seeds.start).await;
    let store = open_table(&desk.stack).await?;
    let tenant = TenantId::parse(TENANT).unwrap();
    let mut story = Story { desk, store, tenant, families: Vec::new(), spoiled };
    story.remind(seeds).await;
    let moments = |(place, family): (usize, &Family)| {
        let of = family.schedule.steps.iter().enumerate().map(|(step, one)| (family.at(one), place, step));
        of.collect::<Vec<_>>()
    };
    let mut work: Vec<(Timestamp, usize, usize)> = story.families.iter().enumerate().flat_map(moments).collect();
    work.sort_unstable();
    for (when, place, step) in work {
        story.to(when).await;
        let act = story.families[place].schedule.steps[step].act.clone();
        story.note(place, format!("{act:?}"));
        story.act(place, act).await;
        story.desk.advance("PT0S").await;
        story.look(place);
    }
    story.finish().await;
    let mut all = Vec::new();
    for place in 0..story.families.len() {
        all.push(story.evidence(place).await);
    }
    story.desk.stack.stop().await;
    Ok(all)
}

impl Story {
    fn world(&self) -> Arc<World> {
        Arc::clone(self.desk.stack.world())
    }

    fn now(&self) -> Timestamp {
        self.desk.stack.now()
    }

    fn see(&mut self, place: usize, what: What) {
        let mails = self.world().outbox.len() as u64;
        let now = self.now();
        self.families[place].see(now, mails, what);
    }

    fn note(&mut self, place: usize, text: impl Into<String>) {
        self.see(place, What::Note(text.into()));
    }

    /// Lets every family owe, and be reminded once.
    async fn remind(&mut self, seeds: Range<u64>) {
        let mut owing = Vec::new();
        for seed in seeds {
            let schedule = Schedule::of(seed);
            let name = format!("C{seed}");
            let mut books = Books::open(&name, &schedule.totals);
            for document in books.documents() {
                self.desk.put(&document).await;
            }
            owing.push((schedule, name, books));
        }
        let (owed_since, left_before) = (self.now(), self.world().outbox.len() as u64);
        self.desk.to(REMINDED_BY).await;
        let sent = self.desk.sent();
        for (schedule, name, books) in owing {
            let mail = sent.iter().find(|sent| is_of(&name, &sent.to)).unwrap_or_else(|| panic!("{name} was not reminded"));
            let matter = self.desk.matter(&name).await;
            let customer = customer_id(&name);
            let moment = matter["due_items"][0]["next_at"].as_str().unwrap().parse().unwrap();
            let claims = books.claims();
            let path = portal_path(mail);
            self.families.push(Family { schedule, name, books, customer, path, moment, begun: vec![], seen: vec![] });
            if let Some(family) = self.families.last_mut() {
                family.see(owed_since, left_before, What::Claimed(claims));
            }
        }
    }

    /// Moves on to an instant, and looks at everything that happened by itself.
    async fn to(&mut self, when: Timestamp) {
        if when > self.now() {
            self.desk.stack.to(when).await.unwrap();
            self.look_at_all();
        }
    }

    fn look_at_all(&mut self) {
        for place in 0..self.families.len() {
            self.look(place);
        }
    }

    /// Looks how the baskets of a family stand at their providers.
    fn look(&mut self, place: usize) {
        for at in 0..self.families[place].begun.len() {
            let standing = self.standing(&self.families[place].begun[at]);
            let known = &mut self.families[place].begun[at].standing;
            if known.as_ref() != Some(&standing) {
                *known = Some(standing.clone());
                self.see(place, What::Stands(standing));
            }
        }
    }

    fn standing(&self, begun: &Begun) -> Standing {
        let world = self.world();
        let all = truths(&world).into_iter().map(|(_, truth)| truth).filter(|truth| truth.basket == begun.id);
        let all: Vec<BasketTruth> = all.collect();
        let told = world.deliveries.of(&begun.id);
        let is_taken = |answers: &[u16]| answers.iter().any(|status| (200..300).contains(status));
        Standing {
            basket: begun.id.clone(),
            charges: all.iter().filter(|truth| truth.received_minor > 0).count(),
            asked_minor: begun.asked(),
            received_minor: all.iter().map(|truth| truth.received_minor).sum(),
            taken_back_minor: all.iter().map(|truth| truth.taken_back_minor).sum(),
            is_pending: all.iter().any(|truth| PENDING.iter().any(|word| truth.status.contains(word))),
            is_told: told.iter().all(|(_, told)| is_taken(&told.answers)),
        }
    }

    async fn act(&mut self, place: usize, act: Act) {
        let now = self.now();
        let books = &mut self.families[place].books;
        let count = books.numbers().len();
        match act {
            Act::Begin { invoices, percent, way, sends } => self.begin(place, &invoices, percent, way, sends).await,
            Act::GiveUp { basket } => self.give_up(place, basket).await,
            Act::Happens { basket, fate, percent, told } => self.happens(place, basket, fate, percent, told).await,
            Act::TellAll { basket } => {
                if let Some(id) = self.families[place].newest(basket).map(|begun| begun.id.clone()) {
                    self.tell_all(&id).await;
                }
            }
            Act::Enter { basket, is_named } => self.enter(place, basket, is_named).await,
            Act::Elsewhere { invoice, percent } => {
                let change = books.take(invoice % count, percent, now);
                self.apply(place, change).await;
            }
            Act::Reverse => {
                let change = books.reverse(now);
                self.apply(place, change).await;
            }
            Act::Credit { invoice, percent } => {
                let change = books.credit(invoice % count, percent);
                self.apply(place, change).await;
            }
            Act::Void { invoice } => {
                let change = books.void(invoice % count);
                self.apply(place, change).await;
            }
            Act::Move { invoice } => self.shift(place, invoice % count).await,
            Act::Dies { function, death } => self.arm(&function, death),
        }
    }

    /// The books move an invoice of which no payment was begun yet. What becomes of money that is on its way to one that moves is tried by the
    /// tests of the store.
    async fn shift(&mut self, place: usize, invoice: usize) {
        let family = &mut self.families[place];
        let number = family.books.numbers().swap_remove(invoice);
        if !family.begun.iter().any(|begun| begun.lines.contains_key(&number)) {
            let change = family.books.shift(invoice);
            self.apply(place, change).await;
        }
    }

    async fn apply(&mut self, place: usize, change: Option<BookChange>) {
        let Some(BookChange { documents, what }) = change else { return };
        for document in &documents {
            self.desk.send(document).await.is(202);
        }
        self.see(place, what);
    }

    fn arm(&self, function: &str, death: Death) {
        let when = if death.before { When::Before } else { When::After };
        let (mode, call) = (Some(Mode::Crash), Some(death.call));
        self.desk.stack.fault(Fault { target: function.to_owned(), mode, times: 1, call, when: Some(when) }).unwrap();
    }

    async fn post(&self, path: &str, body: &str) -> Reply {
        let headers = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        self.desk.call("POST", path, &headers, body.as_bytes()).await
    }

    /// A payer opens the form and sends it.
    async fn begin(&mut self, place: usize, invoices: &[usize], percent: i64, way: usize, sends: Sends) {
        let family = &self.families[place];
        let (path, numbers) = (family.path.clone(), family.books.numbers());
        let page = PayPage::read(&self.desk.call("GET", &format!("{path}/pay"), &[], b"").await.is(200).text);
        let wanted: BTreeSet<&String> = invoices.iter().map(|invoice| &numbers[invoice % numbers.len()]).collect();
        let part = |minor: i64| (minor * percent / 100).max(minor.min(100));
        let line = |number: &String| page.offered.get(number).map(|(_, minor)| (number.clone(), part(*minor)));
        let lines: ByInvoice = wanted.into_iter().filter_map(line).collect();
        if lines.is_empty() || page.ways.is_empty() {
            return self.note(place, "nothing of it can be paid");
        }
        let way = &page.ways[way % page.ways.len()];
        let body = page.body(&page.form, way, &lines);
        let another = |start: &str| page.body(&format!("{start}{}", page.form.get(..20).unwrap_or(&page.form)), way, &lines);
        match sends {
            Sends::Once => self.send(place, &path, &body, &lines).await,
            Sends::Twice => {
                self.send(place, &path, &body, &lines).await;
                self.send(place, &path, &body, &lines).await;
            }
            Sends::TwoTabs => {
                self.send(place, &path, &body, &lines).await;
                self.send(place, &path, &another("0tab"), &lines).await;
            }
            Sends::TwoPeople => {
                self.send(place, &path, &body, &lines).await;
                let other = self.path_of_another(place).await;
                self.send(place, &other, &another("0two"), &lines).await;
            }
            Sends::Dies(death) => {
                self.arm("begin-payment", death);
                self.send(place, &path, &body, &lines).await;
                self.desk.mend("begin-payment");
                self.send(place, &path, &body, &lines).await;
            }
            Sends::AnswerLost => {
                self.desk.fault("lambda", Mode::AcceptThenDrop, 1);
                self.send(place, &path, &body, &lines).await;
                self.desk.mend("lambda");
                self.send(place, &path, &body, &lines).await;
            }
            Sends::ProviderLost => {
                let world = self.world();
                world.payments.all().for_each(|double| double.fail_next(1, Spoilt::DropConnection));
                self.send(place, &path, &body, &lines).await;
                world.payments.all().for_each(|double| double.clear_faults());
                self.send(place, &path, &body, &lines).await;
            }
        }
    }

    /// The page of the family by the link of another contact.
    async fn path_of_another(&self, place: usize) -> String {
        let path = format!("/v1/customers/{}/links", self.families[place].customer);
        let wish = json!({"contact": OTHER, "channel": "email"});
        let link = self.desk.admin("POST", &path, &wish).await.is(200).body;
        let code = link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        format!("/p/{code}")
    }

    async fn send(&mut self, place: usize, path: &str, body: &str, lines: &ByInvoice) {
        let reply = self.post(&format!("{path}/pay"), body).await;
        self.note(place, format!("{body}: {}", reply.status));
        assert!([303, 422, 503].contains(&reply.status), "{} for {body}: {}", reply.status, reply.text);
        let Some(page) = reply.location.filter(|_| reply.status == 303) else { return };
        let all = truths(&self.world());
        let Some((provider, truth)) = all.iter().find(|(_, truth)| truth.pay_url.as_ref() == Some(&page)) else {
            return self.note(place, format!("{page} is the page of no payment that waits"));
        };
        let (provider, id) = (*provider, truth.basket.clone());
        assert_eq!(truth.amount_minor, lines.values().sum::<i64>(), "{id}");
        let family = &mut self.families[place];
        if family.begun.iter().any(|begun| begun.id == id) {
            return;
        }
        let is_open = |begun: &&Begun| {
            let is_same = |truth: &BasketTruth| truth.basket == begun.id && truth.pay_url.is_some();
            all.iter().any(|(_, truth)| is_same(truth))
        };
        // No call ends an order of PayPal's; what is approved after its time is not taken.
        let overlaps = |begun: &&Begun| begun.provider != "paypal" && begun.lines.keys().any(|line| lines.contains_key(line));
        let open_too = family.begun.iter().filter(overlaps).filter(is_open).map(|begun| begun.id.clone()).collect();
        let (lines, standing, entry) = (lines.clone(), None, None);
        family.begun.push(Begun { id: id.clone(), provider, lines: lines.clone(), standing, entry });
        self.see(place, What::SentOn { basket: id.clone(), lines, open_too });
        if self.spoiled == Spoiled::LetGo {
            let customer = &self.families[place].customer;
            let known = self.store.basket(&self.tenant, customer, &PaymentId::parse(&id).unwrap()).await.unwrap().unwrap();
            self.desk.admin("POST", &format!("/v1/agreements/{}/cancel", known.agreement()), &json!({})).await.is(200);
        }
    }

    async fn give_up(&mut self, place: usize, basket: usize) {
        let Some(id) = self.families[place].newest(basket).map(|begun| begun.id.clone()) else { return };
        let path = format!("{}/paid/{id}/cancel", self.families[place].path);
        let reply = self.post(&path, "").await;
        self.note(place, format!("{path}: {}", reply.status));
        let customer = &self.families[place].customer;
        let known = self.store.basket(&self.tenant, customer, &PaymentId::parse(&id).unwrap()).await.unwrap().unwrap();
        // Its provider may say of what it ended that its time was over.
        if matches!(known.status, BasketStatus::Cancelled | BasketStatus::Expired | BasketStatus::Failed) {
            self.see(place, What::GivenUp(id));
        }
    }

    /// Something happens at the provider: what was meant, or the next thing that can.
    async fn happens(&mut self, place: usize, basket: usize, fate: Fate, percent: i64, told: Told) {
        let Some(begun) = self.families[place].newest(basket) else { return };
        let (id, asked, provider) = (begun.id.clone(), begun.asked(), begun.provider);
        let world = self.world();
        let double = world.payments.of(provider).unwrap();
        let came = fate.and_others().find_map(|fate| {
            let amount = amount(fate, asked, percent);
            let events = double.happen(&id, outcome(fate), amount).ok()?;
            Some((fate, amount, events))
        });
        let Some((fate, amount, events)) = came else { return self.note(place, format!("nothing can happen to {id}")) };
        let is_more = amount.is_some_and(|amount| amount > asked);
        self.note(place, format!("{id} by {provider}: {}", fate.word()));
        self.see(place, What::Happened { basket: id, fate, is_more });
        let keep = |event| world.deliveries.keep(provider, event, None);
        let events: Vec<usize> = events.into_iter().map(keep).collect();
        match told {
            Told::AtOnce => self.deliver(events).await,
            Told::Reversed => self.deliver(events.into_iter().rev()).await,
            Told::Twice => self.deliver(events.into_iter().flat_map(|event| [event, event])).await,
            Told::Later => {}
            Told::Dies(death) => {
                self.arm("ingest", death);
                self.deliver(events).await;
                self.desk.mend("ingest");
            }
            Told::AnswerLost => {
                double.fail_next(1, Spoilt::DropConnection);
                self.deliver(events).await;
                double.clear_faults();
            }
        }
    }

    /// Delivers events, by their places.
    async fn deliver(&self, events: impl IntoIterator<Item = usize>) {
        let world = self.world();
        for event in events {
            world.deliver_payment_event(event).await.unwrap();
        }
    }

    async fn tell_all(&self, basket: &str) {
        let all: Vec<usize> = self.world().deliveries.of(basket).into_iter().map(|(event, _)| event).collect();
        self.deliver(all).await;
    }

    /// The books enter what came of a basket, once.
    async fn enter(&mut self, place: usize, basket: usize, is_named: bool) {
        let now = self.now();
        let family = &mut self.families[place];
        let Some(begun) = family.newest(basket) else { return };
        if begun.received() == 0 || begun.entry.is_some() {
            return;
        }
        let (id, minor, lines) = (begun.id.clone(), begun.received(), begun.lines.clone());
        let reference = is_named.then(|| format!("Card {id}"));
        let (entry, document) = family.books.enter(minor, &lines, reference.as_deref(), now);
        if let Some(begun) = family.newest(basket) {
            begun.entry = Some(entry.clone());
        }
        self.desk.send(&document).await.is(202);
        self.note(place, format!("{entry} is entered for {id}"));
    }

    /// Everything is told, people answer what they are asked, and nothing happens any more.
    async fn finish(&mut self) {
        for function in ["sweep", "dispatch", "send-email"] {
            self.desk.mend(function);
        }
        for _ in 0..2 {
            let baskets: Vec<String> =
                self.families.iter().flat_map(|family| &family.begun).map(|begun| begun.id.clone()).collect();
            for basket in baskets {
                self.tell_all(&basket).await;
            }
            self.desk.advance("P1D").await;
            self.look_at_all();
        }
        for _ in 0..LOOKS {
            for place in 0..self.families.len() {
                self.tell_apart(place).await;
            }
            self.desk.advance("PT1H").await;
        }
        if self.spoiled == Spoiled::Forged {
            self.forge().await;
        }
        self.desk.advance(QUIET).await;
        self.look_at_all();
    }

    /// Somebody says of each payment that may have been seen twice whether it was.
    async fn tell_apart(&mut self, place: usize) {
        for name in self.families[place].books.customers() {
            let Some((_, facts)) = self.facts(&name).await else { continue };
            let twice = with_receivables(&facts, self.now(), |receivables| receivables.twice.clone());
            for pair in twice {
                let is_entry =
                    |begun: &Begun| begun.id == pair.basket.as_str() && begun.entry.as_ref() == Some(&pair.entry_external_id);
                let same = self.families[place].begun.iter().any(is_entry);
                let path = format!("/v1/baskets/{}/entries/{}", pair.basket, pair.entry);
                self.desk.admin("POST", &path, &json!({"same": same})).await.is(200);
                self.note(place, format!("{} and {} are one: {same}", pair.basket, pair.entry_external_id));
            }
        }
    }

    /// A cent comes to each family of which nobody knows.
    async fn forge(&self) {
        for family in &self.families {
            let payment = json!({
                "external_id": format!("forged-{}", family.name), "source_version": 1, "status": "received", "amount_minor": 1,
                "currency": "EUR", "received_on": DUE_ON, "allocations": [],
            });
            let document = json!({"type": "payment.upserted", "customer": {"external_id": family.name}, "payment": payment});
            self.desk.put(&document).await;
        }
    }

    /// The id and facts of a customer, if there is one.
    async fn facts(&self, external_id: &str) -> Option<(CustomerId, Facts)> {
        let id = customer_id(external_id);
        let head = self.store.head(&self.tenant, &id).await.unwrap()?;
        let facts = self.store.facts(&self.tenant, &head).await.unwrap();
        Some((id, facts))
    }

    /// What was seen of a family, and how it stands in the end.
    async fn evidence(&self, place: usize) -> Evidence {
        let family = &self.families[place];
        let mut end = End::default();
        for name in family.books.customers() {
            if let Some((id, facts)) = self.facts(&name).await {
                self.add(&mut end, &id, &facts).await;
            }
        }
        let of_family = self.desk.sent().into_iter().filter(|sent| is_of(&family.name, &sent.to));
        let mail = |sent: local::Sent| {
            let (total_minor, of) = asked_for(sent.subject.as_deref()?)?;
            Some(MailSeen { seq: sent.seq, at: sent.at, total_minor, of })
        };
        Evidence { seed: family.schedule.seed, seen: family.seen.clone(), mails: of_family.filter_map(mail).collect(), end }
    }

    /// Adds how a customer stands.
    async fn add(&self, end: &mut End, id: &CustomerId, facts: &Facts) {
        let now = self.now();
        with_receivables(facts, now, |receivables| {
            for item in &receivables.items {
                *end.open.entry(item.number.to_owned()).or_default() += item.open_minor;
                end.asked_minor += item.due_now_minor;
            }
            end.credit_minor += receivables.counted.iter().map(|counted| counted.left_minor).sum::<i64>();
            end.credit_minor += receivables.overpaid.iter().map(|overpaid| overpaid.excess_minor).sum::<i64>();
        });
        let keeping = facts.agreements.iter().filter_map(|agreement| basket::being_paid_by(agreement, now));
        end.keeping.extend(keeping.map(|(_, of)| of.id.to_string()));
        let baskets = self.store.baskets(&self.tenant, id, BASKETS_MAX).await.unwrap();
        end.baskets.extend(baskets.iter().map(|basket| (basket.id.to_string(), basket.standing(now).to_string())));
        end.pending += self.store.head(&self.tenant, id).await.unwrap().map_or(0, |head| head.pending.len());
        end.tasks += self.tasks_of(id).await;
    }

    /// How many tasks of a customer tell of a payment that needs a look.
    async fn tasks_of(&self, id: &CustomerId) -> usize {
        let (mut count, mut after) = (0, None::<String>);
        loop {
            let page = self.store.tasks(&self.tenant, 200, after.as_deref()).await.unwrap();
            let tells = |kind: TaskKind| kind == TaskKind::Document || kind == TaskKind::Overpaid;
            count += page.tasks.iter().filter(|task| task.customer.as_ref() == Some(id) && tells(task.task.kind)).count();
            after = page.after;
            if after.is_none() {
                return count;
            }
        }
    }
}
