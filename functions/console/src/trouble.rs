//! Why there is no page, as a page: what happened, and what to do.

use issuer::NotSignedIn;
use minijinja::{Value, context, value::Serde};
use service::NotDone;

use crate::{
    outcome::{ConsolePage, ConsoleTrouble},
    posted::FormFlaws,
    sections::Section,
};

/// Where a page about trouble leads.
#[derive(Clone, Copy)]
pub(crate) struct WayOut<'a> {
    pub(crate) to: &'a str,
    pub(crate) label: &'a str,
}

/// A page about trouble. `signed_in` says whether it may lead to who they are.
pub(crate) fn page(status: u16, title: &str, why: &str, way: Option<WayOut<'_>>, signed_in: bool) -> ConsolePage {
    with_fields(status, title, why, way, (signed_in, &FormFlaws::default()))
}

fn with_fields(
    status: u16,
    title: &str,
    why: &str,
    way: Option<WayOut<'_>>,
    (signed_in, flaws): (bool, &FormFlaws),
) -> ConsolePage {
    let way = way.map(|way| context! { to => way.to, label => way.label });
    let values = context! { why, way, signed_in, fields => Value::from(Serde(&flaws.all)) };
    ConsolePage::new(Section::Own, title, "trouble", values).with_status(status)
}

/// The page of what a handler could not do. `back` is the page that it came from.
pub(crate) fn of(trouble: ConsoleTrouble, back: &str) -> ConsolePage {
    let way = |label| Some(WayOut { to: back, label });
    let not_done = match trouble {
        ConsoleTrouble::NoPage => {
            return page(404, "There is no such page", "The address leads to nothing here.", way("Back"), true);
        }
        ConsoleTrouble::NoForm(why) => {
            return page(403, "The form was not taken", &sentence(&why), way("Load the page again"), true);
        }
        ConsoleTrouble::NotDone(not_done) => not_done,
    };
    match not_done {
        NotDone::NotAllowed(why) => page(403, "You may not do this", &sentence(&why), way("Back"), true),
        NotDone::NotFound(what) => page(404, "This is not there", &sentence(&what), way("Back"), true),
        NotDone::Conflict(why) => page(409, "It cannot be done as things are", &sentence(&why), way("Look how it is now"), true),
        NotDone::Changed(why) => page(409, "Something came in between", &sentence(&why), way("Look how it is now"), true),
        NotDone::Stale(rev) => {
            let why = format!(
                "Somebody changed it while you looked at it: it is at revision {rev} now, and what you sent was not stored. Look how it is now, and \
                 change it again."
            );
            page(409, "Somebody changed it meanwhile", &why, way("Look how it is now"), true)
        }
        NotDone::Fields(flaws) => {
            let why = "Nothing of it was stored. Go back and put this right:";
            with_fields(422, "This is not right yet", why, way("Back"), (true, &FormFlaws::of(flaws)))
        }
        NotDone::Cursor => {
            let why = "This page of the list is no longer there. Begin the list again.";
            page(422, "The list has moved on", why, way("Back"), true)
        }
        NotDone::Store(error) => of_table(&error, back),
    }
}

fn of_table(error: &store::Error, back: &str) -> ConsolePage {
    let again = Some(WayOut { to: back, label: "Try again" });
    let found = match error {
        store::Error::Conflict { .. } => {
            return page(409, "Something came in between", "It changed meanwhile. Look how it is now.", again, true);
        }
        store::Error::Refused { why, .. } => return page(409, "It cannot be done as things are", &sentence(why), again, true),
        store::Error::Throttled { .. } => {
            page(503, "Busy", "There is much to do just now. Try again in some seconds.", again, true)
        }
        store::Error::Unknown { .. } => {
            let why = "It is not known whether it was done. Look how it is now; sending the same form again does nothing twice.";
            page(503, "No clear answer", why, again, true)
        }
        store::Error::Corrupt { .. } => {
            page(500, "Something does not read", "What is stored does not read. The log of the console names it.", again, true)
        }
    };
    tracing::error!(error = kit::causes(error), "a page could not be made from the table");
    found
}

/// The page of whoever is not signed in though they tried.
pub(crate) fn of_sign_in(why: &NotSignedIn) -> ConsolePage {
    let status = match why {
        NotSignedIn::Foreign | NotSignedIn::Late => 400,
        NotSignedIn::Refused(_) | NotSignedIn::Rejected(_) => 403,
        NotSignedIn::Unreachable => 503,
        NotSignedIn::NotSetUp(_) => 500,
    };
    if status >= 500 {
        tracing::error!(why = why.to_string(), "nobody can sign in at the console");
    }
    page(
        status,
        "You are not signed in",
        &sentence(&why.to_string()),
        Some(WayOut { to: "/console/sign-in", label: "Sign in" }),
        false,
    )
}

/// What a service says, as a sentence of a page.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(char::to_uppercase).into_iter().flatten().collect();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_has_a_status_and_says_what_to_do() {
        let refused = || store::Error::Refused { operation: "x", id: "y".to_owned(), why: "no".to_owned() };
        for (trouble, status) in [
            (ConsoleTrouble::NoPage, 404),
            (ConsoleTrouble::NoForm("load it again".to_owned()), 403),
            (NotDone::NotAllowed("this needs the role manager".to_owned()).into(), 403),
            (NotDone::NotFound("no customer".to_owned()).into(), 404),
            (NotDone::Conflict("no admin would be left".to_owned()).into(), 409),
            (NotDone::Changed("it kept changing".to_owned()).into(), 409),
            (NotDone::Stale(7).into(), 409),
            (NotDone::field("/name", "too long").into(), 422),
            (NotDone::Cursor.into(), 422),
            (refused().into(), 409),
        ] {
            assert_eq!(of(trouble, "/console").status, status);
        }
        assert_eq!(sentence("this needs the role manager"), "This needs the role manager.");
        assert_eq!(sentence("übrig?"), "Übrig?");
        assert_eq!(sentence(""), ".");
    }
}
