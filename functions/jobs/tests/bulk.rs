//! Actions in bulk: planned, done by a job, gone on with after a worker died or somebody cancelled it, and undone.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use std::collections::{BTreeMap, BTreeSet};

use domain::{BulkStage, CustomerId, JobId, KeyId, TenantId, job::JobStatus};
use jiff::SignedDuration;
use serde_json::json;
use service::{
    Actor, KeyScope, NotDone, Operation, StaffRole,
    bulk::{
        self, BulkBegun, BulkShown,
        asked::{BulkAction, BulkAsked, BulkWhat},
        lines::{BulkWork, PLANNED},
    },
    jobs as asked_jobs,
};
use store::{CustomerOwner, Job, Store};
use testbed::{api::Api, aws::event};

/// A tenant with three customers, its manager, and the function.
struct Desk {
    api: Api,
    handler: jobs::Handler,
    tenant: TenantId,
    manager: Actor,
    customers: Vec<CustomerId>,
}

impl Desk {
    async fn new() -> Self {
        let api = Api::new().await;
        let env = api.env(&[("IMPORT_WRITES_PER_SECOND", "1000000")]);
        let handler = jobs::Handler::new(&env, &api.clients, api.clock.clone()).unwrap();
        let tenant = TenantId::parse("acme").unwrap();
        let manager = Actor::new(tenant.clone(), StaffRole::Manager, Some("mia"));
        let mut customers = Vec::new();
        for n in 1..=3 {
            customers.push(api.customer("acme", &format!("C-{n}"), |_| {}).await);
        }
        Self { api, handler, tenant, manager, customers }
    }

    fn store(&self) -> &Store {
        &self.api.store
    }

    fn pass(&self, seconds: i64) {
        *self.api.now.lock().unwrap() += SignedDuration::from_secs(seconds);
    }

    fn ids(&self) -> Vec<String> {
        self.customers.iter().map(ToString::to_string).collect()
    }

    async fn begin(&self, ids: Vec<String>, action: BulkAction, dry_run: bool) -> BulkShown {
        let what = BulkWhat { ids: Some(ids), filter: None, action };
        let asked = BulkAsked { what, dry_run, confirm_count: None };
        let begun = bulk::begin(self.store(), &self.manager, asked, &self.api.now().to_string(), self.api.now()).await.unwrap();
        let BulkBegun::Started(started) = begun else { panic!("no job is at it: {begun:?}") };
        started
    }

    /// A slice of a job, as the queue brings it: the job after it.
    async fn work(&self, id: &JobId) -> Job {
        let slice = self.store().job(&self.tenant, id).await.unwrap().unwrap().slice;
        let body = json!({"detail": {"tenant": "acme", "job": id, "slice": slice}}).to_string();
        let batch = json!({"Records": [{"messageId": "m-1", "body": body}]});
        let answer = self.handler.handle(event(batch)).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]));
        self.store().job(&self.tenant, id).await.unwrap().unwrap()
    }

    async fn shown(&self, id: &str) -> BulkShown {
        bulk::show(self.store(), &self.manager, id, None).await.unwrap()
    }

    async fn statuses(&self, id: &str) -> Vec<String> {
        self.shown(id).await.lines.into_iter().map(|line| line.status).collect()
    }

    async fn owner(&self, customer: &CustomerId) -> Option<String> {
        self.store().owner(&self.tenant, customer).await.unwrap().map(|known| known.owner)
    }

    async fn owned_by(&self, customer: &CustomerId, owner: &str, by: &str) {
        let before = self.store().owner(&self.tenant, customer).await.unwrap();
        let after = CustomerOwner { owner: owner.to_owned(), by: by.to_owned(), at: self.api.now() };
        self.store().set_owner(&self.tenant, customer, before.as_ref(), Some(&after)).await.unwrap();
    }

    async fn publish(&self, id: &str) {
        let step = json!({"id": "call", "at": {"anchor": "due_date", "offset": "P60D"}, "action": {"task": {"title": "Call"}}});
        let workflow = json!({"id": id, "name": "Calls", "scope": "customer", "steps": [step]});
        let workflow = domain::workflow::read(&workflow).unwrap();
        self.store().publish_workflow(&self.tenant, &workflow, self.api.now()).await.unwrap();
    }

    /// How many entries the audit has of an operation.
    async fn entries(&self, operation: &str) -> usize {
        let page = self.store().audit(&self.tenant, None, None, 200, None).await.unwrap();
        page.entries.iter().filter(|entry| entry.operation == operation && entry.customer.is_some()).count()
    }
}

fn assign(owner: &str) -> BulkAction {
    BulkAction::Assign { owner: owner.to_owned() }
}

#[tokio::test]
async fn owners_are_set_line_by_line_and_go_back_with_the_action() {
    let desk = Desk::new().await;
    let [first, second, third] = [0, 1, 2].map(|at| desk.customers[at].clone());
    desk.owned_by(&first, "ann", "collector").await;
    desk.owned_by(&second, "bob", "collector").await;
    let begun = desk.begin(desk.ids(), assign("bob"), false).await;
    assert_eq!((begun.run.count, begun.run.stage), (2, BulkStage::Planned));
    let planned: Vec<&str> = begun.lines.iter().map(|line| line.status.as_str()).collect();
    assert_eq!(planned, [PLANNED, "left_out", PLANNED]);
    let id = begun.run.id.to_string();
    let job = desk.work(&begun.run.job).await;
    assert_eq!((job.status, job.done, job.total), (JobStatus::Done, 3, Some(3)), "{job:?}");
    assert_eq!(job.result.unwrap()["lines"], json!({"done": 2, "left_out": 1}));
    assert_eq!(desk.statuses(&id).await, ["done", "left_out", "done"]);
    assert_eq!(desk.entries("run_bulk").await, 2, "each customer has an entry of its own");
    // Somebody gives one to a third meanwhile, and means it.
    desk.owned_by(&third, "cid", "collector").await;
    let undoing = bulk::undo(desk.store(), &desk.manager, &id, "nonce", desk.api.now()).await.unwrap();
    let again = bulk::undo(desk.store(), &desk.manager, &id, "other", desk.api.now()).await;
    assert!(matches!(again, Err(NotDone::Conflict(_))), "a job is at it: {again:?}");
    assert_eq!(desk.work(&undoing.run.job).await.status, JobStatus::Done);
    let shown = desk.shown(&id).await;
    assert_eq!((shown.run.stage, shown.run.undone_at.is_some()), (BulkStage::Undone, true));
    assert_eq!(desk.statuses(&id).await, ["undone", "left_out", "not_undone"]);
    let mut owners = Vec::new();
    for customer in [&first, &second, &third] {
        owners.push(desk.owner(customer).await.unwrap_or_default());
    }
    assert_eq!(owners, ["ann", "bob", "cid"]);
}

#[tokio::test]
async fn what_a_worker_made_before_it_died_is_not_made_again_and_is_undone() {
    let currency = domain::Currency::EUR;
    for action in [
        BulkAction::Pause { until_on: None },
        assign("bob"),
        BulkAction::Task { title: "Call".to_owned(), to: None, due_on: None },
        BulkAction::Note { text: "Look at it.".to_owned() },
        BulkAction::Move { currency, workflow: "gentle".to_owned() },
    ] {
        let desk = Desk::new().await;
        let (name, customer) = (action.as_str(), desk.customers[0].clone());
        desk.owned_by(&customer, "ann", "collector").await;
        desk.publish("gentle").await;
        desk.pass(1);
        let begun = desk.begin(vec![customer.to_string()], action.clone(), false).await;
        desk.pass(1);
        let is_possible = begun.run.count == 1;
        // A move needs a case, and nothing was decided yet.
        assert_eq!(is_possible, name != "move", "{name}: {:?}", begun.lines);
        if !is_possible {
            assert_eq!(begun.lines[0].why, "it has no case in EUR");
            continue;
        }
        let settings = desk.store().settings(&desk.tenant).await.unwrap().unwrap().value;
        let doing = BulkWork::of(desk.store(), &desk.manager, &settings, &action, &begun.run);
        // It makes what the line says, and dies before it can say so.
        let (line, makes) = doing.look(begun.lines[0].clone(), desk.api.now()).await.unwrap();
        assert_eq!(line.made, begun.lines[0].made, "{name}");
        doing.make(line, &makes.unwrap(), desk.api.now()).await.unwrap();
        let before = desk.api.everything().await.len();
        desk.pass(1);
        assert_eq!(desk.work(&begun.run.job).await.status, JobStatus::Done, "{name}");
        let shown = desk.shown(begun.run.id.as_str()).await;
        assert_eq!((shown.lines[0].status.as_str(), &shown.lines[0].made), ("done", &begun.lines[0].made), "{name}");
        assert_eq!(desk.api.everything().await.len(), before, "{name}: nothing was made twice");
        assert_eq!(desk.entries("run_bulk").await, 1, "{name}");
        let undoing = bulk::undo(desk.store(), &desk.manager, begun.run.id.as_str(), "undo", desk.api.now()).await.unwrap();
        desk.work(&undoing.run.job).await;
        assert_eq!(desk.statuses(begun.run.id.as_str()).await, ["undone"], "{name}");
        assert_eq!(desk.owner(&customer).await.as_deref(), Some("ann"), "{name}");
    }
}

#[tokio::test]
async fn more_than_a_hundred_are_planned_by_the_job_and_shown_in_pages() {
    let desk = Desk::new().await;
    let mut ids: Vec<String> = (0..120).map(|n| format!("cus_{n:020}")).collect();
    ids.splice(60..60, desk.ids());
    ids.push("C-1".to_owned());
    let note = BulkAction::Note { text: "Look at it.".to_owned() };
    let seen = desk.begin(ids.clone(), note.clone(), true).await;
    assert_eq!((seen.run.stage, seen.lines.len()), (BulkStage::Planning, 0));
    let job = desk.work(&seen.run.job).await;
    assert_eq!(job.status, JobStatus::Done, "{job:?}");
    let id = seen.run.id.to_string();
    let shown = desk.shown(&id).await;
    assert_eq!((shown.run.stage, shown.run.count, shown.run.everybody), (BulkStage::Planned, 3, false));
    assert_eq!(shown.run.counts, BTreeMap::from([("left_out".to_owned(), 121), (PLANNED.to_owned(), 3)]));
    let mut customers = BTreeSet::new();
    let mut next = Some("0".to_owned());
    while let Some(cursor) = next {
        let page = bulk::show(desk.store(), &desk.manager, &id, Some(&cursor)).await.unwrap();
        assert!(page.lines.len() < 200, "{}", page.lines.len());
        customers.extend(page.lines.into_iter().map(|line| line.customer));
        next = page.next;
    }
    assert_eq!(customers, ids.iter().cloned().collect::<BTreeSet<String>>(), "a line each");
    for wrong in ["2", "x", "-1"] {
        let refused = bulk::show(desk.store(), &desk.manager, &id, Some(wrong)).await;
        assert!(matches!(refused, Err(NotDone::Cursor)), "{wrong}: {refused:?}");
    }
    let words = json!({"note": {"text": ""}});
    let kept = desk.store().bulk(&desk.tenant, &seen.run.id).await.unwrap().unwrap();
    assert_eq!(kept.asked["action"], words, "a dry run has no more need of them");
    let notes =
        async |customer: &CustomerId| desk.store().notes(&desk.tenant, customer, None, 10, None).await.unwrap().notes.len();
    assert_eq!(notes(&desk.customers[0]).await, 0, "a dry run does nothing");
    let refused = bulk::undo(desk.store(), &desk.manager, &id, "undo", desk.api.now()).await;
    assert!(matches!(refused, Err(NotDone::Conflict(_))), "{refused:?}");
    desk.pass(1);
    let what = BulkWhat { ids: Some(ids.clone()), filter: None, action: note.clone() };
    let other = BulkAsked { what, dry_run: false, confirm_count: Some(2) };
    let begun = bulk::begin(desk.store(), &desk.manager, other, "other", desk.api.now()).await.unwrap();
    let BulkBegun::Started(refused) = begun else { panic!("no job is at it: {begun:?}") };
    let job = desk.work(&refused.run.job).await;
    assert!(job.why.unwrap().contains("/confirm_count"), "three are meant");
    let kept = desk.store().bulk(&desk.tenant, &refused.run.id).await.unwrap().unwrap();
    assert_eq!(kept.asked["action"], words, "what was refused has no more need of them");
    desk.pass(1);
    let begun = desk.begin(ids, note, false).await;
    let job = desk.work(&begun.run.job).await;
    assert_eq!(job.result.unwrap()["lines"], json!({"done": 3, "left_out": 121}));
    for customer in &desk.customers {
        assert_eq!(notes(customer).await, 1);
    }
    let kept = desk.store().bulk(&desk.tenant, &begun.run.id).await.unwrap().unwrap();
    assert_eq!(kept.asked["action"], words, "what a person wrote is not kept longer than it is needed");
}

#[tokio::test]
async fn one_that_was_cancelled_goes_on_once_nobody_can_be_at_it() {
    let desk = Desk::new().await;
    let begun = desk.begin(desk.ids(), assign("bob"), false).await;
    let (id, job) = (begun.run.id.to_string(), begun.run.job.clone());
    asked_jobs::cancel(desk.store(), &desk.manager, job.as_str(), desk.api.now()).await.unwrap();
    assert_eq!(desk.work(&job).await.status, JobStatus::Cancelled);
    assert_eq!(desk.statuses(&id).await, [PLANNED; 3]);
    let go_on = async |nonce: &str| {
        let asked = [("kind", "bulk"), ("run", id.as_str())].map(|(name, value)| (name.to_owned(), json!(value)));
        let job = asked_jobs::start(
            desk.store(),
            &desk.manager,
            Operation::StartJob,
            asked.into_iter().collect(),
            nonce,
            desk.api.now(),
        );
        let job = job.await.unwrap();
        desk.work(&job.id).await
    };
    let refused = go_on("a").await;
    assert_eq!(refused.status, JobStatus::Failed);
    assert!(refused.why.unwrap().contains("may still be at a line"));
    assert_eq!(desk.owner(&desk.customers[0]).await, None);
    desk.pass(80);
    assert_eq!(go_on("b").await.status, JobStatus::Done);
    assert_eq!(desk.statuses(&id).await, ["done"; 3]);
    let undoing = bulk::undo(desk.store(), &desk.manager, &id, "undo", desk.api.now()).await.unwrap();
    desk.work(&undoing.run.job).await;
    let again = go_on("c").await;
    assert!(again.why.unwrap().contains("not done again"), "what was undone stays undone");
    assert_eq!(desk.owner(&desk.customers[0]).await, None);
}

#[tokio::test]
async fn who_may_not_any_more_has_nothing_done() {
    let desk = Desk::new().await;
    let key = KeyId::parse("key_gone").unwrap();
    let machine = Actor::machine(desk.tenant.clone(), StaffRole::Manager, &key, [KeyScope::Customers].into());
    let what = BulkWhat { ids: Some(desk.ids()), filter: None, action: assign("bob") };
    let asked = BulkAsked { what, dry_run: false, confirm_count: None };
    let begun = bulk::begin(desk.store(), &machine, asked, "nonce", desk.api.now()).await.unwrap();
    let BulkBegun::Started(started) = begun else { panic!("no job is at it") };
    // There is no such key: it was revoked and is gone.
    let job = desk.work(&started.run.job).await;
    assert_eq!(job.status, JobStatus::Failed);
    assert!(job.why.unwrap().contains("revoked"));
    assert_eq!(desk.owner(&desk.customers[0]).await, None);
}
