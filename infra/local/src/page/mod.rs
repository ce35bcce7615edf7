//! The page at `/_local`: what was sent to whom, as it would look; the clock; exceptions; customers with their cases.

mod data;

use std::{collections::BTreeSet, fmt::Write, sync::Arc};

use axum::{
    extract::{Query, State},
    response::Html,
};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{outbox::Sent, world::World};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// Most messages on one page; older ones are in `/_local/outbox`.
const MESSAGES_MAX: usize = 300;

#[derive(Deserialize)]
pub(crate) struct Filter {
    tenant: Option<String>,
}

/// Shows the page.
pub(crate) async fn show(State(world): State<Arc<World>>, Query(filter): Query<Filter>) -> Html<String> {
    let tenant = filter.tenant.as_deref().filter(|tenant| !tenant.is_empty());
    Html(render(&world, tenant))
}

/// Markup-free text.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn render(world: &World, tenant: Option<&str>) -> String {
    let sent = world.outbox.list(None, 0);
    let (tasks, customers) = data::read(world, tenant);
    let tenants: BTreeSet<&str> =
        sent.iter().filter_map(|entry| entry.tenant.as_deref()).chain(customers.iter().map(|c| c.tenant.as_str())).collect();
    let shown: Vec<&Sent> = sent.iter().rev().filter(|entry| tenant.is_none() || entry.tenant.as_deref() == tenant).collect();
    let open = tasks.iter().filter(|task| !task.is_done).count();
    let mut page = String::new();
    let mut add = |text: &str| page.push_str(text);
    add("<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'>");
    add("<title>Dunlin, local</title><style>");
    add(STYLE);
    add("</style></head><body>");
    add(&header(world, &tenants, tenant));
    add(&format!(
        "<main><nav class=tabs><button data-tab=messages class=on>Messages <b>{}</b></button>\
         <button data-tab=tasks>Worklist <b{}>{open}</b></button>\
         <button data-tab=customers>Customers <b>{}</b></button></nav>",
        shown.len(),
        if open > 0 { " class=alert" } else { "" },
        customers.len()
    ));
    add(&messages(&shown));
    add(&worklist(&tasks));
    add(&customer_table(&customers));
    add("</main><script>");
    add(SCRIPT);
    add("</script></body></html>");
    page
}

fn header(world: &World, tenants: &BTreeSet<&str>, tenant: Option<&str>) -> String {
    let now = world.clock.now();
    let mut options = String::from("<option value=''>All tenants</option>");
    for one in tenants {
        let selected = if Some(*one) == tenant { " selected" } else { "" };
        let _ = write!(options, "<option{selected}>{}</option>", escape(one));
    }
    let state = if world.clock.is_frozen() { "frozen" } else { "real time" };
    format!(
        "<header><h1><svg viewBox='0 0 32 20' aria-hidden=true><path d='M1 13c6-9 15-11 21-5l9 1-8 3c-3 6-11 8-17 4l-4 2z'/></svg>\
         Dunlin <span>local</span></h1>\
         <div class=clock><time>{}</time><small>{} UTC · {state}</small></div>\
         <div class=moves role=group aria-label='Move the clock'>\
         <button data-advance=PT1H>+1 hour</button><button data-advance=P1D>+1 day</button><button data-advance=P7D>+7 days</button></div>\
         <select id=tenant aria-label=Tenant>{options}</select><output id=moved></output></header>",
        now.strftime("%a %-d %b %Y"),
        now.strftime("%H:%M:%S"),
    )
}

fn messages(shown: &[&Sent]) -> String {
    let mut out = String::from("<section id=messages class=split><div class=list>");
    if shown.is_empty() {
        out.push_str("<p class=empty>Nothing was sent yet. Move the clock, or send an invoice to a webhook.</p>");
    }
    let mut day = String::new();
    for entry in shown.iter().take(MESSAGES_MAX) {
        let own = entry.at.strftime("%A, %-d %B %Y").to_string();
        if own != day {
            let _ = write!(out, "<h2>{own}</h2>");
            day = own;
        }
        let title = entry.subject.as_deref().or(entry.text.as_deref()).unwrap_or_default();
        let _ = write!(
            out,
            "<button class=row data-seq={}><i class='dot {}'></i><span class=what>{}</span><time>{}</time>\
             <span class=who>{}</span><span class=tenant>{}</span></button>",
            entry.seq,
            escape(&entry.channel),
            escape(&shortened(title)),
            entry.at.strftime("%H:%M"),
            escape(&entry.to),
            escape(entry.tenant.as_deref().unwrap_or("—")),
        );
    }
    if shown.len() > MESSAGES_MAX {
        let _ = write!(out, "<p class=empty>{} older messages are in <a href=/_local/outbox>the outbox</a>.</p>", shown.len() - MESSAGES_MAX);
    }
    out.push_str("</div><div class=reader><p class=empty>Choose a message to read it.</p></div>");
    for entry in shown.iter().take(MESSAGES_MAX) {
        out.push_str(&message(entry));
    }
    out.push_str("</section>");
    out
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 90 { line.to_owned() } else { format!("{}…", line.chars().take(89).collect::<String>()) }
}

/// One message, inert until it is chosen.
fn message(entry: &Sent) -> String {
    let mut out = format!("<template id=m{}><article><h3>{}</h3><dl>", entry.seq, escape(entry.subject.as_deref().unwrap_or("Text message")));
    let mut line = |name: &str, value: &str| {
        let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", escape(value));
    };
    line("To", &entry.to);
    let cc = entry.raw.pointer("/Destination/CcAddresses").and_then(|cc| cc.as_array()).cloned().unwrap_or_default();
    let cc: Vec<&str> = cc.iter().filter_map(|one| one.as_str()).collect();
    if !cc.is_empty() {
        line("Cc", &cc.join(", "));
    }
    if let Some(from) = entry.raw.get("FromEmailAddress").and_then(|from| from.as_str()) {
        line("From", from);
    }
    line("Sent", &format!("{} by {}", entry.at.strftime("%Y-%m-%d %H:%M:%S UTC"), entry.provider));
    line("Id", &entry.message_id);
    out.push_str("</dl>");
    match (&entry.html, &entry.text) {
        (Some(html), text) => {
            let _ = write!(
                out,
                "<div class=views><button data-view=html class=on>As it looks</button><button data-view=text>Plain text</button>\
                 <button data-view=narrow>On a phone</button></div>\
                 <iframe sandbox srcdoc=\"{}\" title='The message'></iframe><pre hidden>{}</pre>",
                escape(html),
                escape(text.as_deref().unwrap_or("There is no plain text."))
            );
        }
        (None, text) => {
            let _ = write!(out, "<div class=bubble>{}</div>", escape(text.as_deref().unwrap_or_default()));
        }
    }
    out.push_str("</article></template>");
    out
}

fn instant(at: Option<Timestamp>) -> String {
    at.map(|at| at.strftime("%-d %b %Y, %H:%M").to_string()).unwrap_or_default()
}

fn worklist(tasks: &[data::Task]) -> String {
    let mut out = String::from("<section id=tasks hidden>");
    if tasks.is_empty() {
        out.push_str("<p class=empty>No work for people: nothing needs a decision, nothing went wrong.</p>");
    }
    for task in tasks {
        let _ = write!(
            out,
            "<article class='card{}'><header><span class=kind>{}</span><time>{}</time><span class=tenant>{}</span></header>\
             <h3>{}</h3><p>{}</p></article>",
            if task.is_done { " done" } else { "" },
            escape(&task.kind),
            instant(task.raised_at),
            escape(&task.tenant),
            escape(&task.title),
            escape(&task.detail),
        );
    }
    out.push_str("</section>");
    out
}

fn customer_table(customers: &[data::Customer]) -> String {
    let mut out = String::from("<section id=customers hidden>");
    if customers.is_empty() {
        out.push_str("<p class=empty>No customers yet.</p></section>");
        return out;
    }
    out.push_str("<table><thead><tr><th>Customer<th>Cases<th>Last decision<th>Next look</tr></thead><tbody>");
    for customer in customers {
        let mut cases = String::new();
        for (currency, workflow, state) in &customer.cases {
            let class = state.split([':', ' ']).next().unwrap_or_default();
            let _ = write!(
                cases,
                "<span class='state {}'>{} · {}</span> <small>{}</small> ",
                escape(class),
                escape(currency),
                escape(state),
                escape(workflow)
            );
        }
        // Parked customers have a due moment at the end of time.
        let due = if customer.due.starts_with("9999") || customer.due.is_empty() {
            "when something changes".to_owned()
        } else {
            customer.due.chars().take(16).collect::<String>().replace('T', " ")
        };
        let _ = write!(
            out,
            "<tr><td><b>{}</b><br><small>{}</small><td>{}<td>{}<td>{}</tr>",
            escape(&customer.name),
            escape(&customer.tenant),
            if cases.is_empty() { "<small>none</small>" } else { &cases },
            escape(&customer.because),
            escape(&due),
        );
    }
    out.push_str("</tbody></table></section>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_cannot_break_out() {
        let hostile = "\"><script>alert(1)</script>'";
        let entry = Sent {
            seq: 1,
            at: Timestamp::UNIX_EPOCH,
            tenant: Some(hostile.to_owned()),
            channel: "email".to_owned(),
            provider: hostile.to_owned(),
            to: hostile.to_owned(),
            subject: Some(hostile.to_owned()),
            text: Some(hostile.to_owned()),
            html: Some(hostile.to_owned()),
            attachments: Vec::new(),
            message_id: hostile.to_owned(),
            raw: serde_json::json!({"FromEmailAddress": hostile, "Destination": {"CcAddresses": [hostile]}}),
        };
        let text = messages(&[&entry]) + &worklist(&[]);
        assert!(!text.contains("<script>") && !text.contains("alert(1)</script>"), "{text}");
        assert_eq!(text.matches("sandbox srcdoc=").count(), 1);
    }
}
