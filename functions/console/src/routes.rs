//! The pages: one row each, with the method, the path, the operation of the table of rights whose right it needs, and the handler.
//!
//! The console has no right of its own: a row names an operation of `service::rights`, which is looked at before the handler runs, and the handler
//! asks `service` as whoever is signed in, which looks again. `functions/console/tests/pages/rights.rs` asks for every row as everybody and
//! holds the answers to `docs/rights.csv`.
//!
//! A page is a file here with its handler, its template beside it, and below: a `mod` line, a row, and a line in [`TEMPLATES`].

mod answered;
mod audit;
mod brand;
mod bulk;
mod calls;
mod connections;
mod customer;
mod customer_acts;
mod customer_rows;
mod customers;
mod going_live;
mod home;
mod invoice;
mod invoices;
mod keys;
mod ladder_rows;
mod message;
mod people;
mod privacy;
mod publishing;
mod ready_workflows;
mod reports;
mod settings;
mod settings_fields;
mod settings_form;
mod simulations;
mod subscriptions;
mod task;
mod tasks;
mod templates;
mod text_tests;
mod views;
mod webhooks;
mod weekly;
mod workflow_draft;
mod workflow_steps;
mod workflow_versions;
mod workflows;
mod write_message;

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
    GET "/console" ListTasks => home::show;
    GET "/console/tasks" ListTasks => tasks::list;
    POST "/console/tasks" RaiseTask => tasks::raise;
    GET "/console/tasks/{id}" ShowTask => task::show;
    POST "/console/tasks/{id}/done" FinishTask => tasks::finish;
    POST "/console/tasks/{id}/assign" AssignTask => tasks::assign;
    POST "/console/tasks/{id}/reopen" ReopenTask => tasks::reopen;
    POST "/console/replies/{id}/accept" AcceptReply => answered::accept;
    POST "/console/replies/{id}/dismiss" DismissReply => answered::dismiss;
    POST "/console/messages/{id}/result" SetMessageResult => answered::settle;
    GET "/console/calls" ListTasks => calls::list;
    POST "/console/calls" LogContact => calls::write_down;
    POST "/console/views" SaveViews => views::keep;
    POST "/console/views/remove" SaveViews => views::remove;
    GET "/console/bulk" RunBulk => bulk::form;
    POST "/console/bulk/with" RunBulk => bulk::with;
    POST "/console/bulk/preview" RunBulk => bulk::preview;
    POST "/console/bulk/run" RunBulk => bulk::run;
    GET "/console/bulk/{id}" ShowBulk => bulk::show;
    POST "/console/bulk/{id}/undo" UndoBulk => bulk::undo;
    GET "/console/customers" ListCustomers => customers::list;
    GET "/console/customers/{id}" ShowCustomerById => customer::show;
    POST "/console/customers/{id}/promises" MakeAgreement => customer_acts::promise;
    POST "/console/customers/{id}/disputes" MakeAgreement => customer_acts::dispute;
    POST "/console/customers/{id}/plans" MakeAgreement => customer_acts::plan;
    POST "/console/customers/{id}/pauses" MakeAgreement => customer_acts::pause;
    POST "/console/customers/{id}/notes" AddNote => customer_acts::note;
    POST "/console/customers/{id}/calls" LogContact => customer_acts::call;
    POST "/console/customers/{id}/tasks" RaiseTask => customer_acts::task;
    POST "/console/customers/{id}/owner" SetOwner => customer_acts::owner;
    POST "/console/customers/{id}/links" IssueLink => customer_acts::link;
    GET "/console/customers/{id}/write" WriteMessage => write_message::ask;
    POST "/console/customers/{id}/write" WriteMessage => write_message::write;
    POST "/console/agreements/{id}/{act}" ActOnAgreement => customer_acts::act;
    GET "/console/invoices" ListInvoices => invoices::list;
    GET "/console/invoices/{id}" ShowInvoice => invoice::show;
    GET "/console/invoices/{id}/copy" FetchInvoiceCopy => invoice::copy;
    GET "/console/messages/{id}" ShowMessage => message::show;
    GET "/console/messages/{id}/document" ShowMessage => message::document;
    POST "/console/messages/{id}/undo" UndoMessage => customer_acts::undo;
    GET "/console/workflows" ListWorkflows => workflows::list;
    GET "/console/workflows/ready" ListReadyWorkflows => ready_workflows::list;
    POST "/console/workflows/begin" BeginDraft => workflow_draft::begin;
    GET "/console/workflows/{id}" ShowWorkflow => workflows::show;
    GET "/console/workflows/{id}/versions/{version}" ShowWorkflowVersion => workflow_versions::show;
    GET "/console/workflows/{id}/draft" ShowDraft => workflow_draft::show;
    POST "/console/workflows/{id}/draft" PutDraft => workflow_draft::save;
    POST "/console/workflows/{id}/draft/check" ValidateWorkflow => workflow_draft::check;
    POST "/console/workflows/{id}/draft/steps" PutDraft => workflow_steps::change;
    POST "/console/workflows/{id}/draft/drop" DropDraft => workflow_draft::drop;
    GET "/console/workflows/{id}/publish" PublishWorkflow => publishing::show;
    POST "/console/workflows/{id}/publish" PublishWorkflow => publishing::publish;
    POST "/console/workflows/{id}/rollback" RollBackWorkflow => publishing::roll_back;
    POST "/console/workflows/{id}/simulate" SimulateWorkflow => simulations::start;
    GET "/console/simulations/{id}" ShowJob => simulations::show;
    POST "/console/simulations/{id}/cancel" CancelJob => simulations::cancel;
    GET "/console/templates" ListTemplates => templates::list;
    GET "/console/templates/{id}/{language}/{channel}" ShowTemplate => templates::show;
    POST "/console/templates/{id}/{language}/{channel}" PutTemplate => templates::put;
    GET "/console/templates/{id}/{language}/{channel}/preview" PreviewTemplate => templates::framed;
    POST "/console/templates/{id}/{language}/{channel}/preview" PreviewTemplate => templates::typed_framed;
    POST "/console/templates/{id}/{language}/{channel}/test" SendTestMessage => text_tests::send;
    POST "/console/templates/{id}/{language}/{channel}/archive" ArchiveTemplate => templates::archive;
    GET "/console/go-live" ShowSettings => going_live::show;
    POST "/console/go-live" PatchSettings => going_live::change;
    POST "/console/go-live/jobs" StartJob => going_live::start;
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
    POST "/console/you/language" ChangeMe => people::own_language;
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
    GET "/console/reports" ListReports => reports::list;
    GET "/console/reports/weekly" ShowReport => weekly::show;
    GET "/console/reports/{name}" ShowReport => reports::show;
    GET "/console/reports/{name}/file" ShowReport => reports::file;
    GET "/console/reports/entries/{customer}" ListLedger => reports::entries;
}

/// The templates of the pages, each by the name that its handler gives.
pub(crate) const TEMPLATES: &[(&str, &str)] = &[
    ("work", include_str!("routes/work.html")),
    ("home", include_str!("routes/home.html")),
    ("tasks", include_str!("routes/tasks.html")),
    ("task", include_str!("routes/task.html")),
    ("calls", include_str!("routes/calls.html")),
    ("bulk", include_str!("routes/bulk.html")),
    ("bulk_run", include_str!("routes/bulk_run.html")),
    ("customers", include_str!("routes/customers.html")),
    ("customer", include_str!("routes/customer.html")),
    ("customer_forms", include_str!("routes/customer_forms.html")),
    ("explained", include_str!("routes/explained.html")),
    ("invoice", include_str!("routes/invoice.html")),
    ("invoices", include_str!("routes/invoices.html")),
    ("message", include_str!("routes/message.html")),
    ("pay_link", include_str!("routes/pay_link.html")),
    ("write_message", include_str!("routes/write_message.html")),
    ("bar_charts", include_str!("routes/bar_charts.html")),
    ("ladder", include_str!("routes/ladder.html")),
    ("draft_changed", include_str!("routes/draft_changed.html")),
    ("going_live", include_str!("routes/going_live.html")),
    ("publish", include_str!("routes/publish.html")),
    ("ready_workflows", include_str!("routes/ready_workflows.html")),
    ("simulation", include_str!("routes/simulation.html")),
    ("template", include_str!("routes/template.html")),
    ("templates", include_str!("routes/templates.html")),
    ("workflow", include_str!("routes/workflow.html")),
    ("workflow_draft", include_str!("routes/workflow_draft.html")),
    ("workflow_version", include_str!("routes/workflow_version.html")),
    ("workflows", include_str!("routes/workflows.html")),
    ("audit", include_str!("routes/audit.html")),
    ("brand", include_str!("routes/brand.html")),
    ("brand_drawing", include_str!("routes/brand_drawing.html")),
    ("brand_preview", include_str!("routes/brand_preview.html")),
    ("connection", include_str!("routes/connection.html")),
    ("connection_sign_in", include_str!("routes/connection_sign_in.html")),
    ("connections", include_str!("routes/connections.html")),
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
    ("customers", include_str!("routes/customers.html")),
    ("report", include_str!("routes/report.html")),
    ("report_entries", include_str!("routes/report_entries.html")),
    ("reports", include_str!("routes/reports.html")),
    ("weekly", include_str!("routes/weekly.html")),
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
        assert!(
            matches!(find("POST", "/console/views/remove"), FoundRoute::Row(route, _) if route.path == "/console/views/remove")
        );
        assert!(matches!(find("POST", "/console/customers"), FoundRoute::OtherMethod));
        assert!(matches!(find("GET", "/console/nothing"), FoundRoute::Nothing));
    }
}
