//! The page at `/_local`: the door into the console, and beside it what only a stack on one's own machine has: the clock, what was sent as it looks, what
//! customers write and pay, what goes wrong next, and what stands for a model.

mod controls;
mod escape;
mod frame;
mod outbox;
mod why;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::Arc,
};

use axum::{
    extract::{Query, State},
    response::Html,
};
use domain::Mode;
use serde::Deserialize;

use crate::{overview::Overview, world::World};

pub(crate) use escape::escape;
pub(crate) use frame::head;
use frame::options;

const SCRIPT: &str = include_str!("script.js");
/// The parts of the page: the id of each, and what leads to it.
const PARTS: [(&str, &str); 5] = [
    ("messages", "Outbox"),
    ("write", "Write as a customer"),
    ("baskets", "Payments"),
    ("faults", "Faults"),
    ("model", "Model of answers"),
];
/// How far a button moves the clock, and what it says.
const MOVES: [(&str, &str); 5] =
    [("PT1H", "+1 hour"), ("P1D", "+1 day"), ("P3D", "+3 days"), ("P7D", "+7 days"), ("P30D", "+30 days")];

#[derive(Deserialize)]
pub(crate) struct Filter {
    tenant: Option<String>,
}

/// Shows the page.
pub(crate) async fn show(State(world): State<Arc<World>>, Query(filter): Query<Filter>) -> Html<String> {
    let tenant = filter.tenant.as_deref().filter(|tenant| !tenant.is_empty());
    Html(render(&world, tenant))
}

fn render(world: &World, tenant: Option<&str>) -> String {
    let all = world.outbox.list(None, 0);
    let sent = world.outbox.list(tenant, 0);
    let overview = Overview::read(world, tenant);
    let mut tenants: BTreeSet<&str> = all.iter().filter_map(|entry| entry.tenant.as_deref()).collect();
    tenants.extend(overview.known.settings.keys().map(String::as_str));
    let shown = outbox::entries(&sent, &overview);
    let mut page = head("Dunlin, local stack");
    page.push_str("<body class=local>");
    page.push_str(&header(world, &tenants, tenant));
    page.push_str(&parts(shown.len()));
    page.push_str("<main id=main>");
    page.push_str(&outbox::messages(&sellers(&overview, &shown), &shown));
    page.push_str(&controls::sections(world, &tenants, tenant));
    page.push_str("</main><script>");
    page.push_str(SCRIPT);
    page.push_str("</script></body></html>");
    page
}

fn header(world: &World, tenants: &BTreeSet<&str>, tenant: Option<&str>) -> String {
    let now = world.clock.now();
    let state = if world.clock.is_frozen() { "stands still" } else { "runs with real time" };
    let moves = MOVES.iter().fold(String::new(), |mut html, (span, label)| {
        // A text takes what is written to it.
        let _ = write!(html, "<button type=button class=plain data-advance={span}>{label}</button>");
        html
    });
    format!(
        "<a class=skip href='#main'>Skip to the page</a><header class=top><h1 class=brand>Dunlin <span class=tenant>local stack</span></h1>\
         <p><a class=main href='/console'>Open the console</a></p></header>\
         <form class=clock id=clock aria-label=Clock><p class=time><time datetime='{now}'>{}</time> <small>{} UTC, {state}</small></p>\
         <p class=moves>{moves}</p><p class=to><label for=to>To, in UTC</label><input id=to type=datetime-local step=60 value='{}'> \
         <button class=plain>Move</button></p>\
         <p class=of><label for=tenant>Seller</label><select id=tenant>{}</select></p><p class=said-here role=status id=moved></p></form>",
        now.strftime("%a %-d %b %Y"),
        now.strftime("%H:%M:%S"),
        now.strftime("%Y-%m-%dT%H:%M"),
        options(tenants, tenant),
    )
}

fn parts(messages: usize) -> String {
    let mut out = String::from("<nav class=sections aria-label='Parts of the local stack'><ul>");
    for (id, label) in PARTS {
        let count = if id == "messages" { format!(" <b>{messages}</b>") } else { String::new() };
        let _ = write!(out, "<li><a href='#show-{id}' data-tab={id}>{label}{count}</a></li>");
    }
    out.push_str("</ul></nav>");
    out
}

/// Who is there to be in the console, and what each wrote.
fn sellers(overview: &Overview, shown: &[outbox::Entry<'_>]) -> String {
    let settings = &overview.known.settings;
    if settings.is_empty() {
        return "<p>There is no seller yet: <code>POST /_local/tenants</code> makes one.</p>".to_owned();
    }
    let mut counts = BTreeMap::<&str, usize>::new();
    for entry in shown {
        *counts.entry(entry.tenant()).or_default() += 1;
    }
    let mut out = String::from(
        "<details class=sellers open><summary>Sellers</summary><div class=scroll role=region aria-label=Sellers tabindex=0><table>\
         <thead><tr><th scope=col>Seller</th><th scope=col>Its id</th><th scope=col>Mode</th><th scope=col class=money>Messages</th></tr></thead><tbody>",
    );
    for (tenant, of) in settings {
        let _ = write!(
            out,
            "<tr><th scope=row class=name><a href='/_local?tenant={0}'>{1}</a></th><td><code>{0}</code></td><td>{2}</td><td class=money>{3}</td></tr>",
            escape(tenant),
            escape(&of.name),
            match of.mode {
                Mode::Shadow => "shadow: what would be sent is shown, and nothing leaves",
                Mode::Live | Mode::Off | Mode::Later(_) => of.mode.as_str(),
            },
            counts.get(tenant.as_str()).copied().unwrap_or_default(),
        );
    }
    out.push_str("</tbody></table></div></details>");
    out
}
