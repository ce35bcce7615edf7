//! A customer's matter, and why a message was, or was not, sent.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
};
use domain::{
    Agreement, Channel, Customer, CustomerId, Facts, KeptRate, TenantId, Terms, Unusable, address_key,
    decide::{Situation, assess, case_by_item, decide},
    explain::Told,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{
    Operation,
    explain::ExplainBasis,
    lists::{ListReading, cases::whose},
};
use store::{Explained, Head};
use utoipa::{IntoParams, ToSchema};

use crate::{
    agreements::{self, AgreementOut, ChargeOut},
    answer::{ApiResult, Fail},
    app::App,
    caller::Caller,
    cases::{CaseOut, DueItemOut, NowOut, cases, due_item, now_out},
    explain::{self, Explanation},
    holds::{self, HoldOut},
    orders::{self, OrderOut},
    tasks::EffectOut,
};

/// Most due items in one answer, oldest first.
const ITEMS_MAX: usize = 500;
/// Records that are shown when nothing else is asked.
const LAST: u32 = 20;
const LAST_MAX: u32 = 200;

/// How much history.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// How many of the last records, 1 to 200; 20 by default.
    last: Option<u32>,
    /// Also what was known at this instant, what is decided by it, and whether that is what was recorded then (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<String>,
}

/// A customer's matter.
#[derive(Serialize, ToSchema)]
pub struct CustomerOut {
    /// Who owes.
    customer: CustomerData,
    /// Where the customer stands between decisions.
    head: HeadOut,
    /// Its cases: one for each currency, legal entity and workflow.
    cases: Vec<CaseOut>,
    /// Open due items, oldest first; at most 500.
    due_items: Vec<DueItemOut>,
    /// How many due items are open.
    due_items_count: usize,
    /// Messages that are decided and not settled.
    pending: Vec<PendingOut>,
    /// Reasons not to chase, ended ones too: the agreements in the words of holds.
    holds: Vec<HoldOut>,
    /// What was agreed or claimed about what is owed, as time and money have it now.
    agreements: Vec<AgreementOut>,
    /// How it kept what it promised: counted over the agreements that are stored.
    kept_rate: KeptRateOut,
    /// Charges on top of what the invoices say.
    charges: Vec<ChargeOut>,
    /// Orders that wait for the decision that obeys them.
    orders: Vec<OrderOut>,
    /// What would be decided now, without doing it: one entry a case.
    now: Vec<NowOut>,
    /// Why `now` says nothing, while the tenant is switched off, and what would change that.
    #[serde(skip_serializing_if = "Option::is_none")]
    switched_off: Option<Explanation>,
    /// What was known and decided at the instant asked for; none where the customer was not known then.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<AsOfOut>,
    /// The last records, newest first.
    records: Vec<RecordOut>,
}

/// A customer as it was at an instant.
#[derive(Serialize, ToSchema)]
pub struct AsOfOut {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `recorded`: what was decided then was decided by exactly this; `recomputed`: nothing was recorded then; `differs`: the record was made
    /// from something else; `erased`: it cannot be compared, because personal fields were erased since.
    basis: &'static str,
    /// The number of the record of that instant, where there is one.
    number: Option<u64>,
    /// Where it differs: the engine that decided. This release's is [`domain::ENGINE`].
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<u32>,
    /// Where it differs: times of which changes of facts were lost, as far as that is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<String>,
    /// Whether personal fields of what was known then were erased since; they are empty in what it is decided by.
    erased: bool,
    /// What is decided by it, one entry a case.
    decided: Vec<NowOut>,
}

/// How a customer kept what it promised. What is open, or was cancelled, counts nothing.
#[derive(Serialize, ToSchema)]
pub struct KeptRateOut {
    /// Promises that were kept.
    kept: u32,
    /// Promises of which a part came in time.
    partly_kept: u32,
    /// Promises of which nothing came in time.
    broken: u32,
    /// Plans that were paid to the end.
    plans_completed: u32,
    /// Plans of which a part was missed.
    plans_broken: u32,
}

impl From<KeptRate> for KeptRateOut {
    fn from(rate: KeptRate) -> Self {
        let KeptRate { kept, partly_kept, broken, plans_completed, plans_broken } = rate;
        Self { kept, partly_kept, broken, plans_completed, plans_broken }
    }
}

/// Who owes.
#[derive(Serialize, ToSchema)]
pub struct CustomerData {
    /// The id here.
    id: String,
    /// The connection that it came by.
    source: String,
    /// The source's own id.
    external_id: String,
    /// The name.
    name: String,
    /// `company`, `sole_trader` or `person`.
    #[schema(value_type = Option<String>)]
    kind: Option<domain::CustomerKind>,
    /// The tenant's own grouping.
    segment: Option<String>,
    /// BCP 47.
    language: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    /// ISO 3166-2 without the country.
    region: Option<String>,
    /// IANA.
    time_zone: Option<String>,
    /// The people.
    contacts: Vec<ContactOut>,
}

/// A person at a customer.
#[derive(Serialize, ToSchema)]
pub struct ContactOut {
    /// The source's own id.
    external_id: String,
    /// The name.
    name: String,
    /// What the person is there for.
    #[schema(value_type = Vec<String>)]
    roles: Vec<domain::Role>,
    /// An email address.
    email: Option<String>,
    /// A phone number.
    phone: Option<String>,
    /// Channels that the person agreed to.
    #[schema(value_type = Vec<String>)]
    consents: Vec<Channel>,
    /// Channels on which the address must not be used, each with why.
    suppressed: BTreeMap<String, String>,
    /// What the source has in the place of an address, and nothing can be sent to.
    unusable: Vec<UnusableOut>,
}

/// What stands in the source where an address should.
#[derive(Serialize, ToSchema)]
pub struct UnusableOut {
    /// What it should have been an address of; `sms` for any phone number.
    #[schema(value_type = String)]
    channel: Channel,
    /// What stands there.
    said: String,
    /// Why nothing can be sent to it.
    why: String,
}

/// Where a customer stands between decisions.
#[derive(Serialize, ToSchema)]
pub struct HeadOut {
    /// Counts every change.
    version: u64,
    /// When it is decided next: an instant, `parked` (something new or a person must come first) or `nothing`.
    due: String,
    /// When it was last decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
    /// What came of that, in a word for each case.
    because: String,
    /// Before this instant it is left alone, after advancing it failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    backoff_until: Option<Timestamp>,
    /// The last message that left.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_contact_at: Option<Timestamp>,
    /// The last reply.
    #[schema(value_type = Option<String>, format = DateTime)]
    replied_at: Option<Timestamp>,
}

/// A message that is decided and not settled.
#[derive(Serialize, ToSchema)]
pub struct PendingOut {
    /// Its id.
    message_id: String,
    /// `queued`, `retrying`, `calling` or `unknown`.
    #[schema(value_type = String)]
    status: domain::PendingStatus,
    /// The effect that it is.
    effect: EffectOut,
    /// The ledger that it was decided in.
    #[schema(value_type = String)]
    mode: domain::Mode,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    decided_at: Timestamp,
    /// By which channel.
    #[schema(value_type = String)]
    channel: Channel,
    /// To whom.
    contact: String,
    /// With which template, and version.
    template: String,
    /// How many due items it covers.
    covers: usize,
}

/// One record of the customer's chain.
#[derive(Serialize, ToSchema)]
pub struct RecordOut {
    /// The decision's number.
    number: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// A word: `sent`, `delivered`, `superseded`, `decided`, ….
    status: String,
    /// The message, where there was one.
    message_id: Option<String>,
    /// The effect that the message is.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<EffectOut>,
    /// In words: one entry a case or message.
    explained: Vec<Explanation>,
    /// What was heard of the message, and when.
    #[schema(value_type = Object)]
    heard: BTreeMap<String, Timestamp>,
    /// Its hash, in which the hash of the one before is.
    hash: String,
    /// The recorded text: rule outcomes, fact versions, workflow and template versions.
    #[schema(value_type = Object)]
    body: Value,
}

/// A customer by its id.
#[utoipa::path(get, path = "/v1/customers/{customer_id}", tag = "customers", operation_id = "show_customer_by_id",
    params(("customer_id" = String, Path, description = "`cus_…`"), Asked),
    responses((status = 200, description = "The customer's matter", body = CustomerOut), (status = 404, description = "not-found")))]
pub async fn show_by_id(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
    Query(asked): Query<Asked>,
) -> ApiResult<Json<CustomerOut>> {
    let tenant = caller.may(Operation::ShowCustomerById)?;
    let customer = CustomerId::parse(&customer).ok_or_else(none)?;
    matter(&app, tenant, &customer, &asked).await
}

/// A customer by the source's own id. `GET /v1/customers?source=&external_id=` finds it too.
#[utoipa::path(get, path = "/v1/customers/{source}/{external_id}", tag = "customers", operation_id = "show_customer",
    params(("source" = String, Path, description = "`canonical`, `stripe`, …"),
           ("external_id" = String, Path, description = "The source's own id, percent-encoded"), Asked),
    responses((status = 200, description = "The customer's matter", body = CustomerOut), (status = 404, description = "not-found")))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((source, external_id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> ApiResult<Json<CustomerOut>> {
    let tenant = caller.may(Operation::ShowCustomer)?;
    let customer = id_of(&app, tenant, &source, &external_id).await?;
    matter(&app, tenant, &customer, &asked).await
}

/// The id here of a customer that a source has under its own.
pub async fn id_of(app: &App, tenant: &TenantId, source: &str, external_id: &str) -> ApiResult<CustomerId> {
    Ok(match realm_of(app, tenant, source).await? {
        None => CustomerId::derive(&[tenant.as_str(), source, external_id]),
        Some(realm) => connectors::customer_id(tenant, source, &realm, external_id),
    })
}

/// The company whose books a source reads back, which is part of the ids of what is in them; `None` of a source that sends its documents.
pub async fn realm_of(app: &App, tenant: &TenantId, source: &str) -> ApiResult<Option<String>> {
    if connectors::accounting_api_of(source).is_none() {
        return Ok(None);
    }
    let progress: Option<reading::Progress> = app.store.progress(tenant, source).await?;
    Ok(Some(progress.map(|progress| progress.realm).unwrap_or_default()))
}

/// A customer's matter by its id, or by that of one of its cases.
#[utoipa::path(get, path = "/v1/cases/{customer_id}", tag = "customers", operation_id = "show_case",
    params(("customer_id" = String, Path, description = "`cus_…`, or a case's `case_…`"), Asked),
    responses((status = 200, description = "The customer's matter", body = CustomerOut), (status = 404, description = "not-found")))]
pub async fn show_case(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(customer): Path<String>,
    Query(asked): Query<Asked>,
) -> ApiResult<Json<CustomerOut>> {
    let tenant = caller.may(Operation::ShowCase)?;
    let reading = ListReading { store: &app.store, vault: &app.vault };
    let customer = whose(reading, &caller.0, &customer).await?.ok_or_else(none)?;
    matter(&app, tenant, &customer, &asked).await
}

fn none() -> Fail {
    Fail::not_found("there is no such customer; its source has not sent it, or its id differs")
}

async fn matter(app: &App, tenant: &TenantId, customer: &CustomerId, asked: &Asked) -> ApiResult<Json<CustomerOut>> {
    let last = asked.last.unwrap_or(LAST);
    if !(1..=LAST_MAX).contains(&last) {
        return Err(Fail::bad_request(format!("'last' is 1 to {LAST_MAX}; older records come by 'at'")));
    }
    let Explained { head, facts, records } = app.store.explain(tenant, customer, last).await?.ok_or_else(none)?;
    let policy = app.store.policy(tenant, &head.cases, store::Read::Fresh).await?;
    let now = app.clock.now();
    let as_of = match Fail::unless_instant("at", asked.at.as_deref())? {
        Some(at) => app.vault.as_of(tenant, customer, at).await?.map(as_of_out),
        None => None,
    };
    let decision = decide(&facts, &policy, now);
    let situation = assess(&facts, &policy, now);
    let by_item = case_by_item(&situation);
    let agreed: Vec<&Agreement> = situation.receivables.agreements_of(&facts).collect();
    Ok(Json(CustomerOut {
        customer: customer_data(&facts),
        cases: cases(&situation, &by_item, &facts.cases),
        due_items: situation
            .receivables
            .items
            .iter()
            .chain(&situation.receivables.not_issued)
            .take(ITEMS_MAX)
            .map(|item| due_item(&situation, &by_item, &policy, &decision, item))
            .collect(),
        due_items_count: situation.receivables.items.len() + situation.receivables.not_issued.len(),
        pending: facts.pending.iter().map(pending).collect(),
        holds: facts.agreements.iter().filter(|agreement| keeps_back(agreement, &situation)).map(holds::shown).collect(),
        agreements: agreed.iter().map(|agreement| agreements::shown(customer, agreement)).collect(),
        kept_rate: KeptRate::of(agreed.iter().copied()).into(),
        charges: facts.charges.iter().map(agreements::charge_shown).collect(),
        orders: facts.orders.iter().map(orders::shown).collect(),
        now: decision.trace.iter().map(|trace| now_out(trace, &decision, told(&situation))).collect(),
        switched_off: explain::of_mode(policy.settings.mode),
        as_of,
        records: records.into_iter().map(|one| record(one, situation.place.zone())).collect(),
        head: head_out(&head),
    }))
}

/// Whether an agreement is shown among what keeps something back: it does, or it was ended by somebody. The parts of a running plan stand for
/// what it is of, and what ended with its last day keeps nothing back.
fn keeps_back(agreement: &Agreement, situation: &Situation<'_>) -> bool {
    let passed = |until: Date| until < situation.today;
    match &agreement.terms {
        Terms::Plan(plan) => plan.status.is_later(),
        Terms::Dispute(_) | Terms::Promise(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => {
            agreement.ended_at.is_some() || !agreement.until_on.is_some_and(passed)
        }
    }
}

/// What is known beside a decision when it is put into words: the holds of its moment, and where the customer's people are.
fn told<'s>(situation: &'s Situation<'_>) -> Told<'s> {
    Told { holds: &situation.receivables.holds, zone: situation.place.zone() }
}

fn as_of_out(as_of: store::AsOf) -> AsOfOut {
    let situation = assess(&as_of.facts, &as_of.policy, as_of.at);
    let (basis, engine, gaps) = ExplainBasis::of(as_of.basis);
    AsOfOut {
        at: as_of.at,
        basis: basis.as_str(),
        number: as_of.number,
        engine,
        gaps: gaps.iter().map(ToString::to_string).collect(),
        erased: as_of.erased,
        decided: as_of.decision.trace.iter().map(|trace| now_out(trace, &as_of.decision, told(&situation))).collect(),
    }
}

fn customer_data(facts: &Facts) -> CustomerData {
    let Customer { id, source, external_id, name, kind, segment, language, country, region, time_zone, contacts, .. } =
        facts.customer.clone();
    let contacts = contacts
        .into_iter()
        .map(|contact| {
            let mut suppressed = BTreeMap::new();
            let ceased = facts.ceased(&contact);
            for (channel, address) in Channel::ALL.into_iter().filter_map(|channel| Some((channel, contact.address(channel)?))) {
                let known = facts.addresses.get(&address_key(channel, address)).and_then(|known| known.suppressed.as_ref());
                // What stands against the person stands so on every channel.
                if let Some(suppression) = known.or(ceased.as_ref()) {
                    suppressed
                        .insert(channel.as_str().to_owned(), format!("{} since {}", suppression.reason.as_str(), suppression.at));
                }
            }
            ContactOut {
                consents: contact.consents.iter().map(|consent| consent.channel).collect(),
                external_id: contact.external_id,
                name: contact.name,
                roles: contact.roles,
                email: contact.email,
                phone: contact.phone,
                suppressed,
                unusable: contact.unusable.into_iter().map(unusable_out).collect(),
            }
        })
        .collect();
    CustomerData {
        id: id.as_str().to_owned(),
        source,
        external_id,
        name,
        kind,
        segment,
        language,
        country,
        region,
        time_zone,
        contacts,
    }
}

fn unusable_out(Unusable { channel, said, why }: Unusable) -> UnusableOut {
    UnusableOut { channel, said, why }
}

fn head_out(head: &Head) -> HeadOut {
    HeadOut {
        version: head.version,
        due: match head.due {
            domain::Next::At(at) => at.to_string(),
            domain::Next::Parked => "parked".to_owned(),
            domain::Next::Nothing => "nothing".to_owned(),
        },
        decided_at: head.decided_at,
        because: head.because.clone(),
        backoff_until: head.backoff_until,
        last_contact_at: head.last_contact.live,
        replied_at: head.replied_at,
    }
}

fn pending(pending: &domain::Pending) -> PendingOut {
    PendingOut {
        message_id: pending.id.as_str().to_owned(),
        status: pending.status,
        effect: EffectOut::of_message(&pending.id, pending.status.effect()),
        mode: pending.mode,
        decided_at: pending.decided_at,
        channel: pending.channel,
        contact: pending.contact.clone(),
        template: format!("{}@{}", pending.template, pending.template_version),
        covers: pending.rows.len(),
    }
}

fn record(record: store::Record, zone: &TimeZone) -> RecordOut {
    let status = record.status.message().map(domain::MessageStatus::effect);
    let effect = record.message.as_ref().zip(status).map(|(sent, status)| EffectOut::of_message(&sent.id, status));
    RecordOut {
        effect,
        explained: explain::of_record(&record, zone),
        number: record.number,
        at: record.at,
        status: record.status.to_string(),
        message_id: record.message.map(|sent| sent.id.as_str().to_owned()),
        heard: record.heard.into_iter().map(|(event, at)| (event.as_str().to_owned(), at)).collect(),
        hash: record.hash,
        body: record.body,
    }
}
