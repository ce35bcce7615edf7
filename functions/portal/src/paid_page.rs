//! How a payment stands that was begun here, as a page: as it is stored. That somebody comes back to it proves nothing.

use domain::{Basket, BasketStatus, Money, basket::TRANSFER};
use jiff::Timestamp;
use minijinja::{Value, context, value::Serde};

use crate::{
    document_labels::DocumentLabels,
    how_to_pay::lines,
    page::{Look, PortalPage},
    pay_labels::PayLabels,
    pay_page::moment,
    transfer_page::{reference_of, transfer_of},
    visit::Visit,
};

/// How long a browser waits before it asks again, in seconds.
const AGAIN_AFTER_S: u32 = 10;
/// How often it asks again by itself.
const AGAIN_MAX: u32 = 12;

/// What a page says of a basket.
struct Said {
    title: &'static str,
    text: &'static str,
    /// Whether its payer may still act.
    is_open: bool,
}

/// The page; `seen` is how often a browser asked for it by itself, `has_come` says whether what a transfer was to pay was paid, whoever named it;
/// `rate` is the question how easy it was, where it is put.
pub(crate) fn shown(
    visit: &Visit,
    labels: &'static PayLabels,
    basket: &Basket,
    (seen, has_come): (u32, bool),
    rate: Option<Value>,
    now: Timestamp,
) -> PortalPage {
    let is_transfer = is_transfer(basket);
    let said = if has_come && is_waiting(basket, now) {
        Said { title: labels.settled, text: labels.settled_text, is_open: false }
    } else {
        said(labels, basket, is_transfer, now)
    };
    let keeps = keeps(basket, now) && !has_come;
    let tenant = visit.settings.name_of(&basket.legal_entity).to_owned();
    let money = |minor: i64| visit.locale.money(Money::from_minor(minor, basket.currency));
    let rows: Vec<(String, String)> =
        basket.lines.iter().map(|line| (format!("{} {}", labels.invoice, line.number), money(line.amount_minor))).collect();
    let shows = is_transfer && said.is_open;
    let transfer = if shows { transfer_of(visit, labels, basket) } else { None };
    // Where no account is named for the currency, the tenant's own words say where to.
    let particulars = visit.settings.payment_details_of(&basket.legal_entity).filter(|_| shows && transfer.is_none()).map(lines);
    let reference = if shows && transfer.is_none() { reference(basket) } else { None };
    let arrived =
        (basket.received_minor > 0 && basket.received_minor != basket.asked_minor()).then(|| money(basket.received_minor));
    let may_pay_again = matches!(basket.standing(now), BasketStatus::Failed | BasketStatus::Expired | BasketStatus::Cancelled);
    let here = format!("{}/paid/{}", visit.path, basket.id);
    let values = context! {
        title => format!("{} – {tenant}", said.title),
        tenant => tenant.as_str(),
        sent_by => visit.words.sent_by.replace("{}", &tenant),
        back => visit.path.as_str(),
        p => Value::from(Serde(labels)),
        heading => said.title,
        text => said.text,
        rows => Value::from(Serde(&rows)),
        total => money(basket.asked_minor()),
        way => labels.way_by(&basket.way, &basket.provider),
        arrived,
        until => keeps.then(|| moment(visit, basket.expires_at)),
        reference,
        account => transfer.as_ref().map(|transfer| Value::from(Serde(&transfer.rows))),
        as_text => transfer.as_ref().map(|transfer| transfer.text.as_str()),
        // It is made here, of nothing but squares.
        code => transfer.as_ref().and_then(|transfer| Some(Value::from_safe_string(transfer.code.as_ref()?.0.clone()))),
        code_says => transfer.as_ref().and_then(|transfer| Some(transfer.code.as_ref()?.1.as_str())),
        particulars => Value::from(Serde(&particulars)),
        pay_url => basket.pay_url.as_deref().filter(|_| said.is_open),
        give_up => said.is_open.then(|| format!("{here}/cancel")),
        again => here.as_str(),
        waits => keeps && !is_transfer,
        pay_again => format!("{}/pay", visit.path),
        receipt => has_receipt(basket, now).then(|| format!("{here}.pdf")),
        receipt_label => DocumentLabels::of(visit.words.language).receipt,
        may_pay_again => may_pay_again && !has_come,
        rate,
    };
    let look = Look::of(&visit.settings.brand);
    let look = if basket.standing(now) == BasketStatus::Begun && said.is_open && !is_transfer && seen < AGAIN_MAX {
        look.asking_again(AGAIN_AFTER_S, format!("{here}?seen={}", seen + 1))
    } else {
        look
    };
    PortalPage::Filled { status: 200, template: "paid", words: visit.words, look, values }
}

/// Whether there is a receipt of it: its money came here, and was not all given back. Of what the books alone tell, no payment is known by its id.
pub(crate) fn has_receipt(basket: &Basket, now: Timestamp) -> bool {
    basket.standing(now) == BasketStatus::Paid && basket.received_minor > 0 && !basket.receipts.is_empty()
}

/// Whether a basket is paid by the payer's own bank.
pub(crate) fn is_transfer(basket: &Basket) -> bool {
    basket.pay_url.is_none() && basket.provider == TRANSFER
}

/// Whether nobody knows of money of a basket, and nobody gave it up.
pub(crate) fn is_waiting(basket: &Basket, now: Timestamp) -> bool {
    matches!(basket.standing(now), BasketStatus::Begun | BasketStatus::Expired)
}

/// Whether it keeps its amounts back.
fn keeps(basket: &Basket, now: Timestamp) -> bool {
    !basket.status.is_over() && now < basket.expires_at
}

fn said(labels: &PayLabels, basket: &Basket, is_transfer: bool, now: Timestamp) -> Said {
    let over = |title, text| Said { title, text, is_open: false };
    match basket.standing(now) {
        BasketStatus::Begun if is_transfer => Said { title: labels.transfer_title, text: labels.transfer_text, is_open: true },
        BasketStatus::Begun => Said { title: labels.waiting, text: labels.waiting_text, is_open: true },
        BasketStatus::Pending | BasketStatus::Later(_) => over(labels.on_its_way, labels.on_its_way_text),
        BasketStatus::Paid => over(labels.received, labels.received_text),
        BasketStatus::Failed => over(labels.failed, labels.failed_text),
        BasketStatus::Expired | BasketStatus::Cancelled => over(labels.over, labels.over_text),
        BasketStatus::Refunded | BasketStatus::ChargedBack => over(labels.given_back, labels.given_back_text),
    }
}

/// The reference of a transfer as people type it.
fn reference(basket: &Basket) -> Option<String> {
    let stored = basket.provider_id.as_deref()?;
    Some(reference_of(basket).map_or_else(|| stored.to_owned(), |reference| reference.shown()))
}
