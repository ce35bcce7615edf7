//! The pages: one row each, with the method, the path, the operation of the table of rights whose right it needs, and the handler.
//!
//! The console has no right of its own: a row names an operation of `service::rights`, which is looked at before the handler runs, and the handler
//! asks `service` as whoever is signed in, which looks again. `functions/console/tests/pages/rights.rs` asks for every row as everybody and
//! holds the answers to `docs/rights.csv`.
//!
//! A page is a file here with its handler, its template beside it, and below: a `mod` line, a row, and a line in [`TEMPLATES`].

mod answered;
mod bulk;
mod calls;
mod customer;
mod customer_acts;
mod customer_rows;
mod customers;
mod going_live;
mod home;
mod invoice;
mod invoices;
mod ladder_rows;
mod message;
mod publishing;
mod ready_workflows;
mod simulations;
mod task;
mod tasks;
mod templates;
mod text_tests;
mod views;
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
