//! What people enter of a customer: contacts, changes of the source's contacts, consents, preferences, a postal address.

use std::sync::Arc;

use axum::extract::{Path, State};
use domain::{Channel, ConsentStatement, Contact, ContactByHand, PostalAddress, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::{
    Done, NotDone, Operation,
    contacts::{self, ConsentAsked, ContactGiven, CustomerGiven, CustomerShown},
};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Body, BodyFlaws, Fail, Precondition, Tagged, read},
    app::App,
    caller::Caller,
    merge_patch::merge,
};

/// A contact, as messages reach it.
#[derive(Serialize, ToSchema)]
pub struct ContactShown {
    /// Its id: the source's own, or `ent_…` where a person entered it.
    id: String,
    /// `source` where the source names it, `entered` where a person entered it.
    origin: &'static str,
    /// Whether messages may go to it.
    used: bool,
    /// The name.
    name: String,
    /// What the person is there for.
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    /// An email address.
    email: Option<String>,
    /// A phone number.
    phone: Option<String>,
    /// The channel that the person prefers.
    #[schema(value_type = Option<String>)]
    channel: Option<Channel>,
    /// Channels that the person agreed to, as it stands now.
    #[schema(value_type = Vec<String>)]
    consents: Vec<Channel>,
    /// The fields above that people entered; the others are the source's.
    entered: Vec<&'static str>,
    /// Consents given and withdrawn that people entered, the oldest first.
    statements: Vec<StatementOut>,
}

/// That somebody agreed to a channel, or took that back.
#[derive(Serialize, ToSchema)]
pub struct StatementOut {
    /// The channel.
    #[schema(value_type = String)]
    channel: Channel,
    /// `given` or `withdrawn`.
    status: &'static str,
    /// The address that it was about.
    address: String,
    /// When they said so.
    #[schema(value_type = String, format = DateTime)]
    said_at: Timestamp,
    /// The words that were agreed to, or how it was taken back.
    wording: Option<String>,
    /// When it was entered.
    #[schema(value_type = String, format = DateTime)]
    entered_at: Timestamp,
    /// Who entered it.
    by: String,
}

/// A customer's contacts, and what people entered of the customer itself.
#[derive(Serialize, ToSchema)]
pub struct ContactsOut {
    /// The contacts: the source's in its order, then those that people entered.
    data: Vec<ContactShown>,
    /// The language that messages are in; of the source, or as people entered it.
    language: Option<String>,
    /// The hours in which the customer wants to be contacted, where people entered some.
    hours: Option<HoursDoc>,
    /// Where letters go; of the source, or as people entered it.
    #[schema(value_type = Option<PostalAddressDoc>)]
    postal_address: Option<PostalAddress>,
    /// The fields above that people entered; the others are the source's.
    entered: Vec<&'static str>,
    /// Always null: all are on one page.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Hours of each day, in the zone of whoever is contacted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursDoc {
    /// `HH:MM`.
    from: String,
    /// `HH:MM`, not included.
    to: String,
}

/// Where letters go.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostalAddressDoc {
    /// Street and number.
    line1: String,
    /// A second line.
    #[serde(default)]
    line2: Option<String>,
    /// Postal code.
    #[serde(default)]
    postal_code: Option<String>,
    /// Town.
    city: String,
    /// ISO 3166-1 alpha-2.
    country: String,
}

/// A contact that is entered, or what is entered of a contact of the source.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactDoc {
    /// The name, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// `billing`, `approver`, `executive`, `site`; a contact that is entered without any is `billing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
    /// An email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// A phone number in E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// The channel that the person prefers: of a step's channels it is tried first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// `false`: no message goes to the contact, whatever the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<bool>,
}

/// What is entered of a customer itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerDoc {
    /// The language that messages are in, BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// The hours in which the customer wants to be contacted. They narrow the tenant's window; where the two have no moment in common, the
    /// tenant's counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hours: Option<HoursDoc>,
    /// Where letters go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    postal_address: Option<PostalAddressDoc>,
}

/// That a contact agreed to a channel, or took that back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentIn {
    /// A channel that needs consent: the contact has a phone number.
    channel: String,
    /// `given` or `withdrawn`.
    status: String,
    /// When they said so; now when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    said_at: Option<Timestamp>,
    /// The words that they agreed to, needed where it is given; or how they took it back. At most 1,000 characters.
    #[serde(default)]
    wording: Option<String>,
}

impl From<ContactDoc> for ContactGiven {
    fn from(ContactDoc { name, roles, email, phone, channel, used }: ContactDoc) -> Self {
        Self { name, roles, email, phone, channel, used }
    }
}

impl From<CustomerDoc> for CustomerGiven {
    fn from(CustomerDoc { language, hours, postal_address }: CustomerDoc) -> Self {
        let hours = hours.map(|HoursDoc { from, to }| (from, to));
        let postal_address = postal_address.map(|PostalAddressDoc { line1, line2, postal_code, city, country }| PostalAddress {
            line1,
            line2,
            postal_code,
            city,
            country,
        });
        Self { language, hours, postal_address }
    }
}

/// A customer's contacts, with what people entered of them, and of the customer itself.
#[utoipa::path(get, path = "/v1/customers/{customer_id}/contacts", tag = "customers", operation_id = "show_contacts",
    params(("customer_id" = String, Path, description = "`cus_…`")),
    responses((status = 200, description = "The contacts; the ETag is that of what people entered", body = ContactsOut),
              (status = 404, description = "not-found: no such customer")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(customer): Path<String>) -> ApiResult<Tagged<ContactsOut>> {
    let found = contacts::show(&app.store, &caller.0, &customer).await?;
    Ok(all(&app, &found))
}

/// Enters a contact. No list of contacts that the source sends takes it away.
#[utoipa::path(post, path = "/v1/customers/{customer_id}/contacts", tag = "customers", operation_id = "add_contact",
    params(("customer_id" = String, Path, description = "`cus_…`"),
           ("If-Match" = Option<String>, Header, description = "The ETag of the contacts that this adds to")),
    request_body = ContactDoc,
    responses((status = 200, description = "The contact", body = ContactShown),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found: no such customer"),
              (status = 409, description = "changed-meanwhile: somebody else entered something; not-possible: there are too many"),
              (status = 412, description = "stale-version: what people entered changed since")))]
pub async fn add(
    State(app): State<Arc<App>>,
    caller: Caller,
    condition: Precondition,
    Path(customer): Path<String>,
    Body(body): Body,
) -> ApiResult<Tagged<ContactShown>> {
    caller.may(Operation::AddContact)?;
    let given = read::<ContactDoc>(body).map_err(|flaw| Fail::fields([flaw]))?.into();
    let (id, after) =
        contacts::add((&app.store, &app.vault), &caller.0, &customer, &given, condition.rev, app.clock.now()).await?;
    one(&after, &id)
}

/// Changes what is entered of a contact, as a JSON merge patch (RFC 7396): `null` takes back what was entered of a field, so that the source's
/// counts. What is entered stands, whatever the source says later.
#[utoipa::path(patch, path = "/v1/customers/{customer_id}/contacts/{contact}", tag = "customers", operation_id = "change_contact",
    params(("customer_id" = String, Path, description = "`cus_…`"),
           ("contact" = String, Path, description = "The contact's id, percent-encoded"),
           ("If-Match" = Option<String>, Header, description = "The ETag of the contacts that this changes")),
    request_body = ContactDoc,
    responses((status = 200, description = "The contact as it is now", body = ContactShown),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found: no such customer or contact"),
              (status = 409, description = "changed-meanwhile: somebody else entered something; not-possible: there is too much, or the contact cannot be told \
                                            from others"),
              (status = 412, description = "stale-version: what people entered changed since")))]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    condition: Precondition,
    Path((customer, contact)): Path<(String, String)>,
    Body(patch): Body,
) -> ApiResult<Tagged<ContactShown>> {
    caller.may(Operation::ChangeContact)?;
    let merged = |had: &ContactGiven| -> Done<ContactGiven> {
        let ContactGiven { name, roles, email, phone, channel, used } = had.clone();
        patched(ContactDoc { name, roles, email, phone, channel, used }, patch).map(Into::into)
    };
    let whose = (customer.as_str(), contact.as_str());
    let after = contacts::change((&app.store, &app.vault), &caller.0, whose, merged, condition.rev, app.clock.now()).await?;
    one(&after, &contact)
}

/// Takes back what was entered of a contact. One that a person entered gets no message any more; one of the source is as its source says.
/// Statements of consent stay, and count.
#[utoipa::path(delete, path = "/v1/customers/{customer_id}/contacts/{contact}", tag = "customers", operation_id = "remove_contact",
    params(("customer_id" = String, Path, description = "`cus_…`"),
           ("contact" = String, Path, description = "The contact's id, percent-encoded"),
           ("If-Match" = Option<String>, Header, description = "The ETag of the contacts that this changes")),
    responses((status = 200, description = "The contacts as they are now", body = ContactsOut),
              (status = 404, description = "not-found: no such customer, or nothing was entered of such a contact"),
              (status = 409, description = "changed-meanwhile: somebody else entered something"),
              (status = 412, description = "stale-version: what people entered changed since")))]
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    condition: Precondition,
    Path((customer, contact)): Path<(String, String)>,
) -> ApiResult<Tagged<ContactsOut>> {
    let after = contacts::remove(&app.store, &caller.0, &customer, &contact, condition.rev, app.clock.now()).await?;
    Ok(all(&app, &after))
}

/// Enters that a contact agreed to a channel, or took that back, with the words and the moment. From then on the source's word on that consent
/// does not count. A consent that is given counts for the phone number that the contact has now; one that is withdrawn counts for each that
/// the contact ever has, and for everybody of the customer who has this one.
#[utoipa::path(post, path = "/v1/customers/{customer_id}/contacts/{contact}/consents", tag = "customers", operation_id = "state_consent",
    params(("customer_id" = String, Path, description = "`cus_…`"),
           ("contact" = String, Path, description = "The contact's id, percent-encoded"),
           ("If-Match" = Option<String>, Header, description = "The ETag of the contacts that this changes")),
    request_body = ConsentIn,
    responses((status = 200, description = "The contact as it is now", body = ContactShown),
              (status = 400, description = "bad-request, every flaw in errors"),
              (status = 404, description = "not-found: no such customer or contact"),
              (status = 409, description = "changed-meanwhile: somebody else entered something; not-possible: there are too many statements"),
              (status = 412, description = "stale-version: what people entered changed since")))]
pub async fn state_consent(
    State(app): State<Arc<App>>,
    caller: Caller,
    condition: Precondition,
    Path((customer, contact)): Path<(String, String)>,
    Body(body): Body,
) -> ApiResult<Tagged<ContactShown>> {
    caller.may(Operation::StateConsent)?;
    let ConsentIn { channel, status, said_at, wording } = read(body).map_err(|flaw| Fail::fields([flaw]))?;
    let asked = ConsentAsked { channel, status, said_at, wording };
    let whose = (customer.as_str(), contact.as_str());
    let after = contacts::state_consent(&app.store, &caller.0, whose, &asked, condition.rev, app.clock.now()).await?;
    one(&after, &contact)
}

/// Changes what is entered of a customer itself, as a JSON merge patch (RFC 7396): `null` takes back what was entered, so that the source's
/// counts. What is entered stands, whatever the source says later.
#[utoipa::path(patch, path = "/v1/customers/{customer_id}", tag = "customers", operation_id = "change_customer",
    params(("customer_id" = String, Path, description = "`cus_…`"),
           ("If-Match" = Option<String>, Header, description = "The ETag of the customer's contacts")),
    request_body = CustomerDoc,
    responses((status = 200, description = "The customer's contacts and preferences as they are now", body = ContactsOut),
              (status = 400, description = "bad-request, every flaw in errors"), (status = 404, description = "not-found: no such customer"),
              (status = 409, description = "changed-meanwhile: somebody else entered something"),
              (status = 412, description = "stale-version: what people entered changed since")))]
pub async fn change_customer(
    State(app): State<Arc<App>>,
    caller: Caller,
    condition: Precondition,
    Path(customer): Path<String>,
    Body(patch): Body,
) -> ApiResult<Tagged<ContactsOut>> {
    caller.may(Operation::ChangeCustomer)?;
    let merged = |had: &CustomerGiven| -> Done<CustomerGiven> {
        let CustomerGiven { language, hours, postal_address } = had.clone();
        let postal_address = postal_address.map(|address| PostalAddressDoc {
            line1: address.line1,
            line2: address.line2,
            postal_code: address.postal_code,
            city: address.city,
            country: address.country,
        });
        let hours = hours.map(|(from, to)| HoursDoc { from, to });
        patched(CustomerDoc { language, hours, postal_address }, patch).map(Into::into)
    };
    let after = contacts::change_customer(&app.store, &caller.0, &customer, merged, condition.rev, app.clock.now()).await?;
    Ok(all(&app, &after))
}

/// A document after a merge patch.
fn patched<T: Serialize + serde::de::DeserializeOwned>(had: T, patch: Value) -> Done<T> {
    if !patch.is_object() {
        return Err(NotDone::field("", "a merge patch is an object with the fields that change"));
    }
    read(merge(json!(had), patch)).map_err(|BodyFlaws(flaws)| NotDone::Fields(flaws))
}

fn one(found: &CustomerShown, id: &str) -> ApiResult<Tagged<ContactShown>> {
    let contact = everybody(found).find(|contact| contact.id == id);
    let body = contact.ok_or_else(|| Fail::not_found("the customer has no such contact any more"))?;
    Ok(Tagged { rev: found.rev, body })
}

fn all(app: &App, found: &CustomerShown) -> Tagged<ContactsOut> {
    let CustomerShown { customer, by_hand, rev, .. } = found;
    let entered = [
        ("language", by_hand.language.is_some()),
        ("hours", by_hand.hours.is_some()),
        ("postal_address", by_hand.postal_address.is_some()),
    ];
    let body = ContactsOut {
        data: everybody(found).collect(),
        language: customer.language.clone(),
        hours: contacts::customer_given(by_hand).hours.map(|(from, to)| HoursDoc { from, to }),
        postal_address: customer.postal_address.clone(),
        entered: named(&entered),
        next: None,
        as_of: app.clock.now(),
    };
    Tagged { rev: *rev, body }
}

/// The contacts, those that are not used last.
fn everybody(found: &CustomerShown) -> impl Iterator<Item = ContactShown> + '_ {
    let CustomerShown { described, customer, by_hand, .. } = found;
    let used = customer.contacts.iter().map(move |contact| shown(contact, by_hand.of_contact(contact), true));
    let unused = by_hand.known(described).into_iter().filter_map(|known| {
        let entry = known.entered.filter(|entry| entry.unused && (entry.own || known.described.is_some()))?;
        Some(shown(known.forms.first()?, Some(entry), false))
    });
    used.chain(unused)
}

fn shown(contact: &Contact, entry: Option<&ContactByHand>, used: bool) -> ContactShown {
    let given = entry.map(contacts::given_of).unwrap_or_default();
    let entered = [
        ("used", given.used.is_some()),
        ("name", given.name.is_some()),
        ("roles", given.roles.is_some()),
        ("email", given.email.is_some()),
        ("phone", given.phone.is_some()),
        ("channel", given.channel.is_some()),
    ];
    ContactShown {
        id: contact.external_id.clone(),
        origin: if entry.is_some_and(|entry| entry.own) { "entered" } else { "source" },
        used,
        name: contact.name.clone(),
        roles: contact.roles.clone(),
        email: contact.email.clone(),
        phone: contact.phone.clone(),
        channel: entry.and_then(|entry| entry.channel),
        consents: if used { contact.consents.iter().map(|consent| consent.channel).collect() } else { Vec::new() },
        entered: named(&entered),
        statements: entry.into_iter().flat_map(|entry| &entry.statements).map(statement).collect(),
    }
}

fn statement(said: &ConsentStatement) -> StatementOut {
    StatementOut {
        channel: said.channel,
        status: if said.withdrawn { "withdrawn" } else { "given" },
        address: said.address.clone(),
        said_at: said.said_at,
        wording: said.wording.clone(),
        entered_at: said.entered_at,
        by: said.by.clone(),
    }
}

/// The names of those that are there.
fn named(all: &[(&'static str, bool)]) -> Vec<&'static str> {
    all.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name).collect()
}
