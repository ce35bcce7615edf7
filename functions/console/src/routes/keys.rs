//! Keys of machines: made, given new secrets, revoked. A secret is on the page that makes it and on no other.

use minijinja::context;
use serde_json::json;
use service::{
    KeyScope, NotDone, Operation,
    api_keys::{self, KeyAsked, ShownKey},
};
use store::ApiKey;

use crate::{
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::FormFlaws,
    sections::Section,
    shown::{roles_up_to, shown},
    visit::ConsoleVisit,
};

/// Where the keys are.
const KEYS: &str = "/console/keys";

/// `GET /console/keys`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    page(visit, FormFlaws::default(), 200).await
}

/// `POST /console/keys`: makes a key.
pub(crate) async fn make(visit: &ConsoleVisit) -> PageResult {
    let form = visit.posted();
    let asked = KeyAsked {
        name: form.owned("name").unwrap_or_default(),
        role: form.owned("role").unwrap_or_default(),
        scopes: form.all("scopes").map(str::to_owned).collect(),
    };
    match api_keys::make(visit.store(), &visit.actor, &asked, visit.now).await {
        Ok(made) => Ok(once(made, None)),
        Err(NotDone::Fields(flaws)) => page(visit, FormFlaws::of(flaws), 422).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/keys/{id}/rotate`: gives a key a new secret.
pub(crate) async fn rotate(visit: &ConsoleVisit) -> PageResult {
    let hours = visit.posted().text("overlap_hours").map(str::parse::<u32>).transpose();
    let hours = hours.map_err(|_| NotDone::field("/overlap_hours", "it is a whole number of hours, 0 to 720"))?;
    let made = api_keys::rotate(visit.store(), &visit.actor, visit.path_value("id"), hours, visit.now).await?;
    let until = made.key.before.as_ref().map(|(_, until)| visit.formats.moment(*until));
    Ok(once(made, until))
}

/// `POST /console/keys/{id}/revoke`: ends a key at once.
pub(crate) async fn revoke(visit: &ConsoleVisit) -> PageResult {
    let key = api_keys::revoke(visit.store(), &visit.actor, visit.path_value("id"), visit.now).await?;
    Ok(ConsoleReply::done(KEYS, format!("The key “{}” is revoked: it opens nothing any more.", key.name)))
}

/// The page that shows a secret, this once.
fn once(made: ShownKey, before_until: Option<String>) -> ConsoleReply {
    let ShownKey { key, token } = made;
    let values = context! {
        what => format!("The key “{}” ({})", key.name, key.role),
        secret => token,
        before_until,
        use_as => "Authorization: Bearer …",
        back => KEYS,
    };
    ConsolePage::new(Section::Keys, "Copy the key now", "secret", values).into()
}

async fn page(visit: &ConsoleVisit, flaws: FormFlaws, status: u16) -> PageResult {
    let keys = api_keys::list(visit.store(), &visit.actor).await?;
    let (gone, good): (Vec<&ApiKey>, Vec<&ApiKey>) = keys.iter().partition(|key| key.revoked_at.is_some());
    let form = visit.posted();
    let chosen: Vec<&str> = form.all("scopes").collect();
    let scopes: Vec<_> = KeyScope::ALL
        .into_iter()
        .map(|scope| json!({ "value": scope.as_str(), "means": means(scope), "is_chosen": chosen.contains(&scope.as_str()) }))
        .collect();
    let values = context! {
        keys => shown(&good.into_iter().map(|key| on_page(visit, key)).collect::<Vec<_>>()),
        gone => shown(&gone.into_iter().map(|key| on_page(visit, key)).collect::<Vec<_>>()),
        scopes => shown(&scopes),
        roles => roles_up_to(visit.actor.role()),
        typed => shown(&form.typed()),
        flaws => shown(&flaws),
        may_make => visit.may(Operation::MakeKey),
    };
    Ok(ConsolePage::new(Section::Keys, "Keys of machines", "keys", values).with_status(status).into())
}

fn on_page(visit: &ConsoleVisit, key: &ApiKey) -> serde_json::Value {
    let before = key.before.as_ref().filter(|(_, until)| *until > visit.now);
    json!({
        "id": key.id.as_str(),
        "name": key.name,
        "role": key.role,
        "scopes": key.scopes,
        "made_at": visit.formats.moment(key.made_at),
        "made_by": key.made_by,
        "used": key.used_at.map(|at| visit.formats.from_now(at)),
        "before_until": before.map(|(_, until)| visit.formats.moment(*until)),
        "revoked_at": key.revoked_at.map(|at| visit.formats.moment(at)),
    })
}

/// What a scope opens, in words.
fn means(scope: KeyScope) -> &'static str {
    match scope {
        KeyScope::Read => "Reads whatever the role may read",
        KeyScope::Propose => "Proposes what a person accepts or refuses: all that an assistant needs beside reading",
        KeyScope::Customers => "Works on customers: agreements, orders, tasks, addresses",
        KeyScope::Messages => "Writes messages, and settles those of a sender of your own",
        KeyScope::Workflows => "Changes how customers are chased, and turns the kill switch",
        KeyScope::Settings => "Changes settings, connections and subscriptions",
        KeyScope::Members => "Adds, changes and removes members",
        KeyScope::Keys => "Makes and revokes keys",
    }
}
