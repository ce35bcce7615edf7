//! "Not for me, write to …": whoever a link was sent to says who is to be written to instead. A person decides.

use minijinja::{Value, context, value::Serde};
use service::{
    link_contacts::{EMAIL, NAME, PersonNamed, SaidOfPeople},
    link_holder::{ASKED_A_DAY_MAX, ASKED_ENOUGH, WORDS_MAX},
};
use store::Result;

use crate::{
    access_labels::AccessLabels,
    dispute_form::wrong_words,
    form_labels::FormLabels,
    form_visit::{FormVisit, Taken, WrongFields, form_page},
    page::PortalPage,
    typed::{TypedFields, shown_again},
    visit::Visit,
};

/// The fields of the form.
const FIELDS: [&str; 3] = ["name", "email", "words"];
/// An address as an example.
const EXAMPLE: &str = "ap@example.com";

/// The form, or what was sent with it; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn not_for_me(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let typed = TypedFields::of(form.request);
    let mut wrong = WrongFields::default();
    if form.is_sent() {
        if typed.has_others(&FIELDS) {
            wrong.add("form", visit.words.wrong_text);
        } else {
            let said = SaidOfPeople::NotForMe(person(typed));
            if let Some(page) = say(form, &visit, &said, typed, &mut wrong).await? {
                return Ok(page);
            }
        }
    }
    let labels = AccessLabels::of(visit.words);
    let values = context! {
        a => Value::from(Serde(labels)),
        action => format!("{}/not-for-me", visit.path),
        ..named_again(&visit, typed)
    };
    Ok(Some(form_page(&visit, "not_for_me", labels.not_for_me, &wrong, values)))
}

/// Whom a form names.
pub(crate) fn person(typed: TypedFields<'_>) -> PersonNamed {
    PersonNamed { name: typed.one("name").to_owned(), email: typed.one("email").to_owned() }
}

/// What a form that names somebody shows again.
pub(crate) fn named_again(visit: &Visit, typed: TypedFields<'_>) -> Value {
    context! {
        name => shown_again(typed.one("name")),
        email => shown_again(typed.one("email")),
        words => shown_again(typed.one("words")),
        words_hint => FormLabels::of(visit.words).in_words_hint.replace("{}", &WORDS_MAX.to_string()),
    }
}

/// Says something of people; the page that it leads to, and `None` within where the link opens nothing. Nothing where `wrong` says why it was not
/// taken.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn say(
    form: &FormVisit<'_>,
    visit: &Visit,
    said: &SaidOfPeople,
    typed: TypedFields<'_>,
    wrong: &mut WrongFields,
) -> Result<Option<Option<PortalPage>>> {
    let words = typed.one("words");
    let done = form.holder.say_of_people(form.store, said, form.opened.address, words, form.now).await;
    let (labels, access) = (FormLabels::of(visit.words), AccessLabels::of(visit.words));
    match Taken::of(done)? {
        Taken::Done(made) => return Ok(Some(Some(PortalPage::See(format!("{}/write?made={made}", visit.path))))),
        Taken::Gone => return Ok(Some(None)),
        Taken::Again => wrong.add("form", labels.not_now),
        Taken::Wrong(pointers) => {
            for at in pointers {
                match at.as_str() {
                    NAME if typed.one("name").is_empty() => wrong.add("name", access.no_name),
                    NAME => wrong.add("name", access.wrong_name),
                    EMAIL => wrong.add("email", access.wrong_email.replace("{}", EXAMPLE)),
                    "/contact" => wrong.add("form", access.wrong_contact),
                    "/words" => wrong.add("words", wrong_words(labels, words)),
                    ASKED_ENOUGH => wrong.add("form", labels.too_often.replace("{}", &ASKED_A_DAY_MAX.to_string())),
                    _ => wrong.add("form", labels.not_now),
                }
            }
        }
    }
    Ok(None)
}
