//! What the worklist is asked for by: whose work, of which kind, in which order. The choices of its form, and the views that somebody keeps.

use domain::{TaskKind, word::Word};
use form_urlencoded::Serializer;
use serde::Serialize;
use service::{Done, NotDone, Operation, lists::tasks::TasksAsked, members, saved_views, teams};
use store::SavedView;

use crate::{sections::Section, visit::ConsoleVisit};

/// Whose work is nobody's in particular.
pub(crate) const EVERYBODY: &str = "all";
/// The orders, and what pages call them.
const ORDERS: [(&str, &str); 2] = [("money_at_stake", "Money at stake"), ("age", "Oldest first")];

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ListedChoice {
    pub(crate) value: String,
    pub(crate) label: String,
}

impl ListedChoice {
    pub(crate) fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// What the worklist is asked for by, as an address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct WorkAsked {
    /// A subject or team, [`EVERYBODY`], or empty where nothing is said.
    pub(crate) whose: String,
    /// A kind, `exception`, or empty.
    pub(crate) kind: String,
    /// To whom it is given, or empty.
    pub(crate) to: String,
    /// `age` or `money_at_stake`.
    pub(crate) sort: String,
}

impl WorkAsked {
    /// As the address of a page says it, by money where it says no order.
    pub(crate) fn of(visit: &ConsoleVisit) -> Self {
        let own = |name: &str| visit.query(name).unwrap_or_default().to_owned();
        let sort = visit.query("sort").unwrap_or("money_at_stake").to_owned();
        Self { whose: own("whose"), kind: own("kind"), to: own("to"), sort }
    }

    /// The same for whom the page says.
    pub(crate) fn of_whom(self, whose: &str) -> Self {
        Self { whose: whose.to_owned(), ..self }
    }

    /// As `service` is asked.
    pub(crate) fn tasks(&self) -> TasksAsked {
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        TasksAsked {
            sort: said(&self.sort),
            kind: said(&self.kind),
            to: said(&self.to),
            whose: said(&self.whose).filter(|whose| whose != EVERYBODY),
        }
    }
}

/// A word of ours as a page writes it: `customer_asked` is `Customer asked`.
pub(crate) fn label_of(word: &str) -> String {
    let words = word.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Kinds of work to choose from.
pub(crate) fn kind_choices() -> Vec<ListedChoice> {
    let fixed = [ListedChoice::new("", "Every kind"), ListedChoice::new("exception", "Exceptions")];
    fixed.into_iter().chain(TaskKind::WORDS.iter().map(|word| ListedChoice::new(*word, label_of(word)))).collect()
}

/// Orders to choose from.
pub(crate) fn order_choices() -> Vec<ListedChoice> {
    ORDERS.iter().map(|(word, label)| ListedChoice::new(*word, *label)).collect()
}

/// Members and teams that work may be given to: whoever looks first.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn people_choices(visit: &ConsoleVisit) -> Done<Vec<ListedChoice>> {
    let me = visit.actor.by();
    let mut people = Vec::new();
    if !me.is_empty() {
        people.push(ListedChoice::new(me, "Me"));
    }
    if visit.may(Operation::ListMembers) {
        for member in members::list(visit.store(), &visit.actor, false).await?.into_iter().filter(|member| member.subject != me) {
            let label = member.name.or(member.email).unwrap_or_else(|| member.subject.clone());
            people.push(ListedChoice::new(member.subject, label));
        }
    }
    match teams::list(visit.store(), &visit.actor, visit.now).await {
        Ok(teams) => {
            people.extend(teams.into_iter().map(|team| ListedChoice::new(team.name.clone(), format!("Team {}", team.name))))
        }
        // A tenant without settings has no teams.
        Err(NotDone::NotFound(_)) => {}
        Err(other) => return Err(other),
    }
    Ok(people)
}

/// A view that somebody keeps, as a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ViewLink {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) is_current: bool,
}

/// The views of whoever looks.
///
/// # Errors
///
/// Those of reading.
pub(crate) async fn view_links(visit: &ConsoleVisit) -> Done<Vec<ViewLink>> {
    let here = visit.request.address();
    let link = |view: SavedView| {
        let address = address_of(&view);
        ViewLink { name: view.name, is_current: address == here, address }
    };
    Ok(saved_views::list(visit.store(), &visit.actor).await?.views.into_iter().map(link).collect())
}

/// Where a view is shown.
pub(crate) fn address_of(view: &SavedView) -> String {
    let section = if view.of == "customers" { Section::Customers } else { Section::Tasks };
    let query = Serializer::new(String::new()).extend_pairs(view.asked.iter()).finish();
    if query.is_empty() { section.path().to_owned() } else { format!("{}?{query}", section.path()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_not_asked() {
        let asked = WorkAsked { sort: "age".to_owned(), ..WorkAsked::default() };
        let tasks = asked.clone().of_whom(EVERYBODY).tasks();
        assert_eq!((tasks.sort.as_deref(), tasks.kind, tasks.to, tasks.whose), (Some("age"), None, None, None));
        assert_eq!(asked.of_whom("robin").tasks().whose.as_deref(), Some("robin"));
    }

    #[test]
    fn a_view_leads_to_its_list() {
        let view = |of: &str, asked: &[(&str, &str)]| SavedView {
            name: "A".to_owned(),
            of: of.to_owned(),
            asked: asked.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        assert_eq!(address_of(&view("tasks", &[])), "/console/tasks");
        let long = view("customers", &[("sort", "-overdue"), ("owner", "a b")]);
        assert_eq!(address_of(&long), "/console/customers?owner=a+b&sort=-overdue");
    }

    #[test]
    fn words_are_written_as_people_do() {
        assert_eq!((label_of("customer_asked").as_str(), label_of("")), ("Customer asked", String::new()));
    }
}
