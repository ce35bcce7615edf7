//! Which pauses rest on a class that a model chose: an explanation of now says so.

use domain::{Agreement, CustomerId, Facts, ReplyId, TenantId};
use store::{Result, Store};

/// Most answers that are looked at: no more of them make pauses at a time.
const ANSWERS_MAX: usize = 5;

/// A sentence for each running pause that an answer made of which a model chose the class.
///
/// # Errors
///
/// Those of reading.
pub(super) async fn by_models(store: &Store, tenant: &TenantId, customer: &CustomerId, facts: &Facts) -> Result<Vec<String>> {
    let is_pause = |agreement: &&Agreement| agreement.runs() && agreement.kind() == "pause";
    let pauses = facts.agreements.iter().filter(is_pause);
    let made: Vec<(&Agreement, ReplyId)> =
        pauses.filter_map(|pause| Some((pause, ReplyId::parse(&pause.by)?))).take(ANSWERS_MAX).collect();
    let mut said = Vec::new();
    for (pause, id) in made {
        let Some(reply) = store.reply(tenant, customer, &id).await? else { continue };
        if let Some(chosen) = &reply.read.chosen_by {
            said.push(format!(
                "The pause {} was made by answer {id}. A model ({}) chose its class, {}; the rules held it for {}, unclear.",
                pause.id, chosen.model, chosen.class, chosen.instead_of
            ));
        }
    }
    Ok(said)
}
