//! The weekly mail with reports, to whom the settings name: once each, as of the day before, and not before that day is closed.

use std::{collections::BTreeMap, sync::Arc};

use channels::{ChannelClient, Outgoing, Rendered, SendError, Thread, channel::set_mailbox, locale::Locale};
use domain::{
    Channel, Currency, CustomerId, MessageId, Money, Settings, TenantId,
    calendar::tenant_zone,
    notice::{NOTICE_PEOPLE_MAX, NoticeMember, NoticePeople, why_not},
};
use jiff::{Timestamp, ToSpan, civil::Date};
use service::{
    Actor, StaffRole,
    reports::{self, ReportQuery},
};
use sheets::{
    weekly::{WeeklyMail, WeeklyReader, WeeklyReports, weekly_mail},
    weekly_words::WeeklyWords,
};
use store::Store;

/// Whom reports are read as: whoever gets the mail is a member, who may read them.
const BY: &str = "report";

/// What the mails are sent with.
pub(crate) struct WeeklyDesk {
    pub(crate) mail: Arc<dyn ChannelClient>,
    /// Where people look at reports, without a slash at the end; `None` where there is no such page.
    pub(crate) console_url: Option<String>,
}

impl WeeklyDesk {
    /// Sends the mails of today, where it is the day and they did not leave yet: how many left, and when there is next something to do.
    ///
    /// # Errors
    ///
    /// Those of the table; what becomes of one mail holds up no other.
    pub(crate) async fn send(&self, store: &Store, tenant: &TenantId, now: Timestamp) -> anyhow::Result<(u64, Timestamp)> {
        const NOTHING: (u64, Timestamp) = (0, Timestamp::MAX);
        let Some(settings) = store.settings(tenant).await?.map(|found| found.value) else { return Ok(NOTHING) };
        let zone = tenant_zone(&settings);
        let Some((reports, at)) = settings.notices.reports_at(&zone, now) else { return Ok(NOTHING) };
        if why_not(settings.mode, settings.paused, settings.training, false).is_some() {
            return Ok(NOTHING);
        }
        if at > now {
            return Ok((0, at));
        }
        let today = at.to_zoned(zone).date();
        let day = today.saturating_sub(1.day());
        if !store.reports_place(tenant).await?.is_some_and(|place| place.has(day)) {
            return Ok((0, now));
        }
        if let Some(why) = no_sender(store, tenant, &settings).await? {
            tracing::warn!(tenant.id = %tenant, reason = why, "the weekly mail with reports cannot leave");
            return Ok(NOTHING);
        }
        let members = members(store, tenant).await?;
        let away: BTreeMap<String, String> = store
            .absences(tenant)
            .await?
            .into_iter()
            .filter(|away| away.from_on <= today && today <= away.until_on)
            .map(|away| (away.subject, away.stand_in))
            .collect();
        let people = NoticePeople { members: &members, teams: &settings.teams, away: &away, owner: None };
        let (mut told, mut sent): (Option<WeeklyReports>, u64) = (None, 0);
        for subject in people.named(&reports.to).into_iter().take(NOTICE_PEOPLE_MAX) {
            let Some(to) = people.email(subject) else { continue };
            if !store.take_report_mail(tenant, today, subject, now).await? {
                continue;
            }
            if told.is_none() {
                match answered(store, tenant, day, now).await {
                    Ok(read) => told = Some(read),
                    Err(error) => {
                        store.give_report_mail_back(tenant, today, subject).await?;
                        return Err(error);
                    }
                }
            }
            let Some(told) = &told else { continue };
            let mail = self.mail_of(told, &settings, people.language(subject));
            let id = [tenant.as_str(), &today.to_string(), subject].join("/");
            sent += u64::from(self.leave((store, tenant, &settings), (today, subject), (to, &id), mail).await?);
        }
        Ok((sent, Timestamp::MAX))
    }

    fn mail_of(&self, answered: &WeeklyReports, settings: &Settings, language: Option<&str>) -> WeeklyMail {
        let words = WeeklyWords::of(language, settings.language.as_deref());
        let locale = Locale::of(words.language, Some(&settings.country));
        let amount = |minor: i64, currency: Currency| locale.money(Money::from_minor(minor, currency));
        let date = |day: Date| locale.date(day);
        let link = self.console_url.as_ref().map(|url| format!("{url}/reports"));
        let tenant_name = settings.name_of("");
        weekly_mail(answered, &WeeklyReader { words, tenant_name, amount: &amount, date: &date, link: link.as_deref() })
    }

    /// Calls once; whether it was taken.
    async fn leave(
        &self,
        (store, tenant, settings): (&Store, &TenantId, &Settings),
        (today, subject): (Date, &str),
        (to, id): (&str, &str),
        mail: WeeklyMail,
    ) -> anyhow::Result<bool> {
        let html = format!(
            "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"></head><body>{}</body></html>",
            mail.html
        );
        let outgoing = Outgoing {
            tenant: tenant.clone(),
            // No customer and no message of a decision are so called: what SES says of it later is about nothing that is known.
            customer: CustomerId::derive(&["weekly", tenant.as_str()]),
            message: MessageId::derive(&["weekly", id]),
            number: 0,
            service_mail: None,
            from: set_mailbox(settings.sender_of("", Channel::Email).unwrap_or_default(), settings.name_of("")),
            to: to.to_owned(),
            reply_to: Vec::new(),
            thread: Thread { references: Vec::new(), is_automatic: true },
            rendered: Rendered { subject: Some(mail.subject), text: mail.text, html: Some(html), sha256: String::new() },
            opt_out_url: None,
            attachments: Vec::new(),
        };
        match self.mail.send(&outgoing).await {
            Ok(_) => Ok(true),
            Err(SendError::Retry { detail, .. } | SendError::SetUp { detail, .. }) => {
                tracing::warn!(tenant.id = %tenant, error = detail, "a weekly mail did not leave; the next tick tries again");
                store.give_report_mail_back(tenant, today, subject).await?;
                Ok(false)
            }
            // Nobody guesses: it is not sent again.
            Err(SendError::Refused { detail, .. } | SendError::Unknown { detail }) => {
                tracing::error!(tenant.id = %tenant, error = detail, "a weekly mail was refused, or nobody knows what became of it");
                Ok(false)
            }
        }
    }
}

/// The reports of the mail.
async fn answered(store: &Store, tenant: &TenantId, day: Date, now: Timestamp) -> anyhow::Result<WeeklyReports> {
    let actor = Actor::new(tenant.clone(), StaffRole::Viewer, Some(BY));
    let query = ReportQuery { as_of: Some(day), ..ReportQuery::default() };
    let mut all = Vec::with_capacity(WeeklyReports::NAMES.len());
    for name in WeeklyReports::NAMES {
        let report = reports::report(store, &actor, name, &query, now).await;
        all.push(report.map_err(|why| anyhow::anyhow!("the report {} of {day} cannot be read: {why:?}", name.as_str()))?);
    }
    let all = <[_; 4]>::try_from(all).map_err(|_| anyhow::anyhow!("the weekly mail has four reports"))?;
    Ok(WeeklyReports::of(all))
}

async fn members(store: &Store, tenant: &TenantId) -> store::Result<Vec<NoticeMember>> {
    let members = store.members(tenant).await?.into_iter().filter(|member| member.removed_at.is_none());
    let members = members.map(|member| NoticeMember {
        subject: member.subject,
        role: member.role,
        email: member.email.filter(|_| member.email_verified),
        language: member.language,
    });
    Ok(members.collect())
}

/// Why mails to the tenant's own people cannot leave, where they cannot: as `escalate` asks of its notices.
async fn no_sender(store: &Store, tenant: &TenantId, settings: &Settings) -> store::Result<Option<&'static str>> {
    if settings.sender_of("", Channel::Email).is_none_or(str::is_empty) {
        return Ok(Some("the settings name no sender of emails"));
    }
    let listed = store.identities(tenant).await?;
    let unlisted = listed.and_then(|listed| listed.value.missing(settings, "", Channel::Email).map(|_| ()));
    Ok(unlisted.map(|()| "the operator did not list the sender of emails"))
}
