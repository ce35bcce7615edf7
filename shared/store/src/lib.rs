//! The table: keys, items, transactions.
//!
//! [`keys`] lists every key and access pattern. Every call takes the tenant first, may run twice, and says by its error what
//! the caller does about it.
//!
//! | folder | holds |
//! |---|---|
//! | `table` | keys, calls on the table, writes in the making, errors |
//! | `customer` | the head, facts, documents in (`apply`), agreements, orders, notes, addresses, portal links, what is asked for by one (`asked_by_link`), a person's contacts, the case view, what a customer is shown (`shown`) |
//! | `message` | `commit`, `claim`, `settle`, `receipts`: a message's way; `own_message`, `outside`: messages of people, and by senders of one's own; `record`, `why`: the chain of records |
//! | `tenant` | registry and settings, members and keys of machines, calls, workflows and templates, counters, connections, secrets, codes of portal links and what is sent to who came by one, stop links |
//! | `sync` | books that are read back: who reads, what was hinted, what is known |
//! | `tasks` | what people see and do; `proposed_operation`: what one of them may ask to be carried out |
//! | `bulk` | what is done with many customers at once |
//! | `audit` | what people did: an entry in the transaction of each change |
//! | `history` | versions of facts, and what was known at an instant |
//! | `lists` | rows of lists, and the search |
//! | `jobs` | long work, in slices |
//! | `events` | bus events from the table's stream |
//! | `deliveries` | events that go to subscriptions: queued in their order, tried, kept as a log, replayed |
//! | [`inspect`] | items as they are stored, for what reads past the store |

#![warn(missing_docs)]

mod audit;
mod bulk;
mod causes;
mod customer;
mod deliveries;
mod events;
mod history;
pub mod inspect;
mod jobs;
mod lists;
mod message;
mod proposed_operation;
mod sync;
mod table;
mod tasks;
mod tenant;
mod webhooks;

use std::sync::Arc;

pub use audit::{AuditCheck, AuditEntry, AuditPage, ChainedEntry, Once};
pub use bulk::{BulkLine, BulkRun, BulkUndo};
pub use causes::ConcernedPage;
pub use customer::{
    addresses::{AddressId, Lifted, Stopped},
    apply::{Applied, AppliedOutcome, Receipt},
    asked_by_link::LinkMailAsked,
    baskets::{BasketBegun, BasketHeard, BasketOwner, BasketSays},
    brief::CustomerBrief,
    by_hand::StoredByHand,
    contacts::Logged,
    customer_files::CustomerFile,
    erasing::{Erasing, TakenOut},
    explained::Explained,
    facts::{KnownPeople, fact_versions},
    head::{Attempt, Entry, Head},
    links::{FoundLink, LINK_DAYS, LinkPage, LinkStanding, PortalLink},
    named::{CustomerName, KnownInvoice},
    notes::{AnswerFile, CustomerNote, MadeBeside, NoteAnswer, NotePage},
    owners::{Absence, CustomerOwner},
    ratings::{CustomerRating, RatingPage},
    replies::{DecidedBeside, KeptBeside, KeptReply, ReplyKept, ReplyPage, UNMATCHED_DAYS},
    service_mails::{KnownServiceMail, ServiceMailPage, ServiceMailResult, TakenServiceMail},
    shown::CameBy,
    words_about::{MeantForPerson, WordsAbout},
    write_backs::WaitingWrite,
};
pub use deliveries::{
    health::{DeliveryHealth, SubscriptionStanding},
    lanes::{DeliveryLane, DueDelivery, NewDelivery, TriedDelivery},
    log::DeliveryPage,
    one_delivery::{EventDelivery, SAMPLES, delivery_id},
    replay::ReplayOf,
};
pub use events::{BusEvent, BusKind, events};
pub use history::{AsOf, Basis, Gap, Kept, MessageAsOf, NewVersion, Seen, Whose};
pub use jobs::{Job, JobEnd, JobLeased, JobPage};
pub use lists::{
    AgreementLine, AmountsPage, AmountsWalk, CaseLine, CustomerLine, CustomerWalk, DayRange, Followed, FoundId, IdOf,
    InvoiceLine, InvoiceStanding, Line, List, ListPage, MessageLine, NextLine, OwedLine, PaymentLine, PersonId, PersonLine,
    PlaceLine, Ranked, RankedIn, Rebuilt, Rewrite, Searched, StoppedLine, TaskLine, WalkedList, WordLine,
};
pub use message::{
    chain::{ChainMark, ChainWalk, RecordChange, broken_chain, chain_turn},
    claim::{Claim, Release},
    commit::Committed,
    outside::{CLAIM_DAYS, OutsideClaim},
    own_message::{LoggedContact, MessageFound, OwnAttachment, OwnText},
    receipts::Found,
    record::{AskedFor, Record, RecordStatus, RecordedMessage},
    result::MessageResult,
    sent_mails::SentMail,
    settle::Settlement,
};
pub use proposed_operation::ProposedOperation;
pub use sync::{
    companies::Agreed,
    lease::{Lease, Leased, SignIn, Waiting},
};
pub use table::{
    error::{Error, Result},
    keys,
};
pub use tasks::{Ending, Task, TaskEnded, TaskPage, TaskStake, is_task_cursor, task_id};
pub use tenant::{
    answer_marks::{AnswerMark, AnsweredMail},
    api_keys::{API_KEYS_MAX, ApiKey},
    calls::Repeated,
    connections::{Connection, Secrets},
    counters::{MEDIAN_DAYS, Room, Slot},
    daily::{DailyCounts, DailyRecord, SelfTested},
    drafts::{Draft, PublishAsked},
    link_codes::{LinkCode, LinkTo},
    members::{Admins, Invitation, MEMBERS_MAX, Member, Membership},
    notice_channels::{CHANNEL_FAILURES_MAX, NoticeChannel},
    notices::{KnownNotice, NoticePage, TaskNotice, is_notice_cursor},
    statement_keys::{PublicStatementKey, StatementKey},
    stops::{Stop, masked},
    subscriptions::{SUBSCRIPTIONS_MAX, Subscription},
    template::StoredTemplate,
    tenants::{DueEntry, DuePage, Replan, TenantRow, Versioned},
    test_messages::{TESTS_PER_HOUR, TestMessage, TestResult},
    vault::Vault,
    versions::{PublishedVersion, Publishing, WorkflowState},
    workflows::{OpenCases, Read},
};

pub use webhooks::{RECEIPT_DAYS, ReceivedWebhook, WebhookPage};

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: aws_sdk_dynamodb::Client,
    pub(crate) table: String,
    pub(crate) cache: Arc<tenant::cache::Cache>,
    /// What a person is doing: whatever is written meanwhile is noted with it.
    pub(crate) acting: Option<Arc<AuditEntry>>,
}

impl Store {
    /// The table of that name.
    pub fn new(db: aws_sdk_dynamodb::Client, table: &str) -> Self {
        Self { db, table: table.to_owned(), cache: Arc::default(), acting: None }
    }
}
