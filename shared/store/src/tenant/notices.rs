//! Notices to people of the tenant: an item for each, made before anybody is called. Its sender takes it once, and what became of it is kept
//! with it. It holds ids and names of roles, and neither an address nor a word of what it says.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    CustomerId, EffectStatus, NoticeId, NoticeKind, NoticeUrgency, NoticeWay, TaskId, TenantId, notice::NOTICE_DAYS, word::Word,
};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::{
    Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{CHASE, DUE_PK, DUE_SK, EXPIRES_AT, PK, SK},
            notice,
        },
        change::{Change, absent, is, some_item},
        db::{Row, Wrote, failed, instant, json, millis, n, number, row_of, s, text, to_json, word_of},
        keys,
    },
};

/// How long a sender may be at it: longer than its function runs.
const UNDER_WAY_FOR: SignedDuration = SignedDuration::from_secs(90);

/// A notice, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskNotice {
    /// Its id.
    pub id: NoticeId,
    /// The task that it tells of.
    pub task: TaskId,
    /// Whose matter that is, where it is a customer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// What it tells.
    pub kind: NoticeKind,
    /// How soon.
    pub urgency: NoticeUrgency,
    /// Whom the step, the rule or the task names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The way that it goes.
    pub way: NoticeWay,
    /// Of an email, whose: the subject of a member's sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// How many days late the task is, of a reminder and what is overdue.
    #[serde(default)]
    pub days_late: u16,
    /// Whether a step of a workflow asked for it.
    #[serde(default)]
    pub of_step: bool,
    /// When it was made.
    pub made_at: Timestamp,
}

impl TaskNotice {
    /// The same with the id that it has: the same happening, way and person always give the same one.
    pub fn identified(self, tenant: &TenantId) -> Self {
        let (kind, way, late) = (self.kind.to_string(), self.way.to_string(), self.days_late.to_string());
        let to = self.to.as_deref().unwrap_or_default();
        let person = self.person.as_deref().unwrap_or_default();
        let id = NoticeId::derive(&[tenant.as_str(), self.task.as_str(), &kind, &late, to, &way, person]);
        Self { id, ..self }
    }
}

/// A notice, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownNotice {
    /// What was asked for.
    pub notice: TaskNotice,
    /// How it stands.
    pub status: EffectStatus,
    /// Since when, where it is over.
    pub status_at: Option<Timestamp>,
    /// Why it was not sent, or why nobody knows.
    pub why: Option<String>,
    /// When it is to leave, while it waits.
    pub leaves_at: Option<Timestamp>,
    /// How often a sender took it.
    pub tries: u32,
    /// When its sender took it last, while that one has it.
    pub taken_at: Option<Timestamp>,
}

/// A page of a tenant's notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticePage {
    /// The notices, newest first.
    pub notices: Vec<KnownNotice>,
    /// Where to go on; `None` at the end.
    pub after: Option<String>,
}

fn due_sk(at: Timestamp, tenant: &TenantId, id: &NoticeId) -> String {
    format!("{}#{tenant}#{id}", keys::second(at))
}

fn due_at(row: &Row) -> Option<Timestamp> {
    text(row, DUE_SK)?.split_once('#')?.0.parse().ok()
}

fn read_notice(row: &Row, now: Timestamp) -> Result<KnownNotice> {
    let taken_at = number(row, notice::TAKEN_AT).map(instant);
    let noted = text(row, notice::STATUS).map(|word| EffectStatus::read(word).unwrap_or(EffectStatus::Unknown));
    let died = noted.is_none() && taken_at.is_some_and(|at| now.duration_since(at) > UNDER_WAY_FOR);
    let under_way = if died {
        EffectStatus::Unknown
    } else if taken_at.is_some() {
        EffectStatus::Calling
    } else {
        EffectStatus::Queued
    };
    let why = text(row, notice::BECAUSE).map(str::to_owned);
    Ok(KnownNotice {
        notice: json(row, DOC)?,
        status: noted.unwrap_or(under_way),
        status_at: number(row, notice::STATUS_AT).map(instant),
        why: why.or_else(|| died.then(|| "its sender ended before it knew".to_owned())),
        leaves_at: due_at(row),
        tries: number(row, notice::TRIES).unwrap_or(0),
        taken_at,
    })
}

/// Whether `text` has the form of a page's `after`, so that a caller's own can be refused.
pub fn is_notice_cursor(text: &str) -> bool {
    text.starts_with("N#") && text.matches('#').count() == 2 && text.len() < 120
}

impl Store {
    /// Makes a notice that leaves at a moment; one that is there already stays as it is. False where it was.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn make_notice(&self, tenant: &TenantId, made: &TaskNotice, leaves_at: Timestamp) -> Result<bool> {
        let mut row = notice_row(made);
        row.insert(DUE_PK.to_owned(), s(keys::NOTICES_DUE));
        row.insert(DUE_SK.to_owned(), s(due_sk(leaves_at, tenant, &made.id)));
        self.create("make a notice of", &keys::notice(tenant, &made.id), row).await
    }

    /// Makes a notice that is over before anybody was told, and says why.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn make_ended_notice(&self, tenant: &TenantId, made: &TaskNotice, status: EffectStatus, why: &str) -> Result<bool> {
        let mut row = notice_row(made);
        row.insert(notice::STATUS.to_owned(), s(word_of(status)));
        row.insert(notice::STATUS_AT.to_owned(), n(millis(made.made_at)));
        row.insert(notice::BECAUSE.to_owned(), s(why));
        self.create("make a notice of", &keys::notice(tenant, &made.id), row).await
    }

    /// A notice as it stands.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn notice(&self, tenant: &TenantId, id: &NoticeId, now: Timestamp) -> Result<Option<KnownNotice>> {
        let row = self.read("read a notice of", &keys::notice(tenant, id), true).await?;
        row.map(|row| read_notice(&row, now)).transpose()
    }

    /// The notices that are to leave by `now`, of all tenants, the longest due first, at most `most` of them; and when the next one is.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn notices_due(&self, now: Timestamp, most: i32) -> Result<(Vec<(TenantId, NoticeId)>, Option<Timestamp>)> {
        let out = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(keys::DUE)
            .key_condition_expression(format!("{DUE_PK} = :pk"))
            .expression_attribute_values(":pk", s(keys::NOTICES_DUE))
            .limit(most)
            .send()
            .await
            .map_err(|error| failed("find the notices that are due", keys::NOTICES_DUE, error))?;
        let rows = out.items.unwrap_or_default();
        let is_due = |row: &&Row| due_at(row).is_none_or(|at| at <= now);
        let due = rows.iter().take_while(is_due).filter_map(|row| keys::parse_notice(text(row, PK)?, text(row, SK)?));
        let next = rows.iter().find(|row| !is_due(row)).and_then(due_at);
        // A full page may have left some out that are due as well.
        let is_full = usize::try_from(most).is_ok_and(|most| rows.len() >= most);
        Ok((due.collect(), next.or(is_full.then_some(now))))
    }

    /// Takes a notice to send it: it waits for nobody else from then on. False when there is none, another sender took it, or it is over.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn take_notice(&self, tenant: &TenantId, id: &NoticeId, now: Timestamp) -> Result<bool> {
        let change = Change::of(keys::notice(tenant, id))
            .put(notice::TAKEN_AT, n(millis(now)))
            .add(notice::TRIES, n(1))
            .drop(DUE_PK)
            .drop(DUE_SK)
            .when(some_item())
            .when(absent(notice::TAKEN_AT))
            .when(absent(notice::STATUS));
        Ok(matches!(self.write("take a notice of", change, false).await?, Wrote::Done(_)))
    }

    /// Gives a notice back that was taken at an instant and that nobody was told: it leaves at another moment.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn give_notice_back(
        &self,
        tenant: &TenantId,
        id: &NoticeId,
        taken_at: Timestamp,
        leaves_at: Timestamp,
    ) -> Result<()> {
        let change = Change::of(keys::notice(tenant, id))
            .drop(notice::TAKEN_AT)
            .put(DUE_PK, s(keys::NOTICES_DUE))
            .put(DUE_SK, s(due_sk(leaves_at, tenant, id)))
            .when(is(notice::TAKEN_AT, n(millis(taken_at))))
            .when(absent(notice::STATUS));
        self.write("give back a notice of", change, false).await.map(|_| ())
    }

    /// Has a notice that waits leave at another moment. Nothing where somebody took it meanwhile.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn put_notice_off(&self, tenant: &TenantId, id: &NoticeId, leaves_at: Timestamp) -> Result<()> {
        let change = Change::of(keys::notice(tenant, id))
            .put(DUE_SK, s(due_sk(leaves_at, tenant, id)))
            .when(some_item())
            .when(absent(notice::TAKEN_AT))
            .when(absent(notice::STATUS));
        self.write("put off a notice of", change, false).await.map(|_| ())
    }

    /// Notes what became of a notice; what is noted first stands.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn end_notice(
        &self,
        tenant: &TenantId,
        id: &NoticeId,
        status: EffectStatus,
        why: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let mut change = Change::of(keys::notice(tenant, id))
            .put(notice::STATUS, s(word_of(status)))
            .put(notice::STATUS_AT, n(millis(now)))
            .drop(DUE_PK)
            .drop(DUE_SK)
            .when(some_item())
            .when(absent(notice::STATUS));
        if let Some(why) = why {
            change = change.put(notice::BECAUSE, s(why));
        }
        self.write("note what became of a notice of", change, false).await.map(|_| ())
    }

    /// The notices of the last 90 days, newest first, `limit` a page.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn notices(&self, tenant: &TenantId, limit: u32, after: Option<&str>, now: Timestamp) -> Result<NoticePage> {
        let pk = keys::notices_of(tenant);
        let start = after.and_then(|after| {
            let id = after.rsplit('#').next()?;
            let sk = format!("{}{id}", keys::NOTICES);
            Some(row_of([(PK, s(pk.clone())), (SK, s(sk)), (CHASE, AttributeValue::S(after.to_owned()))]))
        });
        let out = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(CHASE)
            .key_condition_expression(format!("{PK} = :pk AND begins_with({CHASE}, :made)"))
            .expression_attribute_values(":pk", s(pk.clone()))
            .expression_attribute_values(":made", s("N#"))
            .scan_index_forward(false)
            .limit(i32::try_from(limit.clamp(1, 200)).expect("at most 200"))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("list the notices of", &pk, error))?;
        let after = out.last_evaluated_key.as_ref().and_then(|key| text(key, CHASE)).map(str::to_owned);
        let notices = out.items.unwrap_or_default().iter().map(|row| read_notice(row, now)).collect::<Result<_>>()?;
        Ok(NoticePage { notices, after })
    }
}

fn notice_row(made: &TaskNotice) -> Row {
    let expires_at = made.made_at.checked_add((NOTICE_DAYS * 24).hours()).unwrap_or(Timestamp::MAX).as_second();
    row_of([
        (DOC, s(to_json(made))),
        (CHASE, s(format!("N#{}#{}", keys::second(made.made_at), made.id))),
        (EXPIRES_AT, n(expires_at)),
    ])
}
