//! What people may do, who may do it, and the audit of it: asked by whatever lets people in, over HTTP or otherwise.
//!
//! | module | holds |
//! |---|---|
//! | [`actor`] | who acts: a tenant's people by their role, its machines by their keys, and operators |
//! | [`role`] | what a tenant's people are there for |
//! | [`key_scope`] | what a machine's key opens |
//! | [`token`] | reads the tokens of an issuer, and says why one is not accepted |
//! | [`entering`] | who somebody is to a tenant: member, invited, named by their token, machine, operator |
//! | [`members`] | the tenant's people, and invitations |
//! | [`api_keys`] | keys of machines |
//! | [`rights`] | every operation, who may do it, and by which scope of a key: one table |
//! | [`audit`] | what people did: entries, and looking through them |
//! | [`audit_export`] | the same as JSON Lines |
//! | [`orders`] | what people order about steps and cases, and take back |
//! | [`agreements`] | promises that change, and changes of agreements that are undone |
//! | [`billed_lines`] | the lines of an invoice, where one is contested |
//! | [`plan_offers`] | plans that people offer to customers |
//! | [`messages`], [`attachments`] | what people write to customers, and the files that go along |
//! | [`baskets`] | what customers set out to pay here: given up, and told from entries in the books |
//! | [`taken_payments`] | payments that a collector took |
//! | [`write_backs`] | whether payments that were taken here are written into the books |
//! | [`message_results`] | what people know of messages in doubt |
//! | [`logged_contacts`] | calls and letters of people |
//! | [`note_answers`] | answers to what customers wrote by a portal link |
//! | [`reply_taking`], [`replies`] | what customers answered: what is done with it as it comes in; accepting and dismissing what is suggested |
//! | [`notes`] | notes on customers, invoices, cases and agreements |
//! | [`owners`] | who a customer's owner is, who stands in, and handing over |
//! | [`key_accounts`] | customers that leave automation by their share of the book |
//! | [`bulk`] | one action on many customers |
//! | [`customers`] | what is set right of a customer: versions |
//! | [`contacts`] | what people enter of a customer: contacts, consents, preferences |
//! | [`jobs`] | long work, and the files that it takes and makes |
//! | [`links`] | portal links |
//! | [`link_holder`], [`customer_files`] | what whoever came by a portal link may do, also by requests that have a key; the files that they send |
//! | [`idempotency_keys`] | what a key of a request may be, and how long it is remembered |
//! | [`link_confirmation`] | codes that show that the link's address is theirs, and new links for expired ones |
//! | [`link_contacts`] | whom else they know of: who is to be written to instead, who left, who came |
//! | [`link_others`] | the other customers of the same person |
//! | [`link_plans`] | plans that they agree to |
//! | [`link_preferences`] | how they want to be written to, and a way back after they stopped it |
//! | [`explain`] | why a message was, or was not, sent: now, then, or at an instant to come |
//! | [`proposals`] | operations that somebody proposes, and a person accepts or refuses |
//! | [`flaws`] | reads bodies, and says everything that is wrong with one at once |
//! | [`privacy`] | people and their rights: what is known of somebody, and erasing it |
//! | [`ratings`] | how easy customers said it was to settle something |
//! | [`health`] | the daily record |
//! | [`senders`] | whom tenants may send as |
//! | [`companies`] | whose company it is, for operators |
//! | [`service_mails`] | what was sent to whoever came by a portal link |
//! | [`sign_ins`] | the end of a sign-in at a vendor |
//! | [`lists`] | looking through what there is: lists, filters, search |
//! | [`subscriptions`], [`deliveries`] | subscriptions of outside systems to events; what was delivered to them, replays and samples |
//! | [`event_samples`] | a sample of each kind of event |
//! | [`notices`] | how people of the tenant were told of work, and the channels that notices go to |
//! | [`public_url`] | addresses of outside systems that a person enters |
//! | [`suppressions`] | addresses that must not be used |
//! | [`tasks`] | work for people |
//! | [`teams`] | teams, who of them is there, and under which names work reaches a person |
//! | [`tenant_limits`] | how many of something a tenant may have |
//! | [`webhooks`] | webhooks that came, and what became of each |
//! | [`test_messages`] | messages that people send to themselves |
//! | [`workflows`] | the life of a workflow: draft, prover, publishing to a share or all, and back |
//! | [`not_done`] | why something was not done |
//!
//! An operation here takes who acts, looks into the table of rights first, and writes through a store that notes who did what in the same
//! transaction. It knows no HTTP.

#![warn(missing_docs)]

pub mod actor;
pub mod agreements;
pub mod api_keys;
pub mod attachments;
pub mod audit;
pub mod audit_export;
pub mod baskets;
pub mod billed_lines;
pub mod bulk;
pub mod companies;
pub mod contacts;
mod cursors;
pub mod customer_documents;
pub mod customer_files;
pub mod customers;
pub mod deliveries;
pub mod entering;
pub mod event_samples;
pub mod explain;
pub mod flaws;
pub mod health;
pub mod idempotency_keys;
pub mod jobs;
pub mod key_accounts;
pub mod key_scope;
pub mod link_confirmation;
pub mod link_contacts;
pub mod link_holder;
pub mod link_others;
pub mod link_plans;
pub mod link_preferences;
pub mod links;
pub mod lists;
pub mod logged_contacts;
mod matter;
mod member_subject;
pub mod members;
pub mod message_results;
pub mod messages;
pub mod not_done;
pub mod note_answers;
pub mod notes;
pub mod notices;
pub mod orders;
pub mod owners;
pub mod plan_offers;
pub mod privacy;
pub mod proposals;
pub mod public_url;
pub mod ratings;
pub mod replies;
pub mod reply_taking;
pub mod rights;
pub mod role;
pub mod senders;
pub mod service_mails;
pub mod sign_ins;
pub mod subscriptions;
pub mod suppressions;
pub mod taken_payments;
pub mod tasks;
pub mod teams;
pub mod tenant_limits;
pub mod test_messages;
pub mod token;
pub mod webhooks;
pub mod workflows;
pub mod write_backs;

pub use actor::Actor;
pub use key_scope::KeyScope;
pub use not_done::{Done, NotDone};
pub use rights::{Operation, Right};
pub use role::StaffRole;
