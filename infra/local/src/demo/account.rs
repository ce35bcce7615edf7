//! The account that follows the story: who was contacted when, about what and why; what was not sent, and why not; and the totals.

use std::collections::{BTreeMap, BTreeSet};

use super::{TENANT, companies::COMPANIES};
use crate::{
    overview::{Message, Overview, words},
    stack::Stack,
};

/// Prints it, seller by seller, and the totals last.
pub fn print(stack: &Stack) {
    let mut accounts = vec![tell(stack, TENANT, "which sends its invoices by webhook, by its own system and by Stripe")];
    accounts.extend(COMPANIES.iter().map(|company| tell(stack, company.tenant, company.how)));
    for account in &accounts {
        print!("{}", account.text);
    }
    print!("{}", totals(&accounts));
}

/// Why a notice was sent.
const NOTICE: &str = "it confirms what was done on the customer's page, or was asked for there";

/// What a seller sent.
struct Account {
    seller: String,
    messages: usize,
    /// What confirmed something that was done on a customer's page, or was asked for there.
    notices: usize,
    people: usize,
    /// Messages to the person who got most.
    most: usize,
    text: String,
}

/// One line a seller.
fn totals(accounts: &[Account]) -> String {
    use std::fmt::Write;
    let width = accounts.iter().map(|account| account.seller.chars().count()).max().unwrap_or_default();
    let mut out = "\n## Totals\n\n".to_owned();
    for Account { seller, messages, notices, people, most, .. } in accounts {
        let and = if *notices > 0 { format!(" and {notices} notices") } else { String::new() };
        let _ =
            writeln!(out, "  {seller:<width$}  {messages:>4} messages{and} to {people:>3} people, at most {most} to one person");
    }
    out.push('\n');
    out
}

/// The account of one tenant.
fn tell(stack: &Stack, tenant: &str, how: &str) -> Account {
    use std::fmt::Write;
    let sent = stack.outbox(Some(tenant));
    let overview = Overview::read(stack.world(), Some(tenant));
    let zone = overview.zone(tenant);
    let seller = overview.known.settings.get(tenant).map_or(tenant, |settings| settings.name.as_str());
    let times = zone.iana_name().unwrap_or("UTC");
    let notices = sent.iter().filter(|entry| entry.service_mail.is_some()).count();
    let messages = sent.len() - notices;
    let mut out = format!(
        "\n## {seller}, {how}\n\nWho was contacted, when, about what, and why ({messages} messages, {notices} notices; times of {times}):\n\n"
    );
    let mut day = String::new();
    for entry in &sent {
        let at = entry.at.to_zoned(zone.clone());
        let own = at.strftime("%a %-d %b").to_string();
        if own != day {
            let _ = writeln!(out, "{own}");
            day = own;
        }
        let about = entry.subject.as_deref().or(entry.text.as_deref()).unwrap_or_default();
        let about: String = about.lines().next().unwrap_or_default().chars().take(66).collect();
        let _ = writeln!(out, "  {}  {:<5}  {:<28}  {about}", at.strftime("%H:%M"), entry.channel, entry.to);
        if let Some(message) = overview.of(entry) {
            let _ = writeln!(out, "{:46}why: {}", "", reason(message));
        } else if entry.service_mail.is_some() {
            let _ = writeln!(out, "{:46}why: {NOTICE}", "");
        }
    }
    let _ = writeln!(out, "\nWhat was not sent, and why:\n");
    let unsent = overview.messages.values().filter(|message| message.is_unsent()).map(|message| {
        let because = if message.reason.is_empty() { String::new() } else { format!(" ({})", message.reason) };
        (message.at, message.customer.clone(), format!("{}: {}{because}", message.template.0, words::status(message.status)))
    });
    let quiet = overview.quiet.iter().map(|quiet| (quiet.at, quiet.customer.clone(), quiet.why.clone()));
    for (at, who, why) in unsent.chain(quiet).collect::<BTreeSet<_>>() {
        let _ = writeln!(out, "  {}  {who:<22}  {why}", at.to_zoned(zone.clone()).strftime("%a %e %b"));
    }
    let mut people = BTreeMap::<&str, usize>::new();
    for entry in &sent {
        *people.entry(entry.to.as_str()).or_default() += 1;
    }
    Account {
        seller: seller.to_owned(),
        messages,
        notices,
        people: people.len(),
        most: people.values().max().copied().unwrap_or_default(),
        text: out,
    }
}

/// Steps, the invoices that they were due for with what was due of each, and the workflow.
fn reason(message: &Message) -> String {
    let mut steps = BTreeMap::<&str, Vec<String>>::new();
    for line in &message.lines {
        let amount = line.amount.map(|amount| format!(" ({amount})")).unwrap_or_default();
        steps.entry(&line.step).or_default().push(format!("{}{amount}", line.number));
    }
    let parts: Vec<String> =
        steps.into_iter().map(|(step, covered)| format!("step {step} fell due for {}", covered.join(", "))).collect();
    format!("{} [{}]", parts.join("; "), message.workflows.join(", "))
}
