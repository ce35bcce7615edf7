//! Publishing the draft of a workflow: to all or a share of cases, with what becomes of running ones, by two people where the tenant says so; giving
//! a version to more cases; and the way back.

use domain::workflow::{Finding, Migration};
use minijinja::{Value, context, value::Serde};
use service::{
    NotDone, published_workflows,
    workflows::{self, PublishGiven, PublishOutcome},
};

use super::workflow_draft::address;
use crate::{
    draft_view::DraftRemark,
    outcome::{ConsolePage, ConsoleReply, PageResult},
    posted::{FormFlaws, Posted},
    sections::Section,
    text_prover::texts,
    visit::ConsoleVisit,
    what_changed,
    workflow_paths::{draft_if_any, workflow_id},
};

/// What the names of the fields begin with that say what becomes of a step.
const OF_STEP: &str = "migration.";

/// `GET /console/workflows/{id}/publish`.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    let found = match draft_if_any(visit, id).await? {
        Some(_) => workflows::validate(visit.store(), &visit.actor, id, None, texts).await?,
        None => Vec::new(),
    };
    page(visit, id, found, Vec::new(), 200).await
}

async fn page(visit: &ConsoleVisit, id: &str, found: Vec<Finding>, flaws: Vec<(String, String)>, status: u16) -> PageResult {
    let draft = draft_if_any(visit, id).await?;
    let current = match published_workflows::show(visit.store(), &visit.actor, id).await {
        Ok(known) => Some(known),
        Err(NotDone::NotFound(_)) if draft.is_some() => None,
        Err(why) => return Err(why.into()),
    };
    let shared = current.as_ref().filter(|known| known.state.is_shared()).map(|known| known.state.share);
    let errors = found.iter().filter(|finding| finding.refuses()).count();
    let remarks: Vec<DraftRemark> = found.into_iter().map(DraftRemark::found).collect();
    let old = current.as_ref().map(|known| &known.workflow);
    let new = draft.as_ref().map(|draft| &draft.workflow);
    let (changes, gone) = match (old, new) {
        (Some(old), Some(new)) => (what_changed::between(old, new), what_changed::vanished(old, new)),
        (Some(_), None) | (None, _) => (Vec::new(), Vec::new()),
    };
    let steps: Vec<String> = new.iter().flat_map(|workflow| &workflow.steps).map(|step| step.id.clone()).collect();
    let asked = draft.as_ref().and_then(|draft| draft.asked.as_ref()).map(|asked| {
        let is_own = asked.by == visit.actor.by();
        context! {
            by => asked.by.as_str(), at => visit.formats.from_now(asked.at), share => asked.share, is_own,
            moves => asked.migration.is_some(),
        }
    });
    let name = new.or(old).map_or(id, |workflow| workflow.name.as_str());
    let posted = visit.posted();
    let values = context! {
        id,
        has_draft => draft.is_some(),
        is_new => current.is_none(),
        version => current.as_ref().map_or(0, |known| known.state.version),
        shared,
        errors,
        remarks => Value::from(Serde(&remarks)),
        changes_rows => Value::from(Serde(&changes)),
        gone,
        steps,
        asked,
        takes_two => visit.settings.as_ref().is_some_and(|settings| settings.publishing.two_people),
        typed => Value::from(Serde(&posted.typed())),
        flaws => Value::from(Serde(&FormFlaws::of(flaws))),
    };
    let title = format!("Publish {name}");
    Ok(ConsolePage::new(Section::Workflows, title, "publish", values).with_status(status).into())
}

/// `POST /console/workflows/{id}/publish`.
pub(crate) async fn publish(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    let given = match given(visit.posted()) {
        Ok(given) => given,
        Err(flaws) => return page(visit, id, Vec::new(), flaws, 422).await,
    };
    match workflows::publish(visit.store(), &visit.actor, id, &given, texts, visit.now).await {
        Ok(PublishOutcome::Refused(found)) => page(visit, id, found, Vec::new(), 422).await,
        Ok(PublishOutcome::Asked { asked, .. }) => {
            let said = format!("The publishing to {} of 100 cases is asked for. Another person has to publish it.", asked.share);
            Ok(ConsoleReply::done(address(id), said))
        }
        Ok(PublishOutcome::Published { version, share, .. }) => {
            let said = format!("Version {version} is published, for {share} of 100 cases.");
            Ok(ConsoleReply::done(format!("/console/workflows/{id}"), said))
        }
        Err(NotDone::Fields(flaws)) => page(visit, id, Vec::new(), flaws, 422).await,
        Err(why) => Err(why.into()),
    }
}

/// How the form has it published.
fn given(posted: Posted<'_>) -> Result<PublishGiven, Vec<(String, String)>> {
    let share = match posted.text("share").map(str::parse) {
        None => None,
        Some(Ok(share)) => Some(share),
        Some(Err(_)) => return Err(vec![("/share".to_owned(), "a share is a whole number, 1 to 100".to_owned())]),
    };
    Ok(PublishGiven { share, migration: migration_of(posted) })
}

/// What a form says of running cases: what becomes of steps that are gone, where they move; `None` where they stay.
pub(crate) fn migration_of(posted: Posted<'_>) -> Option<Migration> {
    let named = posted.typed();
    let steps = named.iter().filter_map(|(name, heir)| {
        let heir = heir.trim();
        Some((name.strip_prefix(OF_STEP)?.to_owned(), Some(heir.to_owned()).filter(|heir| !heir.is_empty())))
    });
    (posted.text("cases") == Some("move")).then(|| steps.collect())
}

/// `POST /console/workflows/{id}/rollback`.
pub(crate) async fn roll_back(visit: &ConsoleVisit) -> PageResult {
    let id = workflow_id(visit)?;
    let to = match visit.posted().text("to").map(str::parse) {
        None => None,
        Some(Ok(to)) => Some(to),
        Some(Err(_)) => return Err(NotDone::field("/to", "a version is a whole number, from 1").into()),
    };
    let version = workflows::roll_back(visit.store(), &visit.actor, id, to, visit.now).await?;
    let said = format!("It is rolled back: version {version} is in force for all cases.");
    Ok(ConsoleReply::done(format!("/console/workflows/{id}"), said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&str, &str)]) -> Result<PublishGiven, Vec<(String, String)>> {
        let fields: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        given(Posted::of(&fields))
    }

    #[test]
    fn running_cases_move_only_where_that_is_chosen() {
        let map = [("migration.old", "new"), ("migration.gone", ""), ("share", "10")];
        assert_eq!(of(&map).unwrap(), PublishGiven { share: Some(10), migration: None });
        let moved = of(&[&map[..], &[("cases", "move")]].concat()).unwrap();
        let expected = Migration::from([("old".to_owned(), Some("new".to_owned())), ("gone".to_owned(), None)]);
        assert_eq!(moved, PublishGiven { share: Some(10), migration: Some(expected) });
        assert_eq!(of(&[]).unwrap(), PublishGiven::default());
        assert_eq!(of(&[("share", "many")]).unwrap_err()[0].0, "/share");
    }
}
