//! The pages: one row each, with the method, the path, the operation of the table of rights whose right it needs, and the handler.
//!
//! The console has no right of its own: a row names an operation of `service::rights`, which is looked at before the handler runs, and the handler
//! asks `service` as whoever is signed in, which looks again. `functions/console/tests/pages/rights.rs` asks for every row as everybody and
//! holds the answers to `docs/rights.csv`.
//!
//! A page is a file here with its handler, its template beside it, and below: a `mod` line, a row, and a line in [`TEMPLATES`].

mod audit;
mod brand;
mod connections;
mod customers;
mod home;
mod keys;
mod people;
mod privacy;
mod settings;
mod settings_fields;
mod settings_form;
mod subscriptions;
mod webhooks;

use std::pin::Pin;

use service::Operation;

use crate::{
    outcome::PageResult,
    sections::{ListedSection, Section},
    visit::ConsoleVisit,
};

/// What a handler gives, in time.
pub(crate) type PageFuture<'a> = Pin<Box<dyn Future<Output = PageResult> + Send + 'a>>;

/// A row.
pub(crate) struct PageRoute {
    pub(crate) method: &'static str,
    /// From `/console` on; a part in braces takes any text, and the visit has it by that name.
    pub(crate) path: &'static str,
    /// What somebody needs the right to.
    pub(crate) operation: Operation,
    pub(crate) handler: for<'a> fn(&'a ConsoleVisit) -> PageFuture<'a>,
}

/// Makes the rows of a list that reads as one.
macro_rules! routes {
    ($($method:ident $path:literal $operation:ident => $($handler:ident)::+;)+) => {
        /// The rows.
        pub(crate) const ROUTES: &[PageRoute] = &[$(PageRoute {
            method: stringify!($method),
            path: $path,
            operation: Operation::$operation,
            handler: {
                fn answer(visit: &ConsoleVisit) -> PageFuture<'_> {
                    Box::pin($($handler)::+(visit))
                }
                answer
            },
        },)+];
    };
}

routes! {
    GET "/console" ListCustomers => home::lead;
    GET "/console/customers" ListCustomers => customers::list;
    GET "/console/connections" ListConnections => connections::list;
    GET "/console/connections/{source}" ShowConnection => connections::show;
    POST "/console/connections/{source}" PutConnection => connections::put;
    POST "/console/connections/{source}/authorize" AuthorizeConnection => connections::authorize;
    POST "/console/connections/{source}/confirm" ConfirmConnection => connections::confirm;
    POST "/console/connections/{source}/backfill" BackfillConnection => connections::backfill;
    POST "/console/connections/{source}/delete" DeleteConnection => connections::delete;
    GET "/console/settings" ShowSettings => settings::overview;
    GET "/console/settings/brand" ShowSettings => brand::show;
    POST "/console/settings/brand" PatchSettings => brand::change;
    GET "/console/settings/brand/preview" ShowSettings => brand::preview;
    GET "/console/settings/json" ShowSettings => settings::show_json;
    POST "/console/settings/json" PatchSettings => settings::patch_json;
    POST "/console/settings/pause" Pause => settings::pause;
    POST "/console/settings/resume" Resume => settings::resume;
    POST "/console/settings/breaker" ResetBreaker => settings::reset_breaker;
    GET "/console/settings/{group}" ShowSettings => settings::show;
    POST "/console/settings/{group}" PatchSettings => settings::change;
    GET "/console/people" ListMembers => people::list;
    POST "/console/people/members" AddMember => people::add;
    GET "/console/people/members/{subject}" ShowMember => people::show;
    POST "/console/people/members/{subject}" ChangeMember => people::change;
    POST "/console/people/members/{subject}/remove" RemoveMember => people::remove;
    POST "/console/people/invitations" InviteMember => people::invite;
    POST "/console/people/invitations/withdraw" WithdrawInvitation => people::withdraw;
    POST "/console/people/absences" SetAbsence => people::set_absence;
    POST "/console/people/hand_over" HandOver => people::hand_over;
    GET "/console/privacy" ListSuppressions => privacy::show;
    POST "/console/privacy/find" FindContact => privacy::find;
    GET "/console/privacy/people/{id}" ExportContact => privacy::person;
    POST "/console/privacy/people/{id}/export" ExportContact => privacy::export;
    POST "/console/privacy/people/{id}/erase" EraseContact => privacy::erase;
    POST "/console/privacy/suppressions" EnterSuppression => privacy::enter;
    GET "/console/privacy/suppressions/{id}" ListSuppressions => privacy::suppression;
    POST "/console/privacy/suppressions/{id}/lift" LiftSuppression => privacy::lift;
    GET "/console/audit" ListAudit => audit::list;
    GET "/console/audit/export" ExportAudit => audit::export;
    GET "/console/health" ShowDailyHealth => audit::daily;
    GET "/console/keys" ListKeys => keys::list;
    POST "/console/keys" MakeKey => keys::make;
    POST "/console/keys/{id}/rotate" RotateKey => keys::rotate;
    POST "/console/keys/{id}/revoke" RevokeKey => keys::revoke;
    GET "/console/webhooks" ListWebhooks => webhooks::list;
    GET "/console/webhooks/{id}" ShowWebhook => webhooks::show;
    POST "/console/webhooks/{id}/apply" ApplyWebhook => webhooks::apply;
    GET "/console/webhooks/out" ListSubscriptions => subscriptions::list;
    POST "/console/webhooks/out" MakeSubscription => subscriptions::make;
    GET "/console/webhooks/out/{id}" ShowSubscription => subscriptions::show;
    POST "/console/webhooks/out/{id}" ChangeSubscription => subscriptions::change;
    POST "/console/webhooks/out/{id}/rotate" RotateSubscription => subscriptions::rotate;
    POST "/console/webhooks/out/{id}/test" TestSubscription => subscriptions::test;
    POST "/console/webhooks/out/{id}/replay" ReplayDeliveries => subscriptions::replay;
    POST "/console/webhooks/out/{id}/delete" DeleteSubscription => subscriptions::delete;
}

/// The templates of the pages, each by the name that its handler gives.
pub(crate) const TEMPLATES: &[(&str, &str)] = &[
    ("audit", include_str!("routes/audit.html")),
    ("brand", include_str!("routes/brand.html")),
    ("brand_drawing", include_str!("routes/brand_drawing.html")),
    ("brand_preview", include_str!("routes/brand_preview.html")),
    ("connection", include_str!("routes/connection.html")),
    ("connection_sign_in", include_str!("routes/connection_sign_in.html")),
    ("connections", include_str!("routes/connections.html")),
    ("customers", include_str!("routes/customers.html")),
    ("erased", include_str!("routes/erased.html")),
    ("health", include_str!("routes/health.html")),
    ("keys", include_str!("routes/keys.html")),
    ("member", include_str!("routes/member.html")),
    ("people", include_str!("routes/people.html")),
    ("person", include_str!("routes/person.html")),
    ("privacy", include_str!("routes/privacy.html")),
    ("secret", include_str!("routes/secret.html")),
    ("setting_parts", include_str!("routes/setting_parts.html")),
    ("settings", include_str!("routes/settings.html")),
    ("settings_group", include_str!("routes/settings_group.html")),
    ("settings_json", include_str!("routes/settings_json.html")),
    ("settings_none", include_str!("routes/settings_none.html")),
    ("subscription", include_str!("routes/subscription.html")),
    ("subscriptions", include_str!("routes/subscriptions.html")),
    ("suppression", include_str!("routes/suppression.html")),
    ("webhook", include_str!("routes/webhook.html")),
    ("webhooks", include_str!("routes/webhooks.html")),
];

/// What a path leads to.
pub(crate) enum FoundRoute {
    /// A row, and what stands in the places in braces.
    Row(&'static PageRoute, Vec<(&'static str, String)>),
    /// Rows of another method.
    OtherMethod,
    Nothing,
}

/// The row of a method and a path.
pub(crate) fn find(method: &str, path: &str) -> FoundRoute {
    let mut fitting = ROUTES.iter().filter_map(|route| Some((route, values_of(route.path, path)?))).peekable();
    if fitting.peek().is_none() {
        return FoundRoute::Nothing;
    }
    // A path that is spelt out comes before one with places.
    match fitting.filter(|(route, _)| route.method == method).min_by_key(|(_, values)| values.len()) {
        Some((route, values)) => FoundRoute::Row(route, values),
        None => FoundRoute::OtherMethod,
    }
}

fn values_of(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut values = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(values),
            (Some(wanted), Some(given)) => match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !given.is_empty() => values.push((name, decoded(given)?)),
                None if wanted == given => {}
                Some(_) | None => return None,
            },
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
}

/// A part of a path as it was meant; API Gateway passes it on as it was sent. `None` of what does not read.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// The sections that there is a page of.
pub(crate) fn listed_sections() -> Vec<ListedSection> {
    let listed = |section: Section| {
        let route = ROUTES.iter().find(|route| route.method == "GET" && route.path == section.path())?;
        Some(ListedSection { section, operation: route.operation })
    };
    Section::LISTED.into_iter().filter_map(listed).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rows_are_told_apart() {
        let mut rows = BTreeSet::new();
        for route in ROUTES {
            assert!(rows.insert((route.method, route.path)), "{} {} twice", route.method, route.path);
            assert!(route.path == "/console" || route.path.starts_with("/console/"), "{}", route.path);
            assert!(["GET", "POST"].contains(&route.method), "{}", route.method);
        }
    }

    #[test]
    fn a_path_is_read_by_its_parts() {
        let values = |path: &str| values_of("/console/customers/{id}/notes", path).map(|values| values[0].1.clone());
        assert_eq!(values("/console/customers/cus_1/notes").as_deref(), Some("cus_1"));
        assert_eq!(values("/console/customers/a%2Fb%C3%BC/notes").as_deref(), Some("a/bü"));
        for other in
            ["/console/customers//notes", "/console/customers/a/b/notes", "/console/customers/%zz/notes", "/console/customers"]
        {
            assert_eq!(values(other), None, "{other}");
        }
        assert!(matches!(find("GET", "/console"), FoundRoute::Row(route, _) if route.path == "/console"));
        assert!(matches!(find("POST", "/console/customers"), FoundRoute::OtherMethod));
        assert!(matches!(find("GET", "/console/nothing"), FoundRoute::Nothing));
    }
}
