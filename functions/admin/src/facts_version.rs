//! What an operation acts on, as one text: a proposal is carried out only while that is as it was when it was proposed.
//!
//! Of a customer's matter it is the version of the customer's head, which every fact raises, and what is read at the operation's own address
//! where that is read at all. Of anything else it is that, and what is read at the addresses that it begins with: the revision where there is
//! one, else all that is answered. Of what has no address to be read at, such as what stands against a mail address, it is read in the table.
//! What is made anew, and no customer's, acts on nothing that is there.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    body::to_bytes,
    http::{Method, header::ETAG},
    response::Response,
};
use domain::{CaseId, Currency, CustomerId, EffectId, InvoiceId, LinkId, MessageId, PaymentId, TaskId, TenantId, id::digest};
use serde_json::Value;
use service::{
    Actor, Operation, StaffRole,
    entering::Entered,
    owners::HANDED_OVER_MAX,
    suppressions::{AddressGiven, stands_against},
    tasks::task_of_effect,
};
use store::{AddressId, FoundId, FoundLink, IdOf, PersonId, Stopped};

use crate::{
    answer::{ApiResult, Fail},
    app::App,
    caller::Entrant,
    described::{self, DescribedOperation},
    host::Host,
    operations::{Arguments, BODY, Call, Operations},
};

/// Operations on what moves by itself all the time, such as how far a job is: nothing is compared.
const MOVES: &[Operation] = &[
    Operation::CancelJob,
    Operation::DeleteConnection,
    Operation::BackfillConnection,
    Operation::PutWriteBack,
    Operation::TestConnection,
    Operation::TestEvent,
];
/// What else an operation acts on than its address says.
const BESIDE: &[(Operation, &str)] = &[
    (Operation::PublishWorkflow, "/v1/workflows/{id}/draft"),
    (Operation::SimulateWorkflow, "/v1/workflows/{id}/draft"),
    (Operation::Pause, "/v1/settings"),
    (Operation::Resume, "/v1/settings"),
    (Operation::ResetBreaker, "/v1/settings"),
    (Operation::FindKeyAccounts, "/v1/settings"),
];

/// Longest id of ours.
const ID_MAX: usize = 128;

/// What an operation acts on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActsOn {
    /// The customer whose matter it is, where it is one's.
    pub customer: Option<CustomerId>,
    /// What it acts on as it is now; `None` where that is nothing.
    pub version: Option<String>,
}

/// What an operation with these arguments acts on now.
///
/// # Errors
///
/// 404 where there is no such customer, 400 for an action in bulk that names none; those of reading.
pub async fn of(
    app: &App,
    operations: &Operations,
    tenant: &TenantId,
    described: &DescribedOperation,
    arguments: &Arguments,
    host: &Host,
) -> ApiResult<ActsOn> {
    if MOVES.contains(&described.operation) {
        return Ok(ActsOn::default());
    }
    let named: Vec<CustomerId> = named(app, tenant, described, arguments).await?.into_iter().collect();
    let mut parts = versions(app, tenant, &named).await?;
    parts.extend(in_table(app, tenant, described.operation, arguments).await?);
    for read in read_before(described, !named.is_empty()) {
        // What stands in the path is all that a single read needs.
        let of_path: Arguments =
            read.parameters().filter_map(|one| Some((one.name.to_owned(), arguments.get(one.name)?.clone()))).collect();
        let Ok(call) = Call::of(read, &of_path) else { continue };
        // Compared, and shown to nobody: what whoever asks may read makes no difference to what is there.
        let entrant = Entrant { entered: Entered::As(Actor::new(tenant.clone(), StaffRole::Admin, None)), person: None };
        let seen = seen(operations.ask(&call, entrant, host).await).await?;
        parts.push(format!("{}={seen}", call.address));
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let version = (!parts.is_empty()).then(|| digest(&parts));
    Ok(ActsOn { customer: named.into_iter().next().filter(|_| described.operation != Operation::RunBulk), version })
}

/// The versions of customers.
async fn versions(app: &App, tenant: &TenantId, named: &[CustomerId]) -> ApiResult<Vec<String>> {
    let heads = if named.is_empty() { BTreeMap::new() } else { app.store.heads(tenant, named).await? };
    let version = |customer: &CustomerId| -> ApiResult<String> {
        let none = || Fail::not_found(format!("there is no customer {customer}; GET /v1/customers lists them"));
        match heads.get(customer).ok_or_else(none)? {
            Ok(head) => Ok(format!("{customer}@{}", head.version)),
            Err(error) => {
                tracing::error!(error = kit::causes(error), "a head does not read");
                Err(Fail::unavailable("the customer cannot be read now; try again in some seconds"))
            }
        }
    };
    named.iter().map(version).collect()
}

/// What an operation acts on that is read at no address; `None` where all of it is, and where the arguments name nothing that could be there.
async fn in_table(app: &App, tenant: &TenantId, operation: Operation, arguments: &Arguments) -> ApiResult<Option<String>> {
    let id = arguments.get("id").and_then(Value::as_str).unwrap_or_default();
    let body = |name: &str| arguments.get(BODY).and_then(|body| body.get(name)).and_then(Value::as_str).map(str::to_owned);
    let against = |stands: Option<Stopped>| stands.map_or_else(|| "nothing".to_owned(), |stands| stands.suppression.entry());
    Ok(match operation {
        Operation::LiftSuppression => match AddressId::parse(id) {
            Some(address) => Some(against(app.store.stopped(tenant, &address).await?)),
            None => None,
        },
        Operation::EnterSuppression => {
            let named = AddressGiven { channel: body("channel"), address: body("address") };
            Some(against(stands_against(&app.store, tenant, &named).await?))
        }
        Operation::EraseContact => match PersonId::parse(id) {
            Some(person) => {
                let at: BTreeSet<CustomerId> =
                    app.store.places_of(tenant, &person).await?.into_iter().map(|place| place.customer).collect();
                let heads = app.store.heads(tenant, &Vec::from_iter(at)).await?;
                let version = |(customer, head): (CustomerId, store::Result<store::Head>)| -> store::Result<String> {
                    Ok(format!("{customer}@{}", head?.version))
                };
                let versions = heads.into_iter().map(version).collect::<store::Result<Vec<String>>>()?;
                Some(format!("{id}: {}", versions.join(" ")))
            }
            None => None,
        },
        Operation::RevokeLink => link(app, tenant, id).await?.map(|found| format!("{id}: {:?}", found.link.revoked_at)),
        Operation::HandOver => match body("from") {
            Some(from) => {
                let (customers, more) = app.store.owned(tenant, from.trim(), HANDED_OVER_MAX, None).await?;
                let customers: Vec<&str> = customers.iter().map(CustomerId::as_str).collect();
                Some(format!("{from}: {} {more}", customers.join(" ")))
            }
            None => None,
        },
        Operation::FindKeyAccounts => match body("currency").and_then(|code| Currency::parse(&code).ok()) {
            Some(currency) => {
                let known = app.store.key_accounts(tenant).await?.remove(&currency).unwrap_or_default();
                let known: Vec<&str> = known.iter().map(CustomerId::as_str).collect();
                Some(format!("{currency}: {}", known.join(" ")))
            }
            None => None,
        },
        _ => None,
    })
}

/// A link of the tenant's by its id, while no later one took its place.
async fn link(app: &App, tenant: &TenantId, id: &str) -> ApiResult<Option<FoundLink>> {
    let Some(id) = LinkId::parse(id) else { return Ok(None) };
    Ok(app.store.link(&id).await?.filter(|found| found.tenant == *tenant && found.link.id == id))
}

/// The reads that say what an operation acts on: at its own address where that is one thing's, and at those that it begins with. Those would
/// say of a customer how it stands at this moment.
fn read_before(described: &DescribedOperation, is_of_customer: bool) -> Vec<&'static DescribedOperation> {
    let is_of_one = described.path.contains('{') || described.method != Method::POST;
    let own = Some(described.path).filter(|_| is_of_one);
    if is_of_customer {
        return own.and_then(described::read_at).into_iter().collect();
    }
    let shorter = std::iter::successors(described.path.rsplit_once('/'), |(before, _)| before.rsplit_once('/'));
    let shorter = shorter.map(|(before, _)| before).filter(|path| path.ends_with('}'));
    let beside = BESIDE.iter().filter(|(operation, _)| *operation == described.operation).map(|(_, path)| *path);
    own.into_iter().chain(shorter).chain(beside).filter_map(described::read_at).collect()
}

/// What an answer says of a thing: its revision, else its body but for when it was read.
async fn seen(answer: Response) -> ApiResult<String> {
    let status = answer.status();
    if status.is_server_error() {
        return Err(Fail::unavailable("what it acts on cannot be read now; try again in some seconds"));
    }
    if let Some(tag) = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok()) {
        return Ok(tag.to_owned());
    }
    if !status.is_success() {
        return Ok(status.as_u16().to_string());
    }
    let body = to_bytes(answer.into_body(), usize::MAX).await.map_err(|_| Fail::unavailable("an answer broke off; try again"))?;
    let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("as_of");
    }
    Ok(digest(&[&body.to_string()]))
}

/// The customers whose matter the arguments name: by their ids, or by the id of something of theirs.
async fn named(
    app: &App,
    tenant: &TenantId,
    described: &DescribedOperation,
    arguments: &Arguments,
) -> ApiResult<BTreeSet<CustomerId>> {
    let body = |name: &str| arguments.get(BODY).and_then(|body| body.get(name));
    let text = |given: Option<&Value>| given.and_then(Value::as_str).map(str::to_owned);
    let mut found = BTreeSet::new();
    if described.operation == Operation::RunBulk {
        let ids = body("ids").and_then(Value::as_array).filter(|ids| !ids.is_empty());
        let detail = "an action in bulk is proposed for customers that it names; put them into ids";
        let ids = ids.ok_or_else(|| Fail::fields([("/arguments/body/ids".to_owned(), detail.to_owned())]))?;
        for (at, id) in ids.iter().enumerate() {
            let wrong = || Fail::fields([(format!("/arguments/body/ids/{at}"), "a customer is cus_…".to_owned())]);
            found.insert(id.as_str().and_then(CustomerId::parse).ok_or_else(wrong)?);
        }
        return Ok(found);
    }
    for given in [text(arguments.get("customer_id")), text(body("customer"))].into_iter().flatten() {
        found.insert(CustomerId::parse(&given).ok_or_else(|| Fail::not_found("there is no such customer"))?);
    }
    for given in [text(arguments.get("id")), text(body("task"))].into_iter().flatten() {
        found.extend(whose(app, tenant, &given).await?);
    }
    Ok(found)
}

/// The customer of something that is known by an id of its own.
async fn whose(app: &App, tenant: &TenantId, id: &str) -> ApiResult<Option<CustomerId>> {
    if let Some(task) = TaskId::parse(id).or_else(|| task_of_effect(&EffectId::parse(id)?, None)) {
        return Ok(app.store.task(tenant, &task).await?.and_then(|task| task.customer));
    }
    if let Some(FoundLink { customer, .. }) = link(app, tenant, id).await? {
        return Ok(Some(customer));
    }
    // What a customer set out to pay is theirs before anything came of it.
    if let Some(basket) = PaymentId::parse(id)
        && let Some(owner) = app.store.basket_owner(&basket).await?
        && owner.tenant == *tenant
    {
        return Ok(Some(owner.customer));
    }
    let listed = MessageId::parse(id).map(IdOf::Message);
    let listed = listed.or_else(|| CaseId::parse(id).map(IdOf::Case)).or_else(|| InvoiceId::parse(id).map(IdOf::Invoice));
    Ok(match listed {
        Some(of) => app.store.find_id(tenant, &of).await?.map(|FoundId { customer, .. }| customer),
        None if id.len() <= ID_MAX => app.store.whose(tenant, id).await?,
        None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operation_acts_on_is_read_at_its_address() {
        let paths = |operation, is_of_customer| {
            let described = described::of(operation).expect("it is described");
            read_before(described, is_of_customer).into_iter().map(|read| read.path).collect::<Vec<_>>()
        };
        for (operation, expected) in [
            (Operation::PatchSettings, vec!["/v1/settings"]),
            (Operation::PutTemplate, vec!["/v1/templates/{id}/{language}/{channel}"]),
            (Operation::PublishWorkflow, vec!["/v1/workflows/{id}", "/v1/workflows/{id}/draft"]),
            (Operation::PutDraft, vec!["/v1/workflows/{id}/draft", "/v1/workflows/{id}"]),
            (Operation::BeginDraft, vec!["/v1/workflows/{id}/draft", "/v1/workflows/{id}"]),
            (Operation::ApplyWebhook, vec!["/v1/webhooks/{id}"]),
            (Operation::UndoBulk, vec!["/v1/bulk/{id}"]),
            (Operation::ChangeSubscription, vec!["/v1/subscriptions/{id}"]),
            (Operation::Pause, vec!["/v1/settings"]),
            (Operation::StartJob, vec![]),
            (Operation::RaiseTask, vec![]),
            (Operation::HandOver, vec![]),
            (Operation::FindKeyAccounts, vec!["/v1/settings"]),
        ] {
            assert_eq!(paths(operation, false), expected, "{operation:?}");
        }
        // A customer's matter reads otherwise from hour to hour.
        assert_eq!(paths(Operation::PutHold, true), [""; 0]);
        assert_eq!(paths(Operation::SetOwner, true), ["/v1/owners/{customer_id}"]);
    }
}
