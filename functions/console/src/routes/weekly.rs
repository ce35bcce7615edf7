//! The weekly mail with reports, as whoever looks would get it today.

use jiff::ToSpan;
use minijinja::{Value, context};
use service::reports::{self, ReportQuery};
use sheets::{
    weekly::{WeeklyReader, WeeklyReports, weekly_mail},
    weekly_words::WeeklyWords,
};

use crate::{
    outcome::{ConsolePage, PageResult},
    sections::Section,
    visit::ConsoleVisit,
};

/// `GET /console/reports/weekly`: the mail, of the day before today.
pub(crate) async fn show(visit: &ConsoleVisit) -> PageResult {
    let query = ReportQuery { as_of: Some(visit.formats.today().saturating_sub(1.day())), ..ReportQuery::default() };
    let [aging, dso, collected, promises] = WeeklyReports::NAMES;
    let (store, actor, now) = (visit.store(), &visit.actor, visit.now);
    let answered = WeeklyReports::of([
        reports::report(store, actor, aging, &query, now).await?,
        reports::report(store, actor, dso, &query, now).await?,
        reports::report(store, actor, collected, &query, now).await?,
        reports::report(store, actor, promises, &query, now).await?,
    ]);
    let settings = visit.settings.as_ref();
    let (amount, date) = (|minor, currency| visit.formats.amount(minor, currency), |day| visit.formats.date(day));
    let reader = WeeklyReader {
        words: WeeklyWords::of(visit.query("language"), settings.and_then(|settings| settings.language.as_deref())),
        tenant_name: settings.map_or(visit.tenant().as_str(), |settings| settings.name.as_str()),
        amount: &amount,
        date: &date,
        link: None,
    };
    let mail = weekly_mail(&answered, &reader);
    let sent = settings.and_then(|settings| settings.notices.reports.as_ref());
    let values = context! {
        html => Value::from_safe_string(mail.html),
        language => reader.words.language,
        is_without_data => answered.aging.is_without_data,
        to => sent.map(|sent| sent.to.as_str()),
        on => sent.map(|sent| format!("{:?}", sent.on)),
    };
    Ok(ConsolePage::new(Section::Reports, "Weekly mail", "weekly", values).into())
}
