//! Test messages: a text, rendered for a customer as its sender would now, to whoever asks.

use domain::{CustomerId, Settings};
use minijinja::{Value, context};
use sending::{PreviewAsked, preview};
use service::{
    Done, NotDone,
    lists::{
        PageAsked,
        customer_cards::show_cards,
        customers::{self, CustomersAsked},
    },
    templates::TextNamed,
    test_messages::{self, TestGiven},
    workflows::{PlanOf, SHOWN, plan, with_template},
};

use crate::visit::ConsoleVisit;

/// How many customers a form offers.
const OFFERED: u32 = 20;

/// Customers whose facts a test may show: those who owe most, each with its id and name.
///
/// # Errors
///
/// Those of the list.
pub(crate) async fn customers(visit: &ConsoleVisit) -> Done<Vec<Value>> {
    let asked = CustomersAsked { sort: Some("-money_at_stake".to_owned()), currency: None, q: None, owner: None };
    let page = PageAsked { limit: Some(OFFERED), cursor: None };
    let found = customers::list(visit.reading(), &visit.actor, &asked, &page).await?;
    let ids = found.rows.iter().map(|row| row.id.clone()).collect();
    let mut cards = show_cards(visit.reading(), &visit.actor, &ids).await?;
    let offered = found.rows.iter().filter_map(|row| {
        let card = cards.remove(&row.id)?;
        Some(context! { value => row.id.to_string(), label => card.name })
    });
    Ok(offered.collect())
}

/// Sends a text to whoever asks, with the facts of a customer. Whom it goes to.
///
/// # Errors
///
/// Those of `service`; [`NotDone::Conflict`] where there is no such message now.
pub(crate) async fn send(visit: &ConsoleVisit, named: TextNamed<'_>, customer: &str, settings: &Settings) -> Done<String> {
    let to = test_messages::recipient(visit.store(), &visit.actor, None).await?;
    let none = || NotDone::field("/customer", "choose the customer whose facts the message shows");
    let customer = CustomerId::parse(customer).ok_or_else(none)?;
    let (store, tenant) = (visit.store(), visit.tenant());
    let head = store.head(tenant, &customer).await?.ok_or_else(none)?;
    let first = store.workflows(tenant).await?.into_iter().next();
    let first = first.ok_or_else(|| NotDone::Conflict("no workflow is published, so nobody could be written to".to_owned()))?;
    let known = plan(store, tenant, &first.id, PlanOf::Newest).await?;
    let plan = with_template(&known, named.id, vec![named.channel]);
    let (facts, policy, _) = store.facts_policy_and_links(tenant, &head).await?;
    let asked = PreviewAsked {
        workflow: &plan,
        step: SHOWN,
        channel: Some(named.channel),
        language: Some(named.language),
        contact: None,
    };
    let made = preview(store, tenant, &facts, &policy, &asked, visit.now).await?.map_err(NotDone::Conflict)?;
    let given = TestGiven {
        customer,
        of: format!("{}/{}/{}", made.template, made.language, made.channel),
        subject: made.rendered.subject,
        text: made.rendered.text,
        html: made.rendered.html,
    };
    test_messages::request(store, &visit.actor, settings, given, to.clone(), visit.now).await?;
    Ok(to)
}
