//! The rules of Dunlin: pure, total, without clock, I/O, randomness or logging.
//!
//! `now` and ids come in as arguments, so that sweep, sender, simulation, explanation and tests are one code. The map:
//!
//! | module | answers |
//! |---|---|
//! | [`money`], [`currency`], [`id`], [`version`] | value types |
//! | [`word`] | words that are stored, those of later releases too |
//! | [`mailbox`], [`phone`] | the forms of addresses |
//! | [`channel`] | the channels, and what is so of each |
//! | [`language`] | which text somebody reads |
//! | [`dates`] | counting civil days |
//! | [`customer`], [`ledger`], [`document`] | what sources say |
//! | [`by_hand`] | what people entered of a customer, laid over what its source says |
//! | [`billed_line`] | the lines of an invoice, which no decision reads and a dispute may name |
//! | [`pay_sources`] | in which currencies the providers of payments are paid by, and whose invoices are paid elsewhere |
//! | [`past`] | closed invoices and payments of the past, which no decision reads |
//! | [`webhook`] | what became of a webhook that a source sent |
//! | [`delivery`] | deliveries of events to subscriptions: when one is tried again |
//! | [`public_address`] | which addresses of the internet are public places |
//! | [`settings`] | a tenant's settings |
//! | [`mode`] | whether what is decided leaves |
//! | [`attached_document`] | what a mail may carry as a file beside its words |
//! | [`brand`] | how a tenant shows itself to its customers |
//! | [`signing`] | whose name a mail leaves under, and how it is signed |
//! | [`identities`] | whom a tenant may send as |
//! | [`remark`] | what a person should hear of it |
//! | [`calendar`] | which instants are allowed where |
//! | [`workflow`], [`condition`] | the plan |
//! | [`rollout`] | how the versions of a workflow are given out to cases |
//! | [`facts`], [`coverage`] | what is known of one customer |
//! | [`agreement`], [`proposal`], [`charge`] | what was agreed or claimed about what is owed, and what is charged on top |
//! | [`plan_wish`], [`plan_offer`], [`plan_settings`] | plans that customers ask for within bounds, and offers of plans by people of the tenant |
//! | [`kept_rate`] | how a customer kept what it promised |
//! | [`basket`] | what a payer set out to pay here, and what its provider says of it |
//! | [`portal_code`] | codes that show that an address is somebody's: their life, their tries, how often they are asked for |
//! | [`write_back`] | a payment that was taken here, written into the books |
//! | [`people`], [`contact_log`] | whom a message can go to; when a person was contacted, across customers |
//! | [`person_digest`] | which person a message is for, whatever becomes of the contact's id |
//! | [`balance`] | what money belongs together, and which case collects it |
//! | [`receivables`], [`due_item`], [`agreed`], [`kept_back`], [`standing`] | due items, what agreements keep back of them, what is due now and past due |
//! | `planned`, `taken_back` | parts of running plans, and payments that were taken back: for [`receivables`] |
//! | [`reporting`] | amounts of several currencies in the one that a tenant reports in |
//! | [`step_history`] | how each step ended for each due item |
//! | [`guard`] | reasons not to send |
//! | [`go_live`] | what a tenant needs before its messages may leave |
//! | [`decide`], [`decision`], [`because`] | what is to be done, and why |
//! | [`explain`] | decisions in words: the rules that were asked, what was found, what would change it |
//! | `rule_input` | what a rule was asked with, and where it comes from |
//! | [`self_test`](mod@self_test) | whether the gate holds, asked each day on fixed facts |
//! | [`retention`] | how long documents of invoices are kept, by country |
//! | [`cause`] | what keeps messages of many customers back at once |
//! | [`effect`] | what a decision asks the world to do, and the work for people that is open |
//! | [`stricter_terms`] | terms of payment that a step asks for |
//! | [`notice_channel`] | addresses of channels that notices go to: which hosts they may name |
//! | [`notice`] | how people of the tenant are told of work: whom, by which ways, when |
//! | [`new_task`] | work for a person, as a decision or anybody else asks for it |
//! | [`own_message`], [`attachment`] | messages, calls and letters of people; the files that go along |
//! | [`customer_file`] | files that customers send: what they may be, and what is refused |
//! | [`heard`] | what somebody answered, before anything is decided by it |
//! | [`reply`], [`reply_rules`], [`reply_drafts`] | the same once it is read; what is done about each class; draft answers |
//! | [`message`] | how a message stands, and what its provider says of it |
//! | [`service_mail`] | notices to whoever came by a portal link, and what is asked before one leaves |
//! | [`order`] | what people told Dunlin to do |
//! | [`book_shares`] | what is open of a book, and which customers leave automation because of their share of it |
//! | [`owners`] | who looks after a customer by rule, and which are key accounts |
//! | [`teams`] | teams, and who stands in for whom |
//! | [`along`] | what goes along when an invoice comes to another customer |
//! | [`evolve`] | what the facts are after something happened |
//! | [`counting`] | what is counted and switched for a tenant as a whole, and what it is after something happened |
//! | [`inputs`](mod@inputs) | what a decision was made from, as one number |
//! | [`job`], [`bulk`] | where long work stands, and where an action on many customers does |
//! | [`simulate`] | what a tenant's customers would be told in the days to come, by `decide` and `evolve` in turn |
//!
//! Where something new goes stands in `docs/ARCHITECTURE.md`, under *Adding things*.

#![warn(missing_docs)]

pub mod agreed;
pub mod agreement;
pub mod along;
mod answer_settings;
pub mod attached_document;
pub mod attachment;
pub mod balance;
pub mod bank_account;
pub mod basket;
pub mod because;
pub mod billed_line;
pub mod book_shares;
pub mod brand;
mod branding;
pub mod bulk;
pub mod by_hand;
pub mod calendar;
pub mod cause;
pub mod channel;
pub mod charge;
pub mod condition;
pub mod contact_log;
pub mod counting;
pub mod coverage;
pub mod currency;
pub mod customer;
pub mod customer_file;
pub mod dates;
pub mod decide;
pub mod decision;
pub mod delivery;
pub mod delivery_rules;
pub mod document;
pub mod due_item;
pub mod effect;
pub mod evolve;
pub mod explain;
pub mod facts;
pub mod go_live;
pub mod guard;
pub mod heard;
pub mod hearing;
pub mod id;
pub mod identities;
pub mod inputs;
pub mod job;
pub mod kept_back;
pub mod kept_rate;
pub mod language;
pub mod ledger;
pub mod mailbox;
pub mod message;
pub mod mode;
pub mod money;
pub mod new_task;
pub mod notice;
pub mod notice_channel;
pub mod order;
pub mod own_message;
pub mod owners;
mod paid_of_invoice;
pub mod past;
pub mod pay_sources;
pub mod people;
pub mod person_digest;
pub mod phone;
pub mod plan_offer;
pub mod plan_settings;
pub mod plan_wish;
mod planned;
pub mod portal_code;
pub mod proposal;
pub mod provider_problem;
pub mod public_address;
pub mod receivables;
pub mod remark;
pub mod reply;
pub mod reply_drafts;
pub mod reply_rules;
pub mod reporting;
pub mod retention;
pub mod rollout;
mod rule_input;
pub mod self_test;
pub mod service_mail;
pub mod settings;
pub mod signing;
pub mod simulate;
pub mod sms_settings;
pub mod standing;
pub mod stated_periods;
pub mod statement;
pub mod step_history;
pub mod stricter_terms;
mod taken_back;
pub mod teams;
#[cfg(test)]
pub(crate) mod testing;
pub mod version;
pub mod webhook;
pub mod word;
pub mod workflow;
pub mod write_back;

pub use agreement::*;
pub use answer_settings::{AnswerSettings, AnswerStage};
pub use attached_document::AttachedDocument;
pub use balance::{BalanceKey, CaseKey};
pub use bank_account::{BankAccount, HolderAddress, LocalAccount};
pub use basket::{Basket, BasketLine, BasketStatus, ProviderOutcome, ProviderSaid};
pub use because::Because;
pub use billed_line::{BilledLine, DisputedLine, NamedLine};
pub use book_shares::BookShares;
pub use brand::BrandSettings;
pub use bulk::BulkStage;
pub use by_hand::{ByHand, ConsentStatement, ContactByHand, ContactHours, KnownContact};
pub use cause::Cause;
pub use channel::{Channel, Identifier};
pub use charge::{Charge, ChargeStatus};
pub use contact_log::{CONTACT_DAYS, ContactAttempt, ContactLog};
pub use coverage::{Coverage, Covered, DueItemKey, ItemOf, Occurrence, Outcome};
pub use currency::Currency;
pub use customer::{Consent, Contact, Customer, CustomerKind, DebtPurpose, PostalAddress, Role, Unusable};
pub use decide::decide;
pub use decision::*;
pub use delivery::{DeliveryStatus, SubscriptionEnd};
pub use delivery_rules::{DeliveryRule, DeliveryWord};
pub use document::{CustomerRef, Document};
pub use effect::{EffectKind, EffectStatus, OpenWork, TaskResult, Withdrawal, WorkRow};
pub use evolve::{Event, evolve};
pub use facts::*;
pub use heard::{FoundBy, HeardAbout, HeardFile, HeardReply, MachineWritten, Suspicion, UnkeptBecause, UnkeptFile};
pub use hearing::{Hearing, hear};
pub use id::{
    AgreementId, BulkId, CaseId, ChargeId, CodeRequestId, CustomerId, DecisionId, EffectId, FileId, InvoiceId, JobId, KeyId,
    LinkId, MessageId, NoteId, NoticeId, OrderId, PaymentId, PlanOfferId, ReplyId, ServiceMailId, SubscriptionId, TaskId,
    TenantId,
};
pub use identities::Identities;
pub use inputs::{ENGINE, Inputs, inputs};
pub use kept_back::{Hold, HoldScope};
pub use kept_rate::KeptRate;
pub use ledger::*;
pub use mailbox::Mailbox;
pub use message::{DeliveryEvent, MessageStatus};
pub use mode::Mode;
pub use money::Money;
pub use new_task::{NewTask, TaskKind};
pub use notice::{NoticeKind, NoticeSettings, NoticeUrgency, NoticeWay};
pub use order::{Order, OrderKind, OrderTrace, OrderedStep};
pub use owners::{KeyAccounts, OwnerRule};
pub use people::People;
pub use person_digest::PersonDigest;
pub use plan_offer::{OfferStanding, PlanOffer, PlanOfferStatus};
pub use plan_settings::CustomerPlans;
pub use plan_wish::{PlanRhythm, PlanWish, PlanWishFlaw, WishedPlan};
pub use portal_code::{AskedLately, AskingLimit, CodeGuess, CodeRequest, CodeStanding, LinkAsk, PortalCode};
pub use provider_problem::ProviderProblem;
pub use reply::{ReplyCertainty, ReplyClass, ReplyPortal, ReplyRead, ReplyStatus, ReplySuggestion, SaidOtherwise, SuggestedKind};
pub use reporting::{ExchangeRate, Reporting};
pub use retention::{Checked, RetentionRule, retention_of};
pub use rollout::{Rollout, VersionChoice};
pub use rule_input::{Authority, RuleInput};
pub use service_mail::{ServiceMail, ServiceMailKind};
pub use settings::Settings;
pub use signing::{SenderName, Signing};
pub use sms_settings::SmsSettings;
pub use standing::Standing;
pub use stated_periods::StatedPeriods;
pub use statement::{STATEMENT, is_statement};
pub use stricter_terms::StricterTerms;
pub use version::{SourceVersion, VersionOf};
pub use webhook::WebhookFate;
pub use word::LaterWord;
pub use workflow::{Action, Anchor, At, CatchUp, CompiledWorkflow, Days, Offset, Scope, Step, Workflow};
pub use write_back::{BooksPart, BooksPayment, WriteBack, WriteBackSetting, WriteBackStatus};
