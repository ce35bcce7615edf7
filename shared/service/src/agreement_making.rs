//! Agreements that people make, and what they do with them: promises, disputes, plans, pauses, money on its way.

use domain::id::digest;
use domain::{
    ActError, Agreement, AgreementAct, AgreementId, AgreementScope, CustomerId, Facts, HoldClock, HoldReason, Pause, PauseStatus,
    Settings, Stood, Terms,
    agreed::Measure,
    calendar::tenant_zone,
    proposal::{Proposal, Proposer, agreed_already, is_well_formed, propose},
    receivables::{Receivables, ReceivablesRules},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{MadeBeside, Store};

use crate::{Actor, Done, NotDone, Operation, agreements::decision_notice, billed_lines, matter, notes};

/// An agreement as a person makes it.
#[derive(Clone, Debug)]
pub struct AgreementAsked {
    /// With whom.
    pub customer: CustomerId,
    /// What is agreed.
    pub proposal: Proposal,
    /// What was asked for, as a text: two requests of the same text on one day come to agreements of different ids only where the first is stored.
    pub text: String,
    /// Why, as a note about it.
    pub why: Option<String>,
    /// The same request comes to the same agreement, also once it is over.
    pub once: Option<String>,
    /// What was found wrong already.
    pub flaws: Vec<(String, String)>,
}

/// An agreement that was made, or the same one that was made before.
#[derive(Clone, Debug)]
pub struct AgreementMade {
    /// The agreement.
    pub agreement: Agreement,
    /// Whether it is new. Of one that was there, its own note stands.
    pub is_new: bool,
    /// The note that it was made with.
    pub note: Option<String>,
}

/// Makes an agreement, with a note that says why where there is one. One that is not over, of the same kind, scope, amount and terms, is given
/// instead of a second one.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] with every flaw, and those of the table.
pub async fn make(store: &Store, actor: &Actor, asked: AgreementAsked, now: Timestamp) -> Done<AgreementMade> {
    let tenant = actor.may(Operation::MakeAgreement)?;
    let AgreementAsked { customer, proposal, text, why, once, mut flaws } = asked;
    let settings = matter::settings(store, tenant).await?;
    let facts = matter::facts(store, tenant, &customer).await?;
    let id_of = |once: &str| AgreementId::derive(&[tenant.as_str(), customer.as_str(), "agreement", once]);
    let is_known = |id: &AgreementId| facts.agreements.iter().any(|known| known.id == *id);
    let id = match &once {
        Some(once) => id_of(once),
        // Two that come at once are of one id, and only one of them is written.
        None => {
            let (day, text) = (now.strftime("%F"), digest(&[&text]));
            let fresh = (0..u16::MAX).map(|n| id_of(&format!("{day}/{text}/{n}"))).find(|id| !is_known(id));
            fresh.unwrap_or_else(|| id_of(&text))
        }
    };
    // What is wrong by itself repeats nothing, whatever it is asked by.
    let may_repeat = flaws.is_empty() && is_well_formed(&proposal);
    let proposal = billed_lines::with_lines(store, tenant, &facts, proposal).await?;
    let known = facts.agreements.iter().find(|known| known.id == id && may_repeat);
    let same = || agreed_already(&proposal, &facts, &settings, now).filter(|_| flaws.is_empty());
    if let Some(known) = known.or_else(same) {
        return Ok(AgreementMade { agreement: known.clone(), is_new: false, note: None });
    }
    let agreement = match propose(&proposal, &facts, &settings, Proposer { id: &id, by: actor.by(), now }) {
        Ok(agreement) if flaws.is_empty() => agreement,
        Ok(_) => return Err(NotDone::Fields(flaws)),
        Err(more) => {
            flaws.extend(more);
            return Err(NotDone::Fields(flaws));
        }
    };
    let note = why.map(|text| notes::why(actor, &agreement, text));
    let entry = actor.entry(Operation::MakeAgreement, now).of(id.as_str()).about(&customer).with(noted(&agreement));
    let beside = MadeBeside { why: note.as_ref(), ..MadeBeside::default() };
    match store.acting(entry).make_agreement(tenant, &customer, &agreement, beside, now).await {
        Err(store::Error::Conflict { .. }) => {
            let made = store.agreement(tenant, &customer, &id).await?;
            let made = made.ok_or_else(|| NotDone::Changed("the customer changed meanwhile; send it again".to_owned()))?;
            Ok(AgreementMade { agreement: made, is_new: false, note: None })
        }
        put => {
            put?;
            Ok(AgreementMade { agreement, is_new: true, note: note.map(|note| note.text) })
        }
    }
}

/// An act as a person asks for it.
#[derive(Clone, Debug, Default)]
pub struct ActAsked {
    /// `keep`, `cancel`, `uphold`, `reject`, `withdraw` or `release`.
    pub act: String,
    /// With `uphold`: how much of what is contested is right, minor units; all of it when left out.
    pub amount_minor: Option<i64>,
    /// With `release` of what is kept back after a refund or chargeback: the customer, as the task names it.
    pub customer: Option<String>,
}

/// Does something with an agreement. Doing again what was done changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where it is over or of another kind; those of the
/// table.
pub async fn act(store: &Store, actor: &Actor, id: &str, asked: &ActAsked, now: Timestamp) -> Done<(CustomerId, Agreement)> {
    let tenant = actor.may(Operation::ActOnAgreement)?;
    let wanted = match asked.act.as_str() {
        "keep" => AgreementAct::Keep,
        "cancel" => AgreementAct::Cancel,
        "uphold" => AgreementAct::Uphold { amount_minor: asked.amount_minor },
        "reject" => AgreementAct::Reject,
        "withdraw" => AgreementAct::Withdraw,
        "release" => AgreementAct::Release,
        _ => return Err(NotDone::NotFound("an act is keep, cancel, uphold, reject, withdraw or release".to_owned())),
    };
    if asked.amount_minor.is_some() && asked.act != "uphold" {
        return Err(NotDone::field("/amount_minor", "only for uphold; leave it out"));
    }
    let settings = matter::settings(store, tenant).await?;
    let agreement = AgreementId::parse(id).ok_or_else(none)?;
    let found = match store.whose(tenant, agreement.as_str()).await? {
        Some(customer) => store.agreement(tenant, &customer, &agreement).await?.map(|before| (customer, before)),
        None => None,
    };
    let Some((customer, before)) = found else {
        return release_taken_back(store, actor, &settings, (agreement, &wanted), asked.customer.as_deref(), now).await;
    };
    let facts = matter::facts(store, tenant, &customer).await?;
    let of = stand(&facts, &settings, &before.scope, now);
    let after = before.clone().act(&wanted, of, now).map_err(|error| match error {
        ActError::Amount => NotDone::field("/amount_minor", error.to_string()),
        ActError::OtherKind(..) | ActError::Over(_) => NotDone::Conflict(error.to_string()),
    })?;
    if after != before {
        let what = json!({ "act": asked.act, "status": { "from": before.status(), "to": after.status() } });
        let entry = actor.entry(Operation::ActOnAgreement, now).of(after.id.as_str()).about(&customer).with(what);
        let notice = decision_notice(&before, &after, now);
        store.acting(entry).change_agreement_telling(tenant, &customer, (&before, &after), notice.as_ref(), now).await?;
    }
    Ok((customer, after))
}

/// What is kept back after a refund or chargeback becomes an agreement when a person lets it go.
async fn release_taken_back(
    store: &Store,
    actor: &Actor,
    settings: &Settings,
    (id, wanted): (AgreementId, &AgreementAct),
    customer: Option<&str>,
    now: Timestamp,
) -> Done<(CustomerId, Agreement)> {
    let tenant = actor.may(Operation::ActOnAgreement)?;
    let customer = customer.and_then(CustomerId::parse).ok_or_else(none)?;
    let (facts, zone) = (matter::facts(store, tenant, &customer).await?, tenant_zone(settings));
    let receivables = Receivables::at(&facts, ReceivablesRules::of(settings, &zone), now);
    let taken = receivables.taken_back.iter().find(|taken| taken.id == id).ok_or_else(none)?;
    if *wanted != AgreementAct::Release {
        let why = "what is kept back after a refund or chargeback is only released";
        return Err(NotDone::Conflict(why.to_owned()));
    }
    let reason = match taken.kind {
        domain::ReversalKind::Refund => HoldReason::Refund,
        domain::ReversalKind::Chargeback => HoldReason::Chargeback,
        domain::ReversalKind::Later(word) => HoldReason::Later(word.to_string()),
    };
    let agreement = Agreement {
        id,
        terms: Terms::Pause(Pause { reason, ends_with: None, of: Vec::new(), status: PauseStatus::Ended }),
        scope: AgreementScope::Invoices(taken.of.iter().map(|(invoice, _)| invoice.clone()).collect()),
        amount_minor: Some(taken.of.iter().map(|(_, minor)| *minor).fold(0, i64::saturating_add)),
        clock: HoldClock::Freeze,
        made_at: now,
        from_at: now,
        until_on: None,
        ended_at: Some(now),
        status_at: now,
        by: actor.by().to_owned(),
        folded: Vec::new(),
    };
    let what = json!({ "act": "release", "amount_minor": agreement.amount_minor });
    let entry = actor.entry(Operation::ActOnAgreement, now).of(agreement.id.as_str()).about(&customer).with(what);
    store.acting(entry).put_agreement(tenant, &customer, None, &agreement, now).await?;
    Ok((customer, agreement))
}

fn none() -> NotDone {
    NotDone::NotFound("there is no such agreement".to_owned())
}

fn stand(facts: &Facts, settings: &Settings, scope: &AgreementScope, now: Timestamp) -> Vec<Stood> {
    let zone = tenant_zone(settings);
    let receivables = Receivables::at(facts, ReceivablesRules::of(settings, &zone), now);
    Measure::of(facts, &receivables.items, &zone, now).stand(scope)
}

/// What an agreement says, by its kind: `pays_on`, `way`, `expected_on`, `reason`, `parts`.
pub fn terms_shown(agreement: &Agreement) -> Value {
    let mut terms = json!(agreement.terms);
    if let Some(terms) = terms.as_object_mut() {
        terms.remove("kind");
        terms.remove("status");
        // What it measures itself by is its own affair.
        terms.remove("of");
        // Its words are its source's, and stand by themselves.
        terms.remove("line");
    }
    terms
}

/// What an agreement speaks of: `"customer"`, `{"case": "EUR"}`, `{"balance": …}`, `{"invoice": "inv_…"}` or `{"invoices": […]}`.
pub fn scope_shown(scope: &AgreementScope) -> Value {
    match scope {
        AgreementScope::Customer => json!("customer"),
        AgreementScope::Case(currency) => json!({ "case": currency }),
        AgreementScope::Balance(balance) => json!({ "balance": balance }),
        AgreementScope::Invoices(all) => match all.as_slice() {
            [one] => json!({ "invoice": one }),
            several => json!({ "invoices": several }),
        },
        AgreementScope::Later(scope) => scope.clone(),
    }
}

/// What the audit says of an agreement that is made: what was agreed; of the parts of a plan, how many there are.
fn noted(agreement: &Agreement) -> Value {
    let mut terms = terms_shown(agreement);
    if let Some(parts) = terms.get_mut("parts") {
        *parts = json!(parts.as_array().map_or(0, Vec::len));
    }
    let (kind, scope) = (agreement.kind(), scope_shown(&agreement.scope));
    let mut what = json!({
        "kind": kind, "scope": scope, "amount_minor": agreement.amount_minor, "until_on": agreement.until_on, "terms": terms,
    });
    if let Some(line) = agreement.disputed_line() {
        // Its place alone: the words of a line may be about somebody, and the audit is kept for good.
        what["line"] = json!(line.position);
    }
    what
}
