//! The views that somebody keeps: a filter and an order under a name.

use std::collections::BTreeMap;

use service::{NotDone, saved_views};
use store::SavedView;

use crate::{
    outcome::{ConsoleReply, PageResult},
    sections::Section,
    visit::ConsoleVisit,
    work_asked::{EVERYBODY, address_of},
};

/// What a form of views holds beside what its list is asked for by.
const OWN: [&str; 4] = ["form_token", "once", "name", "of"];

/// `POST /console/views`: keeps one, in the place of one of the same name.
pub(crate) async fn keep(visit: &ConsoleVisit) -> PageResult {
    let posted = visit.posted();
    let (Some(name), Some(of)) = (posted.owned("name"), posted.owned("of")) else {
        return Err(NotDone::field("/name", "a view has a name").into());
    };
    let asked: BTreeMap<String, String> = posted
        .typed()
        .into_iter()
        .filter(|(field, value)| !OWN.contains(field) && !value.trim().is_empty() && (*field, *value) != ("whose", EVERYBODY))
        .map(|(field, value)| (field.to_owned(), value.trim().to_owned()))
        .collect();
    let view = SavedView { name, of, asked };
    let (address, said) = (address_of(&view), format!("The view '{}' is kept.", view.name));
    let mut known = saved_views::list(visit.store(), &visit.actor).await?;
    known.views.retain(|other| other.name != view.name);
    known.views.push(view);
    saved_views::save(visit.store(), &visit.actor, known, visit.now).await?;
    Ok(ConsoleReply::done(address, said))
}

/// `POST /console/views/remove`: takes one away.
pub(crate) async fn remove(visit: &ConsoleVisit) -> PageResult {
    let name = visit.posted().owned("name").unwrap_or_default();
    let mut known = saved_views::list(visit.store(), &visit.actor).await?;
    let before = known.views.len();
    known.views.retain(|view| view.name != name);
    if known.views.len() == before {
        return Err(NotDone::NotFound("there is no view of this name any more".to_owned()).into());
    }
    saved_views::save(visit.store(), &visit.actor, known, visit.now).await?;
    Ok(ConsoleReply::done(Section::Tasks.path(), format!("The view '{name}' is gone.")))
}
