//! How whoever came by a link is written to: their own way by the link alone, what is for all of the customer's people after a code, and a way back
//! after they stopped their mail.

use domain::{Channel, calendar::tenant_zone, word::Word};
use minijinja::{Value, context, value::Serde};
use service::{
    link_holder::ASKED_ENOUGH,
    link_preferences::{LinkPreferences, PreferencesGiven},
};
use store::Result;

use crate::{
    access_labels::AccessLabels,
    code_form::{code_needed, gate, with_status},
    confirmed::{ReturnTo, is_confirmed},
    form_labels::FormLabels,
    form_visit::{FormVisit, Taken, WrongFields, form_page},
    page::PortalPage,
    typed::{TypedFields, shown_again},
    visit::Visit,
};

/// What a form of the page changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changing {
    /// The channel that is tried first for whoever has the link.
    Channel,
    /// Language and hours of the customer.
    ForAll,
    /// That nothing more is sent to the link's address.
    Again,
}

impl Changing {
    const ALL: [Self; 3] = [Self::Channel, Self::ForAll, Self::Again];

    fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::ForAll => "all",
            Self::Again => "again",
        }
    }

    /// The fields of its form.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Channel => &["change", "channel"],
            Self::ForAll => &["change", "language", "from", "to"],
            Self::Again => &["change"],
        }
    }

    fn needs_code(self) -> bool {
        match self {
            Self::Channel => false,
            Self::ForAll | Self::Again => true,
        }
    }
}

/// The page, or what was sent from it; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table and of KMS.
pub(crate) async fn preferences(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let is_confirmed = is_confirmed(form.vault, form.request, form.found, form.now).await?;
    let typed = TypedFields::of(form.request);
    let mut wrong = WrongFields::default();
    if form.is_sent() {
        let change = Changing::ALL.into_iter().find(|change| change.as_str() == typed.one("change"));
        match change.filter(|change| !typed.has_others(change.fields())) {
            None => wrong.add("form", visit.words.wrong_text),
            Some(change) if change.needs_code() && !is_confirmed => {
                return Ok(Some(with_status(gate(form, &visit, ReturnTo::Preferences), 403)));
            }
            Some(change) => match changed(form, &visit, change, typed, &mut wrong).await? {
                // The page as it is now says what is noted.
                Some(true) => return Ok(Some(PortalPage::See(format!("{}/preferences", visit.path)))),
                Some(false) => {}
                None => return Ok(None),
            },
        }
    }
    let known = match Taken::of(form.holder.preferences(form.store, &form.found.link).await)? {
        Taken::Done(known) => known,
        Taken::Wrong(_) | Taken::Again | Taken::Gone => return Ok(None),
    };
    Ok(Some(shown_page(form, &visit, &known, is_confirmed, &wrong)))
}

/// Changes what a form says; whether it is changed, else `wrong` says why not. `None` where the customer is not there any more.
async fn changed(
    form: &FormVisit<'_>,
    visit: &Visit,
    change: Changing,
    typed: TypedFields<'_>,
    wrong: &mut WrongFields,
) -> Result<Option<bool>> {
    let labels = AccessLabels::of(visit.words);
    let done = match change {
        Changing::Channel => {
            let word = typed.one("channel");
            let channel = Channel::of_this_release(word);
            if channel.is_none() && !word.is_empty() {
                wrong.add("channel", labels.wrong_channel);
                return Ok(Some(false));
            }
            form.holder.prefer_channel(form.store, form.opened.address, channel, form.now).await
        }
        Changing::ForAll => {
            let given = PreferencesGiven {
                language: typed.one("language").to_owned(),
                from: typed.one("from").to_owned(),
                to: typed.one("to").to_owned(),
            };
            form.holder.prefer(form.store, &given, form.now).await
        }
        Changing::Again => form.holder.write_again(form.store, &form.found.link, form.now).await.map(|_| ()),
    };
    match Taken::of(done)? {
        Taken::Done(()) => return Ok(Some(true)),
        Taken::Gone => return Ok(None),
        Taken::Again => wrong.add("form", FormLabels::of(visit.words).not_now),
        Taken::Wrong(pointers) => {
            for at in pointers {
                match at.as_str() {
                    "/channel" => wrong.add("channel", labels.wrong_channel),
                    "/language" => wrong.add("language", labels.wrong_language),
                    ASKED_ENOUGH => wrong.add("form", labels.changed_too_often),
                    _ => wrong.add("from", labels.wrong_hours),
                }
            }
        }
    }
    Ok(Some(false))
}

fn shown_page(
    form: &FormVisit<'_>,
    visit: &Visit,
    known: &LinkPreferences,
    is_confirmed: bool,
    wrong: &WrongFields,
) -> PortalPage {
    let labels = AccessLabels::of(visit.words);
    let typed = TypedFields::of(form.request);
    let link = &form.found.link;
    let channels = known.channels.iter().map(|channel| {
        let chosen = known.channel == Some(*channel);
        context! { word => channel.as_str(), name => labels.channel(*channel), chosen }
    });
    // What was typed is shown again where it was wrong.
    let is_wrong = !wrong.is_empty() && typed.one("change") == Changing::ForAll.as_str();
    let shown = |name: &str, now: String| if is_wrong { shown_again(typed.one(name)) } else { now };
    let language = shown("language", known.language.clone().unwrap_or_default());
    let languages = languages(known.language.as_deref()).into_iter().map(|(tag, name)| {
        let chosen = tag == language;
        context! { tag, name, chosen }
    });
    let time = |time: jiff::civil::Time| time.strftime("%H:%M").to_string();
    let from = known.hours.map(|hours| time(hours.from)).unwrap_or_default();
    let to = known.hours.map(|hours| time(hours.to)).unwrap_or_default();
    let stopped = known.stopped_at.map(|at| {
        let day = visit.locale.date(at.to_zoned(tenant_zone(&visit.settings)).date());
        labels.stopped_since.replace("{day}", &day).replace("{address}", &link.shown)
    });
    let values = context! {
        a => Value::from(Serde(labels)),
        action => format!("{}/preferences", visit.path),
        is_confirmed,
        // To whoever entered no code the page says neither what is entered for others nor whether the address was stopped.
        stopped => stopped.filter(|_| is_confirmed),
        channels => channels.collect::<Vec<_>>(),
        any_channel => known.channel.is_none(),
        languages => is_confirmed.then(|| languages.collect::<Vec<_>>()),
        from => is_confirmed.then(|| shown("from", from)),
        to => is_confirmed.then(|| shown("to", to)),
        code => code_needed(form, visit, ReturnTo::Preferences, &labels.for_all_needs.replace("{}", &visit.customer)),
    };
    form_page(visit, "preferences", labels.preferences, wrong, values)
}

/// The languages that can be chosen: those of the pages, and the one that is entered.
fn languages(entered: Option<&str>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = AccessLabels::languages().map(|(tag, name)| (tag.to_owned(), name.to_owned())).collect();
    if let Some(other) = entered.filter(|entered| all.iter().all(|(tag, _)| tag != entered)) {
        all.push((other.to_owned(), other.to_owned()));
    }
    all
}
