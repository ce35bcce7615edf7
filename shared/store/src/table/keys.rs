//! Every key of the table, and every access pattern.
//!
//! Table: `pk`, `sk`. Local index `chase` (`pk`, `chase`; all attributes). Global index `due` (`due_pk`, `due_sk`; keys only).
//! Items expire by `expires_at`. `T` stands for `T#{tenant}`, `C` for `T#{tenant}#C#{customer}`. Costs are for items of 1 KB:
//! W write units, R strong read units.
//!
//! | item | pk | sk | written by | read by | cost |
//! |---|---|---|---|---|---|
//! | tenant registry | `TENANTS` | tenant | settings, publishing, replan | sweep: one query | 2 W in a transaction |
//! | settings | `T` | `SETTINGS` | admin, with the registry row | everyone, by key | 2 W, 1 R |
//! | workflow, current | `T` | `WF#{id}` | publish, unpublish | policy: query `WF#` | 2 W |
//! | workflow body | `T` | `WFV#{id}#{version}` | publish, once | by key, cached for good; admin: query of one id | 2 W |
//! | draft of a workflow | `T` | `DRAFT#{id}` | admin; publishing it deletes it | admin, by key; query `DRAFT#` | 2 W |
//! | test message | `T` | `TEST#{id}` | admin; its sender, when it takes it and with what came of it | its sender, by key, once; admin, by key | 3 W, 2 W to send, 1 R, expires after a day |
//! | test messages of an hour | `T` | `TESTS#{hour}` | admin, with the message | nobody: the write counts | with it, expires after a day |
//! | template, current | `T` | `TPL#{id}#{channel}#{language}` | admin | policy: query `TPL#`; sender: query of one id | 2 W |
//! | template body | `T` | `TPV#{id}#{channel}#{language}#{version}` | admin, once | by key; admin: query of one template's | 2 W |
//! | connection | `T` | `CONN#{source}` | admin, `sync` | webhooks, by key | 1 W |
//! | books of a connection | `T` | `BOOKS#{source}` | admin, `sync` | `sync`, by key; the `due` index under `BOOKS` | 1 W, 3 W when its due moment moves |
//! | company | `COMPANY#{source}` | realm | admin | ingest, by key | 2 W |
//! | hint | `T#HINTS#{source}` | `HINT#{kind}#{id}` | ingest | `sync`: query | 2 W, 1 W to forget |
//! | write that waits | `T#HINTS#{source}` | `WRITE#{customer}#{basket}` | ingest and admin, with a basket that is paid | `sync`: query | 2 W in a transaction, 2 W with how it ended |
//! | page of a comparison | `T#LISTED#{source}` | `PAGE#{number:06}` | `sync`, once a day | `sync`: query | by size, expires after 2 days |
//! | sign-in under way | `SIGNIN` | hash of the state | admin | admin, by key, once | 2 W, expires after an hour |
//! | sign-in that waits to be confirmed | `T` | `AGREED#{source}` | admin | admin, by key | 1 W, expires after an hour |
//! | data key of secrets | `T` | `KEY` | admin, once | by key, cached | 1 W |
//! | data key of links | `T` | `KEY#LINKS` | admin, once | by key, cached | 1 W |
//! | data key of people | `T` | `KEY#PEOPLE` | admin, once | `read-model` and as of an instant, by key, cached | 1 W |
//! | senders that an operator listed | `T` | `SENDERS` | admin, for an operator | policy, by key | 3 W, 1 R |
//! | heartbeat | `T` | `HEARD#{source}` | ingest | facts, where the tenant demands freshness: by key | 1 W |
//! | breaker | `T` | `BREAKER` | sweep, admin | policy, by key | 2 W |
//! | daily counters | `T` | `COUNT#{date}` | sweep | sweep: query of 28 days, once a day | 1 W |
//! | daily record | `T` | `DAY#{date}` | `read-model`, once a day | admin: by key, query of the last days | 1 W, expires after 400 days |
//! | entry of the audit | `T#AUDIT` | `AUDIT#{milliseconds}#{hash}`, of an act of a request with `.{act}` behind it | admin, in the transaction of what a person changes | admin: query, newest first | 1 W |
//! | tip of a chain of the audit | `T#AUDIT` | `TIP#{customer}`; `TIP#` for what is about no customer | with each entry | with each entry, by key; `read-model`, once a day | 1 W, 1 R |
//! | member | `T#MEMBERS` | `MEM#{hash of the subject}` | admin, with the membership and, of admins, their count; once a day when they call | admin, each call: by key; query `MEM#` | 4 W, 1 R a call |
//! | count of admins | `T#MEMBERS` | `ADMINS` | admin, where it changes | nobody: conditions look at it | 2 W |
//! | membership | `MEMBER#{hash of the subject}` | tenant | admin, with the member | admin: query of a person's | 2 W |
//! | invitation | `T#MEMBERS` | `INVITE#{hash of the address}` | admin; the first sign-in removes it | admin: by key, with the member; query `INVITE#` | 2 W, 1 R a call of whom is no member and has an address |
//! | key of a machine | `T#KEYS` | `APIKEY#{id}` | admin; once an hour when it is used | admin, each call: by key; query `APIKEY#` | 2 W, 1 R a call |
//! | notice to people of the tenant | `T#NOTICES` | `NTC#{id}`, `chase` = `N#{instant}#{id}` | `escalate`, when it is made, taken and over | `escalate`, by key; the `due` index under `NOTICES`; admin: query of `chase`, newest first | 4 W to make and 4 W to send, expires after 90 days |
//! | channel of notices | `T` | `NOTICECHANNEL#{way}` | admin; `escalate`, when it refuses | `escalate` and admin, by key | 2 W in a transaction, 1 R |
//! | data key of channels of notices | `T` | `KEY#NOTICES` | admin, once | `escalate`, by key, cached | 1 W |
//! | subscription to events | `T#SUBSCRIPTIONS` | `SUBSCRIPTION#{id}` | admin | admin: by key; query `SUBSCRIPTION#` | 2 W |
//! | event that goes to a subscription | `T#DLV#{subscription}#{lane}` | `DLV#{event}`, `chase` = `W#{place:015}` while it waits | `read-model`, with its lane; `deliver`, with each try; admin, a sample or a replay | `deliver`: query of `chase`; admin: the `due` index under `DLV#{tenant}#{subscription}#{date}`, and by keys | 8 W with its lane, 2 W a try, expires after 33 days |
//! | lane of a subscription: the events of one customer | `T#DLV#{subscription}#{lane}` | `LANE` | `read-model` and admin, with each event; `deliver`, when it takes it and leaves it | `deliver`, by key; the `due` index under `DELIVER` | 1 W to take, 2 W to leave; expires 60 days after the last event |
//! | how a subscription fares | `T#SUBSCRIPTIONS` | `HEALTH#{subscription}` | `deliver`, while tries fail | `deliver`, by key; admin: query `HEALTH#` | 1 W a failure |
//! | replay of a subscription | `T#SUBSCRIPTIONS` | `REPLAY#{subscription}` | admin; `deliver`, a page each | `deliver`: the `due` index under `DELIVER`, and by key | 2 W, 4 W an event that is replayed |
//! | calls of a minute | `T#RATES` | `RATE#{minute}#{hash of who}` | admin, every ten calls or five seconds | the same write | 1 W, expires after an hour |
//! | request that is carried out once | `T#ONCE` | `ONCE#{hash of who and key}` | admin, in the transaction of its effect, and with its answer; portal, in that transaction | admin and portal, by key | 3 W, 1 R, expires after a day |
//! | job | `T#JOBS` | `JOB#{id}`, whose id begins with when it was asked for | admin; `jobs`, a slice each | admin and `jobs`, by key; admin: query, newest first | 1 W to ask, 2 W and what it kept a slice; expires after 400 days |
//! | task | `T#WORK` | `TSK#{id}`, `chase` = `O#{instant}#{id}` while open | everyone, if absent; `read-model`, what is at stake; a proposal expires after 7 days | admin: by key, query of `chase`, in a batch | 2 W |
//! | what keeps messages back | `T#WORK` | `CAUSE#{hash}` | senders, while it stands | senders, by key; settings: query `CAUSE#` | with its task and customer 6 W, 4 W a further customer, 2 R one that is named |
//! | whom a task concerns | `T#CAUSE#{task}` | `CUS#{customer}` | senders, with the task's count | admin: query | 2 W, expires after 400 days |
//! | receipt | `T#RCP#{source}` | hash of the event id | ingest, if absent; counted when the event comes again | ingest, by key; admin: the `due` index under `RCP#{tenant}#{date}`, and by keys | 2 W, 1 W of the index, 1 W when it comes again, expires after 35 days |
//! | refused webhook | `T#RCP#{source}` | `REFUSED#{hash of the body}` | ingest | admin, as receipts | 1 W, 1 W of the index, expires after 35 days |
//! | reference | `T#REF#{object}` | `REF` | ingest, when an object is new or moves; with an agreement or charge | ingest, admin, by key | 2 W, 1 R |
//! | lines of an invoice | `T#REF#{invoice}` | `LINES` | ingest, with the invoice, where they are others than before | admin and portal, by key, where somebody asks for them; no decision | by size, at most 130 W in a transaction and 16 R |
//! | waiting document | `T#REF#{object}` | `WAIT#{hash}` | ingest | ingest: query `WAIT#` when the object appears | 2 W |
//! | mail or text message that left, by its provider's id | `T#SENT#{hash of the id}` | `SENT` | feedback, when SES or End User Messaging says that it took it, where answers are taken in | feedback, by key, of an answer that names nothing else of ours | 1 W, 1 R, expires after 400 days |
//! | address | `T#ADR#{hash}` | `ADR` | feedback, senders, portal, admin | admin, by key; facts: by keys in a batch, with other customers' or the settings | 1 W, 1 R |
//! | address of somebody who was erased | `T#ERASED` | `ERASED#{keyed hash}` | admin, with an erasure; whoever names the person again clears it | ingest, `sync`, `read-model` and admin: one query whether there is any, then by keys in a batch | 1 W, and 1 W when somebody is named again; 1 R a document that names people, and 1 R an address |
//! | keys to delete again | `T#ERASED` | `AGAIN#{customer}#{digest of the person}` | admin, with an erasure | `read-model`: query, once a day | 1 W, 1 W to forget |
//! | address to forget later | `T#ERASED` | `LATER#{digest of the address}` | admin, at the end of an erasure, of a number that stands suppressed | `read-model`: query, once a day | 1 W, 1 W to forget |
//! | erasure under way at a customer | `T#ERASED` | `ERASING#{digest of the person}#{customer}` | admin, before anything is erased | admin, with an erasure: query of the person's | 1 W, 1 W when it ends |
//! | whose a portal link is | `LINK#{id}` | `LINK` | senders and admin, with each new code, once | portal, admin, by key | 1 W, 1 R, half of it for the portal |
//! | whose a basket is | `BASKET#{id}` | `BASKET` | portal and admin, with the basket | ingest and admin, by key | 2 W in a transaction, 1 R |
//! | contact log of a person | `T#PER#{hash}` | `PER` | senders, before the claim | facts: by keys in the same batch | 1 W up to 8 contacts, expires 61 days after the last |
//! | head | `C` | `HEAD` | every fact write, decisions, claims, results | sweep, senders, by key; the `due` index by shard | 1 W, 3 W when the due moment moves |
//! | profile | `C` | `PROFILE`, `chase` = `A#PROFILE` | ingest | facts: query of `chase`; lists: by keys in a batch, for names | 4 W |
//! | what people entered of a customer | `C` | `PROFILE#HAND`, `chase` = `A#` and that | admin | facts: query of `chase`; admin, by key; with the profile of whose people are written to, by keys | 4 W, with the head 6 W |
//! | agreement | `C` | `PROFILE#AGR#{id}`, `chase` = `A#` and that | admin, decisions that find it changed, moves | facts: query of `chase` | 4 W, with its reference 6 W |
//! | charge | `C` | `PROFILE#CHG#{id}`, `chase` = `A#` and that | decisions that propose it, admin | facts: query of `chase` | 4 W, with its reference 6 W |
//! | offer to pay in parts | `C` | `OFFER#{id}` | admin; portal, with the plan that it comes to | portal and admin, by key; query `OFFER#` | with its reference and the head 6 W in a transaction, 4 W when it changes; expires 400 days after its last day |
//! | order of a person | `C` | `PROFILE#ORDER#{id}`, `chase` = `A#` and that | admin; the decision that obeys it removes it | facts: query of `chase` | 4 W |
//! | open work of a task | `C` | `PROFILE#WORK#{task}`, `chase` = `A#` and that | sweep with the task; admin or sweep when it is over | facts: query of `chase` | 4 W |
//! | code of a portal link | `C` | `CODE#{link}` | portal, when one is asked for, and with each try | portal, by key; a try is one conditional write | with what follows, its service mail and the audit 12 W in a transaction; 1 W a try, and 6 W for the right one; expires a day after it was asked for |
//! | when codes, or new links, were asked for at an address | `T#ADR#{hash}` | `ASKED#{code, new_link or answer}` | portal, with what is asked for; feedback, with an answer that is answered by itself | portal and feedback, by key | with it; expires an hour after the last |
//! | the same at a customer, and when a link of it changed how its people are written to | `C` | `ASKED#{code, new_link, change or answer}` | the same | the same | with it; expires a day after the last |
//! | portal link | `C` | `LINK#{digest of the address}`, `chase` = `A#` and that | senders, with the first message to the address and once half of its time is over; admin | senders: with the facts, query of `chase`; portal, by key, once more as it is now where it is good; admin: query `LINK#` | 2 W, in a transaction 4 W |
//! | invoice | `C` | `INV#{id}`, `chase` = `I#{id}` unless archived or draft | ingest, archiving; a tombstone (`moved`) once it is another customer's | facts: query of `chase`; archived ones by key; portal: query of `chase` where few are open, else the list of the customer's invoices; one, by key | 4 W |
//! | payment | `C` | `PAY#{id}`, `chase` = `P#{id}` | ingest, archiving | facts and portal: query of `chase`; archived ones by key | 4 W |
//! | basket | `C` | `BASKET#{id}` | portal, when it is begun; ingest, with what its provider says; admin, with a payment that a collector took | portal, ingest and admin, by key; query `BASKET#` | with its agreement and the row below 10 W in a transaction, 2 W and its money a change |
//! | service mail | `C` | `SVM#{id}` | portal, ingest and admin, with what it tells of; its sender, when it takes it and with what came of it; feedback | its sender, by key; admin: query `SVM#` | 2 W in a transaction, 2 W to send, 1 W a word of its provider, expires after 90 days |
//! | write of a basket into the books | `C` | `WRITTEN#{id}` | ingest and admin, with a basket that is paid or taken back; `sync`, with what the vendor says | `sync` and admin, by key; with a basket that is paid or taken back | 2 W in a transaction, some 3 W until it is done |
//! | payment of another customer | `C` | `SHARED#{id}`, `chase` = `S#{id}` | ingest, where a payment is for an invoice of somebody else; archiving | facts: query of `chase` | 4 W |
//! | reversal | `C` | `REV#{payment}#{hash}`, `chase` = `R#{payment}#{hash}` | ingest, archiving | facts: query of `chase` | 4 W |
//! | record of coverage | `C` | `COV#{number:010}#{position:03}` | senders, sweep (marks: position 999) | facts: query from `covered_from`; portal, for one invoice: the same, newest first; `read-model`: query, newest first | 1 W |
//! | record of a decision | `C` | `DEC#{number:010}` | sweep | explain and `read-model`: query, newest first | 2 W |
//! | key of a person | `C` | `KEY#{hash of whose}` | `read-model`, with the first version that says something of the person; only an erasure deletes it, and `read-model` again | `read-model`, by keys in a batch for each version that does; as of an instant: query | 1 W, 1 R a version |
//! | past of a customer | `C` | `PAST#{year}` | `sync`, once a person asks for it | admin: query `PAST#`; no decision reads it | by size, a page and year |
//! | words of a person's message | `C` | `TEXT#{message}` | admin, with the message; an erasure deletes it | senders and admin, by key | 2 W, in a transaction |
//! | what a sender of one's own claimed | `C` | `CLAIM#{message}`; of more than 20 rows these in `ROWS#{message}.c.{attempt}#{chunk:03}` | admin, before it answers the claim | admin, by key, with the result | 1 W, more by size; expires after 30 days |
//! | what an agreement was before | `C` | `BEFORE#{agreement}` | admin, with a change by a person; an erasure deletes those that name the person | admin, by key, to undo it | 2 W in a transaction |
//! | owner of a customer | `C` | `OWNER` | admin | admin, by key; `read-model`, for its row | 4 W in a transaction, with the row below |
//! | customer of an owner | `T#OWNED#{hash of the owner}` | `CUS#{customer}` | admin, with the owner | admin: query | as above |
//! | key accounts | `T` | `ACCOUNTS` | `read-model` and admin, for each customer that becomes or ceases to be one | `read-model`, once a day; admin, by key | 1 W, 1 R |
//! | absence of a member | `T#MEMBERS` | `AWAY#{hash of the subject}` | admin | admin: by key; query `AWAY#` | 1 W |
//! | action in bulk | `T#BULK` | `BULK#{id}` | admin, when it is asked for and undone; `jobs`, with each stage | admin and `jobs`, by key | 1 W a stage, expires after 90 days |
//! | lines of an action in bulk, some 100 customers | `T#BULK` | `BULK#{id}#{chunk:06}` | admin or `jobs`, when they are planned; `jobs`, when they are done or undone | admin and `jobs`, by key; `jobs`, at the end of a stage: query | by size, some 10 W each time, expires after 90 days |
//! | note, with what was answered | `C` | `NOTE#{id}` | admin and portal; admin, with each answer, its service mail and the end of its task; an erasure deletes those that name the person | admin and portal: query, newest first; by key | with its reference 6 W in a transaction, by size |
//! | rating of how something was settled | `C` | `RATING#{basket or agreement}` | portal, once; an erasure deletes those of the person's links | portal, by key; admin: query | 2 W in a transaction |
//! | answer of a customer | `C` | `REPLY#{id}` | feedback, once, with its task, pause and notice; admin, when a person decides on it; an erasure deletes those of or about the person | admin and the sender of its notice, by key; admin: query `REPLY#` | with its reference and the head 6 W in a transaction, by size, and 4 W each for task, pause and notice |
//! | answer of nobody who is known | `T#UNMATCHED` | `REPLY#{id}` | feedback, once, with its task | admin, by key; query `REPLY#` | 4 W in a transaction, by size, expires after 90 days |
//! | file that a customer sent | `C` | `FILE#{id}` | portal, once; an erasure deletes those of the person's links | portal and admin: query, newest first; by key | 2 W in a transaction |
//! | rows of a long message | `C` | `ROWS#{message}#{chunk:03}` as decided, `ROWS#{message}.s#…` as sent, `ROWS#{message}.a#…` what a person's message asked for | sweep, senders | facts and records: query per message | by size |
//!
//! | mark of a customer with the record of an earlier day's message | `T#CHAINS` | `MARK#{date}#{customer}` | `read-model`, once a day and customer | `read-model`: query of the days before, once a day | 1 W, 1 W to forget |
//! | walk over the chains of records | `T#CHAINS` | `WALK` | `read-model`, once a day | `read-model`, by key | 1 W, and 1 R for each customer's head |
//! | walk over what is ranked by amounts | `T#AMOUNTS` | `WALK` | `read-model`, once a day | `read-model`, by key | 1 W |
//! | version of a fact | the fact's pk and `#V` | `V#{the fact's sk}#{place in the stream}` | read-model, once | as of an instant: query of the customer's; of the tenant's by kind; of each address | 1 W by size |
//! | gap | `GAPS` | `V#{instant}#{place in the stream}` | feedback, read-model | as of an instant: query | 1 W |
//!
//! Rows of lists: `keys/lists.rs` has their table.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    AgreementId, Channel, ChargeId, CustomerId, InvoiceId, LinkId, MessageId, OrderId, PaymentId, TaskId, TenantId, id::digest,
};
use jiff::{Timestamp, civil::Date};

use crate::table::attributes::every::{PK, SK};

mod access;
mod baskets;
mod billed_lines;
mod deliveries;
mod drafts_and_tests;
mod jobs;
mod lists;
mod notices;
mod people;
mod plan_offers;
mod portal_codes;
mod service_mails;
mod sort;
mod subscriptions;
mod words_and_owners;

pub(crate) use access::*;
pub(crate) use baskets::*;
pub(crate) use billed_lines::*;
pub(crate) use deliveries::*;
pub(crate) use drafts_and_tests::*;
pub(crate) use jobs::*;
pub(crate) use lists::*;
pub(crate) use notices::*;
pub(crate) use people::*;
pub(crate) use plan_offers::*;
pub(crate) use portal_codes::*;
pub(crate) use service_mails::*;
pub(crate) use sort::*;
pub(crate) use subscriptions::*;
pub(crate) use words_and_owners::*;

/// Partition and sort key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub(crate) fn attributes(&self) -> std::collections::HashMap<String, AttributeValue> {
        [(PK.to_owned(), AttributeValue::S(self.pk.clone())), (SK.to_owned(), AttributeValue::S(self.sk.clone()))].into()
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}|{}", self.pk, self.sk)
    }
}

/// The global index of what waits for a moment.
pub(crate) const DUE: &str = "due";
/// The position of a decision's own marks within its records.
pub const MARKS: u32 = 999;
/// What the sort keys of agreements begin with: the stream's filter passes them.
pub(crate) const AGREEMENTS: &str = "PROFILE#AGR#";
/// What the sort keys of charges begin with.
pub(crate) const CHARGES: &str = "PROFILE#CHG#";
/// What the sort keys of orders begin with.
pub(crate) const ORDERS: &str = "PROFILE#ORDER#";
/// The sort key of what people entered of a customer.
pub(crate) const BY_HAND: &str = "PROFILE#HAND";
/// What the sort keys of open work begin with.
pub(crate) const OPEN_WORK: &str = "PROFILE#WORK#";
/// What the sort keys of a customer's portal links begin with, and the partitions that say whose one is. No filter of the stream passes
/// them.
pub(crate) const LINKS: &str = "LINK#";
/// What the sort keys of other customers' payments begin with.
pub(crate) const SHARED: &str = "SHARED#";
/// What the sort keys of records of coverage begin with.
pub(crate) const COVERAGE: &str = "COV#";
/// What the sort keys of records of decisions begin with.
pub(crate) const DECISIONS: &str = "DEC#";
/// What the sort keys of marks of customers with late records begin with. No filter of the stream passes them.
pub(crate) const CHAIN_MARKS: &str = "MARK#";
/// What the sort keys of hints begin with: the stream's filter passes them.
pub(crate) const HINTS: &str = "HINT#";
/// Sort key of a due entry that nothing but a new fact or a person wakes.
pub const PARKED: &str = "9999-12-31T23:59:59Z";

pub(crate) fn tenants() -> String {
    "TENANTS".to_owned()
}
pub(crate) fn registry(tenant: &TenantId) -> Key {
    Key::new(tenants(), tenant.as_str())
}
pub(crate) fn tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}")
}
pub(crate) fn settings(t: &TenantId) -> Key {
    Key::new(tenant(t), "SETTINGS")
}
pub(crate) fn identities(t: &TenantId) -> Key {
    Key::new(tenant(t), "SENDERS")
}
pub(crate) fn workflow(t: &TenantId, id: &str) -> Key {
    Key::new(tenant(t), format!("WF#{id}"))
}
pub(crate) fn workflow_body(t: &TenantId, id: &str, version: u32) -> Key {
    Key::new(tenant(t), format!("WFV#{id}#{version:06}"))
}
/// What the sort keys of a workflow's versions begin with.
pub(crate) fn workflow_bodies(id: &str) -> String {
    format!("WFV#{id}#")
}
pub(crate) fn template(t: &TenantId, id: &str, channel: Channel, language: &str) -> Key {
    Key::new(tenant(t), format!("{}{language}", template_prefix(id, channel)))
}
pub(crate) fn template_prefix(id: &str, channel: Channel) -> String {
    format!("TPL#{id}#{}#", channel.as_str())
}
/// Reads id and channel back from the sort key of a current template.
pub(crate) fn parse_template(sk: &str) -> Option<(String, Channel)> {
    let (rest, _) = sk.strip_prefix("TPL#")?.rsplit_once('#')?;
    let (id, channel) = rest.rsplit_once('#')?;
    Some((id.to_owned(), serde_json::from_value(channel.into()).ok()?))
}
pub(crate) fn template_body(t: &TenantId, id: &str, channel: Channel, language: &str, version: u32) -> Key {
    Key::new(tenant(t), format!("{}{version:06}", template_bodies(id, channel, language)))
}
/// What the sort keys of a template's versions begin with.
pub(crate) fn template_bodies(id: &str, channel: Channel, language: &str) -> String {
    format!("{}{language}#", template_versions(id, channel))
}
/// The same of its texts in every language.
pub(crate) fn template_versions(id: &str, channel: Channel) -> String {
    format!("TPV#{id}#{}#", channel.as_str())
}
pub(crate) fn connection(t: &TenantId, source: &str) -> Key {
    Key::new(tenant(t), format!("CONN#{source}"))
}
pub(crate) fn books(t: &TenantId, source: &str) -> Key {
    Key::new(tenant(t), format!("BOOKS#{source}"))
}
/// Reads tenant and source back from the key of a connection's books.
pub(crate) fn parse_books(pk: &str, sk: &str) -> Option<(TenantId, String)> {
    Some((TenantId::parse(pk.strip_prefix("T#")?).ok()?, sk.strip_prefix("BOOKS#")?.to_owned()))
}
pub(crate) fn company(source: &str, realm: &str) -> Key {
    Key::new(format!("COMPANY#{source}"), realm)
}
/// Whether a partition says whose company it is.
pub(crate) fn is_company(pk: &str) -> bool {
    pk.starts_with("COMPANY#")
}
pub(crate) fn hints(t: &TenantId, source: &str) -> String {
    format!("T#{t}#HINTS#{source}")
}
pub(crate) fn hint(t: &TenantId, source: &str, kind: &str, id: &str) -> Key {
    Key::new(hints(t, source), format!("{HINTS}{kind}#{id}"))
}
/// Reads tenant and source back from the partition of hints.
pub(crate) fn parse_hints(pk: &str) -> Option<(TenantId, String)> {
    let (tenant, source) = pk.strip_prefix("T#")?.split_once("#HINTS#")?;
    Some((TenantId::parse(tenant).ok()?, source.to_owned()))
}
pub(crate) fn listed(t: &TenantId, source: &str) -> String {
    format!("T#{t}#LISTED#{source}")
}
pub(crate) fn listed_page(t: &TenantId, source: &str, number: u32) -> Key {
    Key::new(listed(t, source), format!("PAGE#{number:06}"))
}
pub(crate) fn sign_in(state: &str) -> Key {
    Key::new("SIGNIN", digest(&[state]))
}
pub(crate) fn agreed(t: &TenantId, source: &str) -> Key {
    Key::new(tenant(t), format!("AGREED#{source}"))
}
pub(crate) fn data_key(t: &TenantId) -> Key {
    Key::new(tenant(t), "KEY")
}
pub(crate) fn link_key(t: &TenantId) -> Key {
    Key::new(tenant(t), "KEY#LINKS")
}
pub(crate) fn people_key(t: &TenantId) -> Key {
    Key::new(tenant(t), "KEY#PEOPLE")
}
/// What the sort keys of people's keys begin with. No filter of the stream passes them.
pub(crate) const PERSON_KEYS: &str = "KEY#";
/// The key under which is sealed what versions say of a person at a customer.
pub(crate) fn person_key(t: &TenantId, c: &CustomerId, whose: &str) -> Key {
    Key::new(customer(t, c), format!("{PERSON_KEYS}{}", digest(&[whose])))
}
pub(crate) fn heard(t: &TenantId, source: &str) -> Key {
    Key::new(tenant(t), format!("HEARD#{source}"))
}
pub(crate) fn breaker(t: &TenantId) -> Key {
    Key::new(tenant(t), "BREAKER")
}
pub(crate) fn counters(t: &TenantId, on: Date) -> Key {
    Key::new(tenant(t), format!("COUNT#{on}"))
}
/// What the sort keys of daily records begin with. No filter of the stream passes them.
pub(crate) const DAYS: &str = "DAY#";
pub(crate) fn daily(t: &TenantId, on: Date) -> Key {
    Key::new(tenant(t), format!("{DAYS}{on}"))
}
/// Reads the day back from the sort key of its counters.
pub(crate) fn parse_counters(sk: &str) -> Option<Date> {
    sk.strip_prefix("COUNT#")?.parse().ok()
}
pub(crate) fn work(t: &TenantId) -> String {
    format!("T#{t}#WORK")
}
pub(crate) fn task(t: &TenantId, id: &TaskId) -> Key {
    Key::new(work(t), format!("TSK#{id}"))
}
/// What the sort keys of what keeps messages back begin with. No filter of the stream passes them.
pub(crate) const CAUSES: &str = "CAUSE#";
/// What keeps messages back, by its key.
pub(crate) fn cause(t: &TenantId, key: &str) -> Key {
    Key::new(work(t), format!("{CAUSES}{}", digest(&[key])))
}
/// The partition of the customers that a task concerns.
pub(crate) fn concerned_by(t: &TenantId, task: &TaskId) -> String {
    format!("T#{t}#CAUSE#{task}")
}
/// What the sort keys of customers that a task concerns begin with. No filter of the stream passes them.
pub(crate) const CUSTOMERS: &str = "CUS#";
pub(crate) fn concerned(t: &TenantId, task: &TaskId, c: &CustomerId) -> Key {
    Key::new(concerned_by(t, task), format!("{CUSTOMERS}{c}"))
}
/// What the sort keys of the audit's entries begin with. No filter of the stream passes them.
pub(crate) const AUDIT: &str = "AUDIT#";
/// The partition of what people did.
pub(crate) fn audits(t: &TenantId) -> String {
    format!("T#{t}#AUDIT")
}
/// What a person did at an instant, and by which of their acts where that is known.
pub(crate) fn audit(t: &TenantId, at: Timestamp, parts: &[&str], act: Option<&str>) -> Key {
    let act = act.map_or_else(String::new, |act| format!(".{act}"));
    Key::new(audits(t), format!("{}#{}{act}", audit_moment(at), digest(parts)))
}
/// The act that the sort key of an entry names.
pub(crate) fn audit_act(sk: &str) -> Option<&str> {
    sk.rsplit_once('.').map(|(_, act)| act)
}
/// The tip of the chain of the audit's entries about a customer, or about none. No filter of the stream passes it.
pub(crate) fn audit_tip(t: &TenantId, customer: Option<&CustomerId>) -> Key {
    Key::new(audits(t), format!("TIP#{}", customer.map_or("", CustomerId::as_str)))
}
/// The beginning of the sort keys of an instant's entries.
pub(crate) fn audit_moment(at: Timestamp) -> String {
    format!("{AUDIT}{:015}", at.as_millisecond().max(0))
}
pub(crate) fn receipt(t: &TenantId, source: &str, event_id: &str) -> Key {
    receipt_of_digest(t, source, &digest(&[event_id]))
}
/// The same, by the digest of the event's id.
pub(crate) fn receipt_of_digest(t: &TenantId, source: &str, digest: &str) -> Key {
    Key::new(format!("T#{t}#RCP#{source}"), digest)
}
/// What the sort keys of refused webhooks begin with, beside the receipts of those that were taken. No filter of the stream passes either.
pub(crate) const REFUSED: &str = "REFUSED#";
/// Reads the source back from the partition of receipts.
pub(crate) fn parse_receipts(pk: &str) -> Option<String> {
    Some(pk.split_once("#RCP#")?.1.to_owned())
}
/// Where the index `due` lists the webhooks that came on a day.
pub(crate) fn received_on(t: &TenantId, on: Date) -> String {
    format!("RCP#{t}#{on}")
}
/// The place of a webhook there: by when it came.
pub(crate) fn received_at(at: Timestamp, source: &str, sk: &str) -> String {
    format!("{:015}#{source}#{sk}", at.as_millisecond().max(0))
}
/// The day of a place, and the place itself, where a text is one.
pub(crate) fn received_cursor(text: &str) -> Option<(Date, String)> {
    let (millis, rest) = text.split_once('#')?;
    let plain = millis.len() == 15 && millis.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 120;
    let at = Timestamp::from_millisecond(millis.parse().ok().filter(|_| plain && rest.contains('#'))?).ok()?;
    Some((at.to_zoned(jiff::tz::TimeZone::UTC).date(), text.to_owned()))
}
/// A mail that left, by the id that its provider gave it. No filter of the stream passes it.
pub(crate) fn sent_mail(t: &TenantId, provider_id: &str) -> Key {
    Key::new(format!("T#{t}#SENT#{}", digest(&[provider_id])), "SENT")
}
pub(crate) fn reference(t: &TenantId, object: &str) -> Key {
    Key::new(format!("T#{t}#REF#{object}"), "REF")
}
pub(crate) fn waiting(t: &TenantId, object: &str, parts: &[&str]) -> Key {
    Key::new(format!("T#{t}#REF#{object}"), format!("WAIT#{}", digest(parts)))
}
/// Of a person, by [`domain::Contact::person`].
/// Of an [`domain::address_key`].
pub(crate) fn address(t: &TenantId, text: &str) -> Key {
    address_of_digest(t, &digest(&[text]))
}
/// Of the digest of one.
pub(crate) fn address_of_digest(t: &TenantId, digest: &str) -> Key {
    Key::new(format!("T#{t}#ADR#{digest}"), "ADR")
}
/// Whose a portal link is, by its id. Whoever follows a link says no more than its code.
pub(crate) fn link_owner(id: &LinkId) -> Key {
    Key::new(format!("{LINKS}{id}"), "LINK")
}
/// Whether a partition says whose a portal link is.
pub(crate) fn is_link_owner(pk: &str) -> bool {
    pk.starts_with(LINKS)
}
/// Reads tenant and digest back from the partition of an address.
pub(crate) fn parse_address(pk: &str) -> Option<(TenantId, String)> {
    let (tenant, digest) = pk.strip_prefix("T#")?.split_once("#ADR#")?;
    Some((TenantId::parse(tenant).ok()?, digest.to_owned()))
}
/// Reads the tenant back from the key of any partition of its own.
pub(crate) fn parse_tenant(pk: &str) -> Option<TenantId> {
    let rest = pk.strip_prefix("T#")?;
    TenantId::parse(rest.split_once('#').map_or(rest, |(tenant, _)| tenant)).ok()
}
/// What the sort keys of versions begin with. No filter of the stream passes them.
pub(crate) const VERSION: &str = "V#";
/// Where it is noted that versions may be missing.
pub(crate) const GAPS: &str = "GAPS";

/// The partition of the versions of what a partition holds.
pub(crate) fn versions(pk: &str) -> String {
    format!("{pk}#V")
}
/// A version of a fact, by its place in the stream: a number that only grows.
pub(crate) fn version(pk: &str, sk: &str, sequence: &str) -> Key {
    Key::new(versions(pk), format!("{VERSION}{sk}#{sequence:0>40}"))
}
pub(crate) fn gap(from: Timestamp, sequence: &str) -> Key {
    Key::new(GAPS, format!("{VERSION}{}#{sequence}", second(from)))
}

pub(crate) fn customer(t: &TenantId, c: &CustomerId) -> String {
    format!("T#{t}#C#{c}")
}
/// Reads tenant and customer back from the key of a customer's partition.
pub(crate) fn parse_customer(pk: &str) -> Option<(TenantId, CustomerId)> {
    let (tenant, customer) = pk.strip_prefix("T#")?.split_once("#C#")?;
    Some((TenantId::parse(tenant).ok()?, CustomerId::parse(customer)?))
}
/// Reads the tenant back from the key of its worklist.
pub(crate) fn parse_work(pk: &str) -> Option<TenantId> {
    TenantId::parse(pk.strip_prefix("T#")?.strip_suffix("#WORK")?).ok()
}
pub(crate) fn head(t: &TenantId, c: &CustomerId) -> Key {
    Key::new(customer(t, c), "HEAD")
}
pub(crate) fn profile(t: &TenantId, c: &CustomerId) -> Key {
    Key::new(customer(t, c), "PROFILE")
}
/// What people entered of a customer.
pub(crate) fn by_hand(t: &TenantId, c: &CustomerId) -> Key {
    Key::new(customer(t, c), BY_HAND)
}
pub(crate) fn agreement(t: &TenantId, c: &CustomerId, id: &AgreementId) -> Key {
    Key::new(customer(t, c), format!("{AGREEMENTS}{id}"))
}
pub(crate) fn charge(t: &TenantId, c: &CustomerId, id: &ChargeId) -> Key {
    Key::new(customer(t, c), format!("{CHARGES}{id}"))
}
/// What the sort keys of a customer's past begin with. No filter of the stream passes them.
pub(crate) const PAST: &str = "PAST#";
/// Closed invoices and payments of a year.
pub(crate) fn past(t: &TenantId, c: &CustomerId, year: i16) -> Key {
    Key::new(customer(t, c), format!("{PAST}{year:04}"))
}
/// Reads the last day of its year back from the sort key of a past.
pub(crate) fn last_day_of_past(sk: &str) -> Option<Date> {
    Date::new(sk.strip_prefix(PAST)?.parse().ok()?, 12, 31).ok()
}
/// What goes with a customer's profile has this in the index `chase`, so that one query returns it with what may be chased.
pub(crate) fn beside_profile(sk: &str) -> String {
    format!("A#{sk}")
}
pub(crate) fn order(t: &TenantId, c: &CustomerId, id: &OrderId) -> Key {
    Key::new(customer(t, c), format!("{ORDERS}{id}"))
}
pub(crate) fn open_work(t: &TenantId, c: &CustomerId, task: &TaskId) -> Key {
    Key::new(customer(t, c), format!("{OPEN_WORK}{task}"))
}
/// The portal link of an address, by its digest.
pub(crate) fn link(t: &TenantId, c: &CustomerId, digest: &str) -> Key {
    Key::new(customer(t, c), format!("{LINKS}{digest}"))
}
pub(crate) fn invoice(t: &TenantId, c: &CustomerId, id: &InvoiceId) -> Key {
    Key::new(customer(t, c), format!("INV#{id}"))
}
pub(crate) fn payment(t: &TenantId, c: &CustomerId, id: &PaymentId) -> Key {
    Key::new(customer(t, c), format!("PAY#{id}"))
}
/// A payment of another customer that is for invoices of this one.
pub(crate) fn shared(t: &TenantId, c: &CustomerId, id: &PaymentId) -> Key {
    Key::new(customer(t, c), format!("{SHARED}{id}"))
}
pub(crate) fn reversal(t: &TenantId, c: &CustomerId, payment: &PaymentId, external_id: &str) -> Key {
    Key::new(customer(t, c), format!("{}{}", reversals_of(payment), digest(&[external_id])))
}
pub(crate) fn reversals_of(payment: &PaymentId) -> String {
    format!("REV#{payment}#")
}
pub(crate) fn record(t: &TenantId, c: &CustomerId, number: u64, position: u32) -> Key {
    Key::new(customer(t, c), format!("{}{position:03}", records_of(number)))
}
pub(crate) fn records_of(number: u64) -> String {
    format!("{COVERAGE}{number:010}#")
}
pub(crate) fn decision(t: &TenantId, c: &CustomerId, number: u64) -> Key {
    Key::new(customer(t, c), format!("{DECISIONS}{number:010}"))
}
/// How far the walk over what is ranked by amounts has come.
pub(crate) fn amounts_walk(t: &TenantId) -> Key {
    Key::new(format!("T#{t}#AMOUNTS"), "WALK")
}
/// Where it is noted whose chains of records are to be followed.
pub(crate) fn chains(t: &TenantId) -> String {
    format!("T#{t}#CHAINS")
}
pub(crate) fn chain_mark(t: &TenantId, on: Date, c: &CustomerId) -> Key {
    Key::new(chains(t), format!("{}#{c}", chain_marks_of(on)))
}
/// What the sort keys of a day's marks begin with, and what those of all days before it are less than.
pub(crate) fn chain_marks_of(on: Date) -> String {
    format!("{CHAIN_MARKS}{on}")
}
/// Reads day and customer back from the sort key of a mark.
pub(crate) fn parse_chain_mark(sk: &str) -> Option<(Date, CustomerId)> {
    let (on, customer) = sk.strip_prefix(CHAIN_MARKS)?.split_once('#')?;
    Some((on.parse().ok()?, CustomerId::parse(customer)?))
}
pub(crate) fn chain_walk(t: &TenantId) -> Key {
    Key::new(chains(t), "WALK")
}
/// `of` is a message id, or a decision id for marks.
pub(crate) fn rows(t: &TenantId, c: &CustomerId, of: &str, chunk: u32) -> Key {
    Key::new(customer(t, c), format!("{}{chunk:03}", rows_prefix(of)))
}
pub(crate) fn rows_prefix(of: &str) -> String {
    format!("ROWS#{of}#")
}
pub(crate) fn due_pk(t: &TenantId, shard: u8) -> String {
    format!("{t}:{shard:02}")
}
pub(crate) fn due_sk(at: Timestamp, c: &CustomerId) -> String {
    format!("{}#{c}", second(at))
}
pub(crate) fn parked_sk(c: &CustomerId) -> String {
    format!("{PARKED}#{c}")
}
/// An instant at fixed width, whole seconds, so that byte order is time order.
pub(crate) fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
/// The shard that a customer's head begins in.
pub(crate) fn shard(c: &CustomerId, shards: u8) -> u8 {
    let sum = digest(&[c.as_str()]).bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    u8::try_from(sum % u32::from(shards.max(1))).expect("less than a u8")
}
/// The text id of a message's decision number and position within the head.
pub(crate) fn message(t: &TenantId, c: &CustomerId, number: u64, position: u32) -> MessageId {
    MessageId::derive(&[t.as_str(), c.as_str(), &number.to_string(), &position.to_string()])
}
