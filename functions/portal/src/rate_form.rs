//! A customer says how easy it was to settle something, once.

use minijinja::context;
use service::link_holder::{RATED_BEFORE, RatedByLink, SCORE_MAX};
use store::Result;

use crate::{
    dispute_form::wrong_words,
    form_labels::FormLabels,
    form_visit::{FormVisit, Taken, WrongFields, form_page},
    page::PortalPage,
    rate_question::how_easy,
    talk_labels::TalkLabels,
    typed::{TypedFields, shown_again},
    visit::Visit,
};

/// The fields of the form.
const FIELDS: [&str; 2] = ["score", "words"];

/// The question, what was answered to it, or what that was; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn rate(form: &FormVisit<'_>, about: &str) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let Taken::Done(true) = Taken::of(form.holder.is_settled(form.store, about).await)? else {
        return Ok(Some(PortalPage::Plain(404, visit.words)));
    };
    let (labels, forms) = (TalkLabels::of(visit.words), FormLabels::of(visit.words));
    let typed = TypedFields::of(form.request);
    let (score, words) = (typed.one("score").parse::<u8>().ok(), typed.one("words"));
    let mut wrong = WrongFields::default();
    if form.is_sent() {
        if typed.has_others(&FIELDS) {
            wrong.add("form", forms.unknown_field);
        }
        let words = (!words.is_empty()).then(|| words.to_owned());
        let asked = score.map(|score| RatedByLink { about: about.to_owned(), score, words });
        let Some(asked) = asked.filter(|_| wrong.is_empty()) else {
            if score.is_none() {
                wrong.add("score", labels.wrong_score);
            }
            return Ok(Some(shown(&visit, about, (score, typed.one("words")), &wrong)));
        };
        match Taken::of(form.holder.rate(form.store, &asked, form.now).await)? {
            Taken::Done(_) => return Ok(Some(PortalPage::See(format!("{}/rate/{about}", visit.path)))),
            Taken::Wrong(pointers) => {
                for pointer in pointers {
                    match pointer.as_str() {
                        "/score" => wrong.add("score", labels.wrong_score),
                        "/words" => wrong.add("words", wrong_words(forms, typed.one("words"))),
                        RATED_BEFORE => wrong.add("form", labels.rated_before),
                        _ => wrong.add("form", forms.not_now),
                    }
                }
            }
            Taken::Again => wrong.add("form", forms.not_now),
            Taken::Gone => return Ok(Some(PortalPage::Plain(404, visit.words))),
        }
    } else if let Some(known) = form.store.rating(form.opened.tenant, &form.opened.head.customer, about).await? {
        let says = labels.rated_says.replace("{score}", &known.score.to_string()).replace("{most}", &SCORE_MAX.to_string());
        let lines = std::iter::once(says).chain(known.words).collect::<Vec<_>>();
        return Ok(Some(form_page(&visit, "said", labels.rated, &WrongFields::default(), context! { lines })));
    }
    Ok(Some(shown(&visit, about, (score, words), &wrong)))
}

/// The question, with what was typed before and what is wrong with it.
fn shown(visit: &Visit, about: &str, (score, words): (Option<u8>, &str), wrong: &WrongFields) -> PortalPage {
    let question = how_easy(visit, about, score, &shown_again(words));
    form_page(visit, "rate", TalkLabels::of(visit.words).how_easy, wrong, context! { rate => question })
}
