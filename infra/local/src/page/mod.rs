//! The page at `/_local`: what was sent to whom, as it would look; the clock; exceptions; customers with their cases.

mod data;
mod escape;
mod why;

use std::{collections::BTreeSet, fmt::Write, sync::Arc};

use axum::{
    extract::{Query, State},
    response::Html,
};
use domain::MessageStatus;
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;

use crate::{
    outbox::Sent,
    overview::{Message, Overview},
    world::World,
};

use escape::escape;

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

/// One row of the list: what left, or what a shadow tenant would have sent.
struct Entry<'a> {
    /// Names it within the page.
    key: String,
    at: Timestamp,
    zone: TimeZone,
    sent: Option<&'a Sent>,
    message: Option<&'a Message>,
}

impl Entry<'_> {
    fn subject(&self) -> Option<&str> {
        let rendered = || self.message?.rendered.as_ref()?.subject.as_deref();
        self.sent.map_or_else(rendered, |sent| sent.subject.as_deref())
    }

    fn text(&self) -> Option<&str> {
        let rendered = || Some(self.message?.rendered.as_ref()?.text.as_str());
        self.sent.map_or_else(rendered, |sent| sent.text.as_deref())
    }

    fn html(&self) -> Option<&str> {
        let rendered = || self.message?.rendered.as_ref()?.html.as_deref();
        self.sent.map_or_else(rendered, |sent| sent.html.as_deref())
    }

    fn to(&self) -> &str {
        self.sent.map(|sent| sent.to.as_str()).or(self.message.map(|message| message.to.as_str())).unwrap_or_default()
    }

    fn tenant(&self) -> &str {
        let recorded = self.message.map(|message| message.tenant.as_str());
        self.sent.and_then(|sent| sent.tenant.as_deref()).or(recorded).unwrap_or("—")
    }

    fn channel(&self) -> &str {
        self.sent.map(|sent| sent.channel.as_str()).or(self.message.map(|message| message.channel.as_str())).unwrap_or_default()
    }
}

/// What is shown, newest first.
fn entries<'a>(sent: &'a [Sent], overview: &'a Overview) -> Vec<Entry<'a>> {
    let left = sent.iter().map(|sent| Entry {
        key: sent.seq.to_string(),
        at: sent.at,
        zone: overview.zone(sent.tenant.as_deref().unwrap_or_default()),
        message: overview.of(sent),
        sent: Some(sent),
    });
    let shadow = overview.messages.values().filter(|message| message.is_shadow && message.status == MessageStatus::Shadow).map(
        |message| Entry {
            key: message.id.clone(),
            at: message.at,
            zone: overview.zone(&message.tenant),
            message: Some(message),
            sent: None,
        },
    );
    let mut all: Vec<Entry<'_>> = left.chain(shadow).collect();
    all.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.sent.map(|sent| sent.seq))));
    all
}

fn render(world: &World, tenant: Option<&str>) -> String {
    let all = world.outbox.list(None, 0);
    let sent = world.outbox.list(tenant, 0);
    let overview = Overview::read(world, tenant);
    let (tasks, customers) = data::read(&overview);
    let mut tenants: BTreeSet<&str> = all.iter().filter_map(|entry| entry.tenant.as_deref()).collect();
    tenants.extend(overview.known.settings.keys().map(String::as_str));
    let shown = entries(&sent, &overview);
    let open = tasks.iter().filter(|task| !task.is_done).count();
    let mut page = String::new();
    let mut add = |text: &str| page.push_str(text);
    add(
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'>",
    );
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
    add(&worklist(&tasks, &overview));
    add(&customer_table(&customers, &overview));
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

fn messages(shown: &[Entry<'_>]) -> String {
    let mut out = String::from("<section id=messages class=split><div class=list>");
    if shown.is_empty() {
        out.push_str("<p class=empty>Nothing was sent yet. Move the clock, or send an invoice to a webhook.</p>");
    }
    let mut day = String::new();
    for entry in shown.iter().take(MESSAGES_MAX) {
        let at = entry.at.to_zoned(entry.zone.clone());
        let own = at.strftime("%A, %-d %B %Y").to_string();
        if own != day {
            let _ = write!(out, "<h2>{own}</h2>");
            day = own;
        }
        let fallback = entry.message.map(|message| message.template.0.as_str()).unwrap_or_default();
        let title = entry.subject().or(entry.text()).unwrap_or(fallback);
        let _ = write!(
            out,
            "<button class='row{}' data-seq={}><i class='dot {}'></i><span class=what>{}</span><time>{}</time>\
             <span class=who>{}</span><span class=tenant>{}</span></button>",
            if entry.sent.is_none() { " shadow" } else { "" },
            escape(&entry.key),
            escape(entry.channel()),
            escape(&shortened(title)),
            at.strftime("%H:%M %Z"),
            escape(entry.to()),
            if entry.sent.is_none() { "shadow, not sent".to_owned() } else { escape(entry.tenant()) },
        );
    }
    if shown.len() > MESSAGES_MAX {
        let _ = write!(
            out,
            "<p class=empty>{} older messages are in <a href=/_local/outbox>the outbox</a>.</p>",
            shown.len() - MESSAGES_MAX
        );
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
fn message(entry: &Entry<'_>) -> String {
    let title = entry.subject().unwrap_or("Message without a subject");
    let mut out = format!("<template id='m{}'><article><h3>{}</h3>", escape(&entry.key), escape(title));
    if entry.sent.is_none() {
        out.push_str(
            "<p class=banner><b>Shadow: nothing left.</b> This is what would have been sent, rendered again from its record: \
             template, amounts and dates of that day, names of today, links made up.</p>",
        );
    }
    out.push_str("<dl>");
    let mut line = |name: &str, value: &str| {
        let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", escape(value));
    };
    line("To", entry.to());
    if let Some(sent) = entry.sent {
        if let Some(from) = sent.raw.get("FromEmailAddress").and_then(|from| from.as_str()) {
            line("From", from);
        }
        line("Sent", &format!("{} by {}", why::moment(entry.at, &entry.zone), sent.provider));
        let name = |attached: &serde_json::Value| attached.get("name").and_then(serde_json::Value::as_str).map(str::to_owned);
        let attached: Vec<String> = sent.attachments.iter().filter_map(name).collect();
        if !attached.is_empty() {
            line("Attached", &attached.join(", "));
        }
    }
    out.push_str("</dl>");
    if let Some(message) = entry.message {
        out.push_str(&why::section(message, &entry.zone));
    } else if entry.sent.is_some_and(|sent| sent.service_mail.is_some()) {
        out.push_str(why::NOTICE);
    }
    match (entry.html(), entry.text()) {
        (Some(html), text) => {
            let _ = write!(
                out,
                "<div class=views><button data-view=html class=on>As it looks</button><button data-view=text>Plain text</button>\
                 <button data-view=narrow>On a phone</button></div>\
                 <iframe sandbox=allow-same-origin srcdoc=\"{}\" title='The message'></iframe><pre hidden>{}</pre>",
                escape(&entry.sent.map_or_else(|| html.to_owned(), |sent| with_images(html, &sent.raw))),
                escape(text.unwrap_or("There is no plain text."))
            );
        }
        (None, Some(text)) => {
            let _ = write!(out, "<div class=bubble>{}</div>", escape(text));
        }
        (None, None) => out.push_str("<p class=empty>Its text cannot be rendered again: the template or an invoice is gone.</p>"),
    }
    out.push_str("</article></template>");
    out
}

/// A mail with the images that go along with it in the places where it shows them.
fn with_images(html: &str, raw: &serde_json::Value) -> String {
    let along = raw.pointer("/Content/Simple/Attachments").and_then(serde_json::Value::as_array);
    along.into_iter().flatten().fold(html.to_owned(), |html, image| {
        let text = |name: &str| image.get(name).and_then(serde_json::Value::as_str);
        match (text("ContentId"), text("ContentType"), text("RawContent")) {
            (Some(id), Some(kind), Some(bytes)) => html.replace(&format!("cid:{id}"), &format!("data:{kind};base64,{bytes}")),
            (None, ..) | (_, None, _) | (.., None) => html,
        }
    })
}

fn worklist(tasks: &[data::Task], overview: &Overview) -> String {
    let mut out = String::from("<section id=tasks hidden>");
    if tasks.is_empty() {
        out.push_str("<p class=empty>No work for people: nothing needs a decision, nothing went wrong.</p>");
    }
    for task in tasks {
        let _ = write!(
            out,
            "<article class='card{}'><header><span class=kind>{}</span><time>{}</time><span class=tenant>{}</span></header>\
             <h3>{}</h3>{}</article>",
            if task.is_done { " done" } else { "" },
            escape(&task.kind),
            task.raised_at.map(|at| why::moment(at, &overview.zone(&task.tenant))).unwrap_or_default(),
            escape(&task.tenant),
            escape(&if task.customer.is_empty() { task.title.clone() } else { format!("{}: {}", task.customer, task.title) }),
            remedy(&task.detail),
        );
    }
    out.push_str("</section>");
    out
}

/// What was wrong, and set apart, what to do: details end in it after a semicolon.
fn remedy(detail: &str) -> String {
    match detail.rsplit_once("; ") {
        Some((wrong, todo)) if !todo.contains(')') => {
            format!("<p>{}</p><p class=remedy><b>What to do:</b> {}</p>", escape(wrong), escape(todo))
        }
        _ => format!("<p>{}</p>", escape(detail)),
    }
}

fn customer_table(customers: &[data::Customer], overview: &Overview) -> String {
    let mut out = String::from("<section id=customers hidden>");
    if customers.is_empty() {
        out.push_str("<p class=empty>No customers yet.</p></section>");
        return out;
    }
    out.push_str("<input type=search id=find placeholder='Find a customer' aria-label='Find a customer'>");
    out.push_str("<table><thead><tr><th>Customer<th>Owes<th>Cases<th>Last decision<th>Next look</tr></thead><tbody>");
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
        let owed = customer.owed.iter().map(ToString::to_string).collect::<Vec<_>>().join("<br>");
        let moment = |at| why::moment(at, &overview.zone(&customer.tenant));
        let due = customer.due_at.map_or_else(|| "when something changes".to_owned(), moment);
        let _ = write!(
            out,
            "<tr><td><b>{}</b><br><small>{}</small><td class=amount>{owed}<td>{}<td>{}<td>{}</tr>",
            escape(&customer.name),
            escape(&customer.tenant),
            if cases.is_empty() { "<small>none</small>" } else { &cases },
            because(&customer.because),
            escape(&due),
        );
    }
    out.push_str("</tbody></table></section>");
    out
}

/// The last decision of each case; the currency only where there are several.
fn because(cases: &[(String, String)]) -> String {
    let line = |(currency, why): &(String, String)| {
        let currency = if cases.len() > 1 { format!("{currency}: ") } else { String::new() };
        escape(&format!("{currency}{why}"))
    };
    cases.iter().map(line).collect::<Vec<_>>().join("<br>")
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
            message: Some(hostile.to_owned()),
            service_mail: None,
            channel: "email".to_owned(),
            provider: hostile.to_owned(),
            to: hostile.to_owned(),
            subject: Some(hostile.to_owned()),
            text: Some(hostile.to_owned()),
            html: Some(hostile.to_owned()),
            attachments: Vec::new(),
            message_id: hostile.to_owned(),
            raw: serde_json::json!({"FromEmailAddress": hostile}),
        };
        let sent = [entry];
        let text = messages(&entries(&sent, &Overview::default())) + &remedy(hostile);
        assert!(!text.contains("<script>") && !text.contains("alert(1)</script>"), "{text}");
        assert_eq!(text.matches("sandbox=allow-same-origin srcdoc=").count(), 1);
    }
}
