//! Every attribute of every item: its name in the table, the name that the code calls it by, what it holds and in which unit.
//!
//! Nothing else in the workspace names an attribute: writes and conditions are composed from these constants
//! ([`Change`](super::change::Change)), and whoever looks at items from outside asks [`inspect`](crate::inspect). `attributes.json` beside the
//! crate says the same for tools that are not Rust; a test keeps it so.
//!
//! Names that are in the head are short, because the head is written most: with one pending message of a few rows it stays under 1 KB, so
//! that a write costs one unit.

use domain::{Channel, Mode};
use serde::{Deserialize, Serialize};

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A text.
    Text,
    /// A number that counts or numbers something.
    Number,
    /// 1 for yes; 0 or absent for no.
    Flag,
    /// An instant: milliseconds since 1970.
    Millis,
    /// An instant: seconds since 1970.
    Seconds,
    /// A text of JSON.
    Json,
    /// Bytes.
    Bytes,
    /// A set of texts.
    Texts,
    /// A map of attributes.
    Map,
}

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Attribute {
    /// What the code calls it.
    pub name: &'static str,
    /// Its name in the table.
    pub stored: &'static str,
    /// What it holds.
    pub form: Form,
    /// What it means.
    pub holds: &'static str,
}

/// The attributes of a kind of item, or of a map or JSON text in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ItemKind {
    /// The kind: the name of its module here.
    pub kind: &'static str,
    /// Its attributes beside those of every item.
    pub attributes: &'static [Attribute],
}

/// A kind of item whose attributes are read and written one by one.
macro_rules! item {
    ($kind:literal: $( $name:ident = $stored:literal, $form:ident, $holds:literal; )*) => {
        $( #[doc = $holds] pub const $name: &str = $stored; )*
        /// What tools that are not Rust are told of them.
        pub const KIND: $crate::table::attributes::ItemKind = $crate::table::attributes::ItemKind {
            kind: $kind,
            attributes: &[$(
                $crate::table::attributes::Attribute {
                    name: stringify!($name),
                    stored: $name,
                    form: $crate::table::attributes::Form::$form,
                    holds: $holds,
                },
            )*],
        };
    };
}

/// A kind of item that is read, or written, as a whole: its struct, beside what [`item!`] makes of it.
macro_rules! stored {
    ($kind:literal: $(#[$of:meta])* struct $struct:ident {
        $( $(#[$serde:meta])* $name:ident $field:ident: $type:ty = $stored:literal, $form:ident, $holds:literal; )*
    }) => {
        $(#[$of])*
        pub(crate) struct $struct { $( #[doc = $holds] #[serde(rename = $stored)] $(#[$serde])* pub(crate) $field: $type, )* }
        item! { $kind: $( $name = $stored, $form, $holds; )* }
    };
}

pub mod access;
mod baskets;
pub mod job;
mod notices;
mod outgoing;
mod people;
pub mod portal_code;
pub mod service_mail;
pub mod test_message;
pub mod workflow_text;

pub use baskets::basket;
pub use notices::{notice, notice_channel};
pub use outgoing::{delivery_health, delivery_replay, event_delivery, lane};
pub use people::{address, audit, link, person};

/// Attributes of every item: its key, and what the table itself and its stream look at.
pub mod every {
    item! { "every":
        PK = "pk", Text, "Partition key.";
        SK = "sk", Text, "Sort key.";
        CHASE = "chase", Text, "Sort key of the local index `chase`: what may be chased, and open tasks. Absent otherwise.";
        DUE_PK = "due_pk", Text, "Partition key of the global index `due`. Absent when the item waits for nothing.";
        DUE_SK = "due_sk", Text, "Sort key of the global index `due`: instant and id.";
        EXPIRES_AT = "expires_at", Seconds, "The table deletes the item some time after this.";
    }
}

/// Attributes of items that hold a document in its documented form.
pub mod document {
    item! { "document":
        DOC = "doc", Json, "The document in its documented form.";
        VERSION = "ver", Text, "The document's source version in a form whose byte order is its order.";
        REVISION = "rev", Number, "Counts the writes of the item.";
    }
}

/// The receipt of a webhook, or that one was refused.
pub mod receipt {
    item! { "receipt":
        FATE = "rc_fate", Text, "What became of it: `applied`, `stale`, `noted`, `parked` or `refused`. Absent of what an older release received.";
        EVENT = "rc_event", Text, "The sender's id of the event, at most 128 bytes. Absent of what was refused.";
        CAME_AT = "rc_at", Millis, "When it first came.";
        REPEATED = "rc_repeated", Number, "How often it came again. Absent while it did not.";
        TASK = "rc_task", Text, "The task that says why it is kept for a person. Absent of what is not.";
        FLAWS = "rc_flaws", Json, "Why it was refused: pointers, each with a sentence. Absent of what was taken.";
    }
}

/// The entry in the list of tenants.
pub mod registry {
    item! { "registry":
        MODE = "mode", Text, "`off`, `shadow` or `live`, as in the settings.";
        PAUSED = "paused", Flag, "The kill switch, as in the settings.";
        SHARDS = "shards", Number, "Shards of the `due` index, as in the settings.";
        NAME = "name", Text, "The name that customers see, as in the settings.";
        REVISION = "rev", Number, "Counts every change of settings, workflows, templates and breaker.";
        REPLAN = "replan", Json, "How far waking every customer has come; absent when it is not under way.";
    }
}

/// Settings; `doc` and `rev` as of every document.
pub mod settings {
    item! { "settings":
        POLICY_REVISION = "cfg", Number, "Counts every change of what the tenant decides by; equal before and after a reading means that it belongs together.";
    }
}

/// The current version of a workflow or template.
pub mod pointer {
    item! { "pointer":
        VERSION = "version", Number, "The current version, from 1.";
        PUBLISHED = "published", Flag, "Whether the workflow is in use for new cases. Templates have none.";
        WITHDRAWN_TO = "withdrawn", Number, "The last version of the workflow whose open cases were ended with it.";
        SHARE = "wf_share", Number, "Of a hundred cases, how many take the current version; all where it is absent.";
        BEFORE = "wf_before", Number, "The version that the other cases take.";
        MOVES = "wf_moves", Json, "Which running cases move, as pairs of versions: those at the first go on at the second. In the order of the publishings.";
    }
}

/// A connection and its secrets; sealed by the vault.
pub mod connection {
    item! { "connection":
        SECRET = "secret", Bytes, "The secret in use, sealed.";
        PREVIOUS = "previous", Bytes, "The secret before it, sealed.";
        PREVIOUS_UNTIL = "until", Millis, "Until when the secret before is accepted.";
        CONFIG = "config", Json, "What is not secret.";
        REVISION = "rev", Number, "Counts the writes of the connection.";
        REFRESHING_UNTIL = "refreshing_until", Millis, "Until when somebody has the refreshing of its tokens.";
    }
}

/// How far a connection's books are read; `doc` is the reader's own.
pub mod books {
    item! { "books":
        REALM = "realm", Text, "The company that is read.";
        HOLDER = "holder", Text, "Who reads now: a fresh text for every attempt.";
        HELD_UNTIL = "held_until", Millis, "After this the reader counts as dead.";
        AGAIN = "again", Flag, "Somebody asked for one more look meanwhile.";
        WRITE_BACK = "writes_back", Json, "How payments that were taken here are written into the books. Absent where they are not.";
    }
}

/// Whose company it is.
pub mod company {
    item! { "company":
        TENANT = "tenant", Text, "The tenant that is connected to it.";
    }
}

/// An object that a webhook pointed at.
pub mod hint {
    item! { "hint":
        TIMES = "times", Number, "How often it was pointed at.";
        SEEN_AT = "seen_at", Millis, "When it was last.";
    }
}

/// A sign-in under way, or one that came back and waits to be confirmed.
pub mod sign_in {
    item! { "sign_in":
        TENANT = "tenant", Text, "Whose.";
        SOURCE = "source", Text, "Of which source.";
        SEALED = "sealed", Bytes, "What is needed when the person comes back, or when it is confirmed; sealed.";
    }
}

/// A tenant's data key, or the key of a person.
pub mod data_key {
    item! { "data_key":
        WRAPPED = "wrapped", Bytes, "The key, wrapped by KMS; that of a person, sealed under the tenant's data key of people.";
    }
}

/// When a source last said that its books are complete.
pub mod heartbeat {
    item! { "heartbeat":
        HEARD_AT = "heard_at", Millis, "As of when the source's books were complete.";
    }
}

/// The circuit breaker.
pub mod breaker {
    item! { "breaker":
        OPEN = "open", Flag, "Whether it is open: nothing is decided then.";
        REASON = "reason", Text, "Why it opened.";
        TRIPPED_AT = "tripped_at", Millis, "When it opened.";
        RESET_AT = "reset_at", Millis, "When a person closed it.";
    }
}

/// What a tenant decided on one day.
pub mod counters {
    item! { "counters":
        DECIDED = "decided", Number, "Messages of the day.";
        SEEN = "seen", Flag, "A person looked at the day: it trips the breaker no more.";
        HOUR = "h", Number, "Messages of an hour in the tenant's zone; followed by its two digits: `h09`.";
    }

    /// The attribute that counts the messages of an hour.
    pub fn of_hour(hour: u8) -> String {
        format!("{HOUR}{hour:02}")
    }
}

/// A task or exception; `doc` is what to do.
pub mod task {
    item! { "task":
        CUSTOMER = "customer", Text, "Whose matter it is. Absent when it is no customer's.";
        RAISED_AT = "raised_at", Millis, "When it was raised.";
        EFFECT = "eff", Text, "The id of the effect that it is there for. Absent where no decision raised it.";
        DONE_AT = "done_at", Millis, "When a person finished it.";
        DONE_BY = "done_by", Text, "Who: the subject of their sign-in.";
        RESULT = "ended_as", Text, "How they said that it ended: `done`, `failed`, `approve` or `refuse`.";
        NOTE = "ended_note", Text, "What they said of it.";
        WITHDRAWN_AT = "withdrawn_at", Millis, "When it was taken back because its reason was gone.";
        WHY = "why", Text, "Why it was taken back.";
        CONCERNS = "concerned_n", Number, "Of an exception by cause: how many customers it concerns.";
        BODY_KEY = "body_key", Text, "Where in the bucket the document is that it is about.";
        STAKE = "tk_stake", Json, "What was at stake at its customer when that was last looked at: net exposure by currency, and whether its last promise was broken.";
        PROPOSAL = "tk_prop", Json, "Of a proposal: the operation, its arguments, why, by whom, as of which facts and until when. Its `expires_at` is the same moment.";
    }
}

/// What keeps messages of many customers back; `doc` is the cause.
pub mod cause {
    item! { "cause":
        TASK = "told_by", Text, "The task that tells of it.";
    }
}

/// Which customer an object is at.
pub mod reference {
    item! { "reference":
        CUSTOMER = "customer", Text, "The customer. Absent before the object itself came.";
        WAITING = "waiting", Number, "How many documents were put aside to wait for the object.";
    }
}

/// A customer's profile.
pub mod profile {
    item! { "profile":
        STUB = "stub", Flag, "Another document named the customer, whose own has not come yet.";
    }
}

/// An invoice, payment or reversal.
pub mod fact {
    item! { "fact":
        SEEN_AT = "seen_at", Millis, "When this version was written.";
        ARCHIVED = "archived", Flag, "The invoice is closed and no longer read with the open ones.";
        FOLDED = "folded", Json, "Step results of the invoice that need not be read from records any more.";
        BY = "wby", Text, "Who wrote this version: a source, a person or a function. Absent where the item's own document says it.";
        FILED_WITH = "fw", Texts, "Sort keys of items that were put aside because of this one, or with it.";
        MOVED = "moved", Flag, "A tombstone: the object is at another customer now.";
        LINES = "lns", Text, "A digest of the invoice's lines, which lie apart. Absent where it has none.";
        RECEIVED_BEFORE = "received_before", Json, "The newest version of a payment that said that it was received, where the one here does not.";
    }
}

/// A payment of another customer that is for invoices of this one; `doc`, `ver` and `rev` as of the payment.
pub mod shared {
    item! { "shared":
        OF = "shared_of", Text, "The customer that the payment is of.";
        REVERSALS = "reversals", Json, "The refunds and chargebacks of the payment.";
    }
}

/// The head of a customer.
pub mod head {
    use std::collections::BTreeMap;

    use super::Deserialize;

    stored! { "head":
        /// A head as it is stored.
        #[derive(Deserialize)]
        struct HeadItem {
            #[serde(default)]
            VERSION version: u64 = "version", Number, "Counts the fact writes.";
            #[serde(default)]
            SHARD shard: u8 = "sh", Number, "The shard of the `due` index.";
            #[serde(default)]
            DECISION decision: u64 = "d", Number, "The number of the last decision.";
            #[serde(default)]
            TIP tip: String = "tip", Text, "SHA-256 of the last record, URL-safe base 64; empty before the first.";
            #[serde(default)]
            CASES cases: String = "cases", Json, "By balance (`EUR`, `EUR/berlin`): of each case id, workflow, version, when it opened (milliseconds), state, and where a person chose the workflow, that by which it is known.";
            #[serde(default)]
            PENDING pending: BTreeMap<String, super::pending::EntryItem> = "pending", Map, "By message id: the messages that are decided and not settled.";
            #[serde(default)]
            COVERED_FROM covered_from: u64 = "cf", Number, "The oldest decision whose records are still read.";
            LAST_LIVE last_live: Option<i64> = "la", Millis, "The last contact by a message that left.";
            LAST_SHADOW last_shadow: Option<i64> = "ls", Millis, "The last contact by a message that shadow mode would have sent.";
            REPLIED_AT replied_at: Option<i64> = "ra", Millis, "When the customer last replied.";
            BACKOFF_UNTIL backoff_until: Option<i64> = "bo", Millis, "Before this nothing makes the customer due.";
            #[serde(default)]
            FAILURES failures: u32 = "fl", Number, "How often in a row advancing it failed.";
            DECIDED_AT decided_at: Option<i64> = "at", Millis, "When it was last decided.";
            #[serde(default)]
            BECAUSE because: String = "why", Text, "What came of that, a word a case: `EUR:send USD:not_due`; at most 80 characters.";
            #[serde(default)]
            OWED owed: String = "ow", Json, "By currency with something open: open, due now and overdue as of the last decision, minor units; equal ones at the end are said once.";
            #[serde(default)]
            OWED_DAYS owed_days: String = "od", Json, "By currency with something open: when the oldest falls due, and the first day on which more is past due, if there is one; days since 1970.";
            #[serde(default, skip_serializing_if = "String::is_empty")]
            STATED stated: String = "stp", Json, "By balance: of each case that was stated, the workflow by which it is known and the last period, live and of shadow mode.";
            OWED_AT owed_at: Option<i64> = "oa", Millis, "When what is owed was reckoned anew because a day had begun; absent before the first time.";
            #[serde(default)]
            OPEN_INVOICES open_invoices: i64 = "inv", Number, "How many invoices are not archived.";
        }
    }
}

/// A pending message, an entry of the head's map of them.
pub mod pending {
    use aws_sdk_dynamodb::types::AttributeValue;
    use domain::{BalanceKey, MessageId, PendingStatus, PersonDigest, workflow::ReceiptTime};
    use jiff::civil::Date;

    use super::{Channel, Deserialize, Mode, Serialize};
    use crate::table::value::{s, word_of};

    stored! { "pending":
        /// A pending message as the head keeps it.
        #[derive(Clone, Serialize, Deserialize)]
        struct EntryItem {
            NUMBER number: u64 = "n", Number, "The decision's number.";
            POSITION position: u32 = "i", Number, "The position within the decision.";
            STATUS status: PendingStatus = "s", Text, "`queued`, `retrying`, `calling` or `unknown`.";
            DECIDED_AT decided_at: i64 = "t", Millis, "When it was decided.";
            MODE mode: Mode = "m", Text, "The ledger that it was decided in.";
            BALANCE balance: BalanceKey = "c", Text, "The case's balance: `EUR`, `EUR/berlin`.";
            WORKFLOW workflow: String = "wf", Text, "The workflow by which the case is known.";
            CHANNEL channel: Channel = "h", Text, "The channel.";
            CONTACT contact: String = "to", Text, "The contact's external id.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            PERSON person: Option<PersonDigest> = "psn", Text, "The person whom the contact was when it was decided: what their digest begins with.";
            TEMPLATE template: String = "tp", Text, "The template's id.";
            TEMPLATE_VERSION template_version: u32 = "tv", Number, "Its version.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            PAY_BY pay_by: Option<Date> = "pb", Text, "By when it asks to be paid.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            COPY_OF copy_of: Option<u32> = "cp", Number, "The position of the message of which it is a copy to one more person.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            RECEIPT_WITHIN receipt_within: Option<ReceiptTime> = "rw", Text, "How long its arrival is awaited once it left: `PT4H`, `P1D`.";
            #[serde(default)]
            ROWS rows: String = "r", Json, "What it covers, by step and occurrence; empty when it is in chunks.";
            #[serde(default)]
            CHUNKS chunks: u32 = "k", Number, "How many chunk items hold what it covers; 0 when this entry does.";
            DISPATCHES dispatches: u32 = "x", Number, "How often it was put on the bus.";
            DISPATCHED_AT dispatched_at: i64 = "xt", Millis, "When it was last put there.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            ATTEMPT attempt: Option<String> = "a", Text, "The id of the attempt that claimed it.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            LEASE_UNTIL lease_until: Option<i64> = "l", Millis, "After this the sender that claimed it counts as dead.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            RETRY_AT retry_at: Option<i64> = "rt", Millis, "When it is to be tried again.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            HEARD heard: Option<String> = "hd", Json, "What its provider said of it before its sender settled it.";
            #[serde(default, skip_serializing_if = "String::is_empty")]
            WHY why: String = "w", Json, "Why it was decided, as short as it can be said.";
        }
    }

    /// Where a head keeps what `name` says of a pending message.
    pub fn of<'a>(message: &'a MessageId, name: &'static str) -> [&'a str; 3] {
        [super::head::PENDING, message.as_str(), name]
    }

    /// A status as the head keeps it.
    pub(crate) fn status(status: PendingStatus) -> AttributeValue {
        s(word_of(status))
    }
}

/// Why a message was decided: the text in [`pending::WHY`].
pub mod why {
    use domain::{BalanceKey, Because, CaseId, DueItemKey};

    use super::{Channel, Deserialize, Serialize};

    /// A rule of the guard: its id and version, the channel and contact that it was asked about, what it said.
    pub(crate) type Rule = (String, u32, Channel, String, String);

    /// The due item that drives: the position of its row, or itself where the message does not cover it.
    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    pub(crate) enum Driver {
        Row(usize),
        Item(DueItemKey),
    }

    /// The text as a whole.
    pub mod whole {
        use super::{CaseItem, Deserialize, Serialize};

        stored! { "why":
            /// Why a message was decided, as the head keeps it.
            #[derive(Serialize, Deserialize)]
            struct WhyItem {
                #[serde(default, skip_serializing_if = "String::is_empty")]
                INPUTS inputs: String = "i", Text, "The engine's version, `:` and SHA-256 of what it decided from, URL-safe base 64.";
                HEAD_VERSION head_version: u64 = "v", Number, "The version of the head that the decision was made from.";
                #[serde(default, skip_serializing_if = "Vec::is_empty")]
                CASES cases: Vec<CaseItem> = "t", Json, "What each case came to.";
            }
        }
    }

    stored! { "why_case":
        /// What a case came to, without what the head and the message say anyway.
        #[derive(Serialize, Deserialize)]
        struct CaseItem {
            #[serde(default, skip_serializing_if = "Option::is_none")]
            CASE case: Option<CaseId> = "c", Text, "The case where it is not the message's.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            BALANCE balance: Option<BalanceKey> = "w", Text, "The balance of due items that no workflow applies to.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            DUE_NOW_MINOR due_now_minor: Option<i64> = "n", Number, "What was due now where it was not all that is open, minor units.";
            OPEN_MINOR open_minor: i64 = "o", Number, "What was open, minor units.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            DRIVER driver: Option<Driver> = "d", Json, "The due item that drove.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            STEP step: Option<String> = "s", Text, "Its step where it is not its row's.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            BECAUSE because: Option<Because> = "b", Json, "What came of it where that is not `send`.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            VERSION version: Option<domain::VersionChoice> = "vc", Json, "Why the case goes by its version, where a publishing has to do with it.";
            #[serde(default, skip_serializing_if = "Option::is_none")]
            UNTIL until: Option<i64> = "u", Millis, "When it is decided again.";
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            LAPSED lapsed: Vec<String> = "l", Json, "Steps whose day had passed.";
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            RULES rules: Vec<Rule> = "r", Json, "What the guard's rules said.";
        }
    }
}

/// A record of a message or of a decision.
pub mod record {
    item! { "record":
        BODY = "body", Json, "The text that is hashed; it never changes.";
        STATUS = "st", Text, "How the message stands: the body's status, then the loudest word of its provider.";
        OUTCOME = "oc", Text, "What the covered steps came to; absent where it bears no coverage.";
        PROVIDER_ID = "pid", Text, "The provider's id of the message.";
        ATTEMPT = "a", Text, "The id of the attempt that wrote it; empty when no sender did.";
        HEARD_AT = "at_", Millis, "When its provider said a word of it; followed by the word: `at_delivered`.";
    }

    /// The attribute that says when a word was heard of the message.
    pub fn heard_at(event: domain::DeliveryEvent) -> String {
        format!("{HEARD_AT}{}", event.as_str())
    }
}

/// Rows of a long message or decision.
pub mod rows {
    item! { "rows":
        ROWS = "r", Json, "What is covered, by step and occurrence: `[[\"reminder\",0,[[\"inv_…\",1250]]]]`.";
    }
}

/// A version of a fact, which has the fact's own attributes besides; and a gap between versions.
pub mod version {
    item! { "version":
        AT = "v_at", Millis, "When the fact was written so; of a gap, when the first change of it came.";
        BY = "v_by", Text, "By whom; empty where the fact does not say.";
        GONE = "v_gone", Flag, "The fact was deleted.";
        SEALED = "v_sealed", Json, "What it says of people, by the hash of whose it is and some of its key's: their fields by JSON pointer, sealed under their key, base 64.";
        UNTIL = "v_until", Millis, "Of a gap: when the last change of it came.";
        COUNT = "v_count", Number, "Of a gap: how many changes.";
    }
}

/// A row of a list; `doc` is what it says.
pub mod row {
    item! { "row":
        OF = "ofs", Text, "Sort key of the item that it was made from.";
        OF_PARTITION = "ofp", Text, "Partition key of the item that it was made from.";
        AS_OF_VERSION = "asv", Text, "The version of what it stands for, in a form whose byte order is its order.";
        AS_OF = "aso", Millis, "When the amounts that it says were reckoned.";
    }
}

/// Every kind of item that has attributes of its own.
pub const KINDS: [ItemKind; 53] = [
    every::KIND,
    document::KIND,
    receipt::KIND,
    registry::KIND,
    settings::KIND,
    pointer::KIND,
    workflow_text::KIND,
    test_message::KIND,
    connection::KIND,
    books::KIND,
    company::KIND,
    hint::KIND,
    sign_in::KIND,
    data_key::KIND,
    heartbeat::KIND,
    breaker::KIND,
    counters::KIND,
    task::KIND,
    cause::KIND,
    audit::KIND,
    job::KIND,
    person::KIND,
    address::KIND,
    link::KIND,
    portal_code::KIND,
    basket::KIND,
    service_mail::KIND,
    notice::KIND,
    notice_channel::KIND,
    reference::KIND,
    profile::KIND,
    fact::KIND,
    shared::KIND,
    head::KIND,
    pending::KIND,
    why::whole::KIND,
    why::KIND,
    record::KIND,
    rows::KIND,
    row::KIND,
    version::KIND,
    access::member::KIND,
    access::admins::KIND,
    access::membership::KIND,
    access::invitation::KIND,
    access::api_key::KIND,
    access::subscription::KIND,
    event_delivery::KIND,
    lane::KIND,
    delivery_health::KIND,
    delivery_replay::KIND,
    access::rate::KIND,
    access::once::KIND,
];
