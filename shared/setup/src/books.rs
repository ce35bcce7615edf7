//! Books that are read back: how they are, the sign-in that connects them, its confirmation, and closed invoices of the past.

use connectors::{Access, AccountingApi, Trouble};
use domain::{TenantId, WriteBackSetting};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use reading::{
    NotConnected, Progress, Tokens, Wanted,
    connect::is_loopback,
    link::LinkError,
    progress::{Limited, PastReading, ReadingTrouble},
    signin::{Exchange, callback},
    tokens::{self, TokenTrouble},
};
use service::{
    Actor, Done, NotDone, Operation,
    sign_ins::{self, SignInEnd},
};
use store::{Leased, SignIn};

use crate::{desk::SetupDesk, settings};

/// How long a person has to agree.
const SIGN_IN_HOURS: i64 = 1;
/// Months of the past that are read where nothing is said, and at most.
pub const PAST_MONTHS: u32 = 24;
/// How long the reading is held while it is noted that the past is asked for.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(30);

/// How books are that are read back.
#[derive(Clone, Debug)]
pub struct BooksHealth {
    /// The kind of system.
    pub source: String,
    /// `reading`: the first reading is under way; `good`; `waiting`: tried again by itself; `reconnect`: a person must connect again.
    pub status: &'static str,
    /// How far the reading is.
    pub progress: Progress,
    /// When the consent ends unless it is used before.
    pub consent_ends_at: Option<Timestamp>,
    /// What keeps the books from being read.
    pub trouble: Option<BooksTrouble>,
    /// Whether payments that were taken here can be written into such books.
    pub can_write: bool,
    /// How they are written, where somebody said so.
    pub write_back: Option<WriteBackSetting>,
}

/// What keeps books from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BooksTrouble {
    /// In words.
    pub why: String,
    /// How often in a row.
    pub times: u32,
    /// Since when.
    pub since: Timestamp,
}

/// What a sign-in is begun with.
#[derive(Clone, Debug, Default)]
pub struct SignInAsked {
    /// The company that must be agreed to, where one sign-in may open several.
    pub realm: Option<String>,
    /// What stands for the vendor's hosts, where the deployment allows stand-ins.
    pub base_url: Option<String>,
}

/// Where the person goes.
#[derive(Clone, Debug)]
pub struct SignInBegun {
    /// To be opened in a browser.
    pub url: String,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// The connector of a source whose books are read back.
///
/// # Errors
///
/// [`NotDone::NotFound`] for any other.
pub fn accounting_api_of(source: &str) -> Done<&'static dyn AccountingApi> {
    let none = "no books are read from a source of this name; GET /v1/sources names those that are read with scope 'app', and GET \
                /v1/connections shows every connection, also those that only send webhooks";
    connectors::accounting_api_of(source).ok_or_else(|| NotDone::NotFound(none.to_owned()))
}

/// How far the reading of a tenant's books is.
///
/// # Errors
///
/// [`NotDone::NotFound`] where they are not connected, and says whether a sign-in waits to be confirmed; those of reading.
pub async fn progress_of(desk: SetupDesk<'_>, tenant: &TenantId, source: &str, now: Timestamp) -> Done<Progress> {
    if let Some(progress) = desk.store.progress(tenant, source).await? {
        return Ok(progress);
    }
    let why = match desk.vault.agreed(tenant, source, now).await? {
        Some(_) => {
            "a sign-in waits to be confirmed: POST /v1/connections/{source}/confirm with the company and the code that the page shows"
        }
        None => "this source is not connected; POST /v1/connections/{source}/authorize begins it",
    };
    Err(NotDone::NotFound(why.to_owned()))
}

/// Whether a sign-in came back, and waits for the admin who began it.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of KMS and of reading.
pub async fn waits_for_confirmation(desk: SetupDesk<'_>, actor: &Actor, source: &str, now: Timestamp) -> Done<bool> {
    let tenant = actor.may(Operation::ShowConnection)?;
    Ok(desk.vault.agreed(tenant, source, now).await?.is_some())
}

/// How a tenant's connection to books does.
///
/// # Errors
///
/// Those of [`progress_of`].
pub async fn health_of(desk: SetupDesk<'_>, tenant: &TenantId, source: &str, now: Timestamp) -> Done<BooksHealth> {
    let progress = progress_of(desk, tenant, source, now).await?;
    let held = desk.vault.connection(tenant, source).await?;
    let tokens = held.and_then(|held| serde_json::from_slice::<Tokens>(&held.secrets.current).ok());
    let can_write = accounting_api_of(source)?.writing().is_some();
    let write_back = if can_write { desk.store.write_back_setting(tenant, source).await? } else { None };
    let limited = progress.limited.clone().filter(|limited| limited.told);
    let status = match &progress.trouble {
        Some(ReadingTrouble { reconnect: true, .. }) => "reconnect",
        Some(_) => "waiting",
        None if limited.is_some() => "waiting",
        None if progress.good_at.is_none() => "reading",
        None => "good",
    };
    let trouble = match (progress.trouble.clone(), limited) {
        (Some(ReadingTrouble { why, times, since, .. }), _) => Some(BooksTrouble { why, times, since }),
        (None, Some(Limited { times, since, .. })) => Some(BooksTrouble { why: "too many requests".to_owned(), times, since }),
        (None, None) => None,
    };
    let consent_ends_at = tokens.and_then(|tokens| tokens.refresh_expires_at);
    Ok(BooksHealth { source: source.to_owned(), status, progress, consent_ends_at, trouble, can_write, write_back })
}

/// Begins the sign-in that connects a company, or connects it again. `public` is the address of the API as people reach it.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for the source or before the first settings, [`NotDone::Fields`], [`NotDone::Conflict`] where
/// the operator has not set the app up; those of KMS and of the table.
pub async fn authorize(
    desk: SetupDesk<'_>,
    actor: &Actor,
    source: &str,
    asked: SignInAsked,
    public: &str,
    now: Timestamp,
) -> Done<SignInBegun> {
    let tenant = actor.may(Operation::AuthorizeConnection)?;
    settings::stored(desk.store, tenant).await?;
    let books = accounting_api_of(source)?;
    let SignInAsked { realm, base_url } = asked;
    check_base(desk, base_url.as_deref())?;
    let before: Option<Progress> = desk.store.progress(tenant, source).await?;
    let realm = before.as_ref().map(|before| before.realm.clone()).or(realm);
    let base = base_url.or(before.and_then(|before| before.base));
    let secrets = tokens::app(desk.vault, source).await.map_err(no_answer)?;
    // The right to write is asked for only where somebody said that payments are written.
    let writes = desk.store.write_back_setting(tenant, source).await?.is_some();
    let writing = books.writing().filter(|_| writes);
    let access = writing.map_or(books.access(), |writing| Access { scopes: writing.scopes, ..books.access() });
    let exchange = Exchange { web: desk.web, access: &access, app: &secrets, base: base.as_deref() };
    let begun = exchange.begin(&callback(public, source)).map_err(no_answer)?;
    let expires_at = now.checked_add(SIGN_IN_HOURS.hours()).unwrap_or(now);
    let by = Some(actor.by().to_owned()).filter(|by| !by.is_empty());
    let role = Some(actor.as_what().to_owned());
    let sign_in = SignIn { tenant: tenant.clone(), source: source.to_owned(), verifier: begun.verifier, realm, base, by, role };
    let acting = desk.acting(actor.entry(Operation::AuthorizeConnection, now).of(source));
    acting.vault.begin_sign_in(&begun.state, &sign_in, expires_at).await?;
    Ok(SignInBegun { url: begun.url, expires_at })
}

/// Ends a sign-in: the company that somebody agreed to is connected. Only who began the sign-in may.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where the company is another tenant's, or the tenant
/// has another one; those of KMS and of the table.
pub async fn confirm(desk: SetupDesk<'_>, actor: &Actor, source: &str, said: &SignInEnd, now: Timestamp) -> Done<BooksHealth> {
    let tenant = actor.may(Operation::ConfirmConnection)?;
    let books = accounting_api_of(source)?;
    let (agreed, entry) = sign_ins::confirmed(desk.vault, actor, source, said, now).await?;
    let unread = || NotDone::Conflict("the sign-in does not read any more; begin it again".to_owned());
    let tokens: Tokens = serde_json::from_value(agreed.tokens.clone()).map_err(|_| unread())?;
    let wanted = Wanted { tenant, source, books, realm: &agreed.realm, base: agreed.base.as_deref() };
    let acting = desk.acting(entry);
    wanted.connect(&acting.store, &acting.vault, &tokens, now).await.map_err(refused)?;
    acting.vault.forget_agreed(tenant, source).await?;
    tracing::info!(tenant.id = %tenant, source, "a company was connected");
    health_of(desk, tenant, source, now).await
}

/// Asks for closed invoices and payments of the past: how far that is. One that is under way and goes as far back goes on.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Changed`] while the books are being read; those of the table.
pub async fn backfill(
    desk: SetupDesk<'_>,
    actor: &Actor,
    source: &str,
    months: Option<u32>,
    now: Timestamp,
) -> Done<PastReading> {
    let tenant = actor.may(Operation::BackfillConnection)?;
    let nothing = "nothing can be asked of such a source; of those that only push, send closed invoices yourself";
    connectors::accounting_api_of(source).ok_or_else(|| NotDone::NotFound(nothing.to_owned()))?;
    let months = months.unwrap_or(PAST_MONTHS);
    if !(1..=PAST_MONTHS).contains(&months) {
        return Err(NotDone::field("/months", format!("1 to {PAST_MONTHS} months are read")));
    }
    let known = desk.store.progress::<Progress>(tenant, source).await?;
    let none = "this source is not connected; POST /v1/connections/{source}/authorize begins it";
    let known = known.ok_or_else(|| NotDone::NotFound(none.to_owned()))?;
    if let Some(past) = known.past.filter(|past| past.finished_at.is_none() && past.months >= months) {
        return Ok(past);
    }
    let busy = || NotDone::Changed("the books are being read at this moment; ask again in some minutes".to_owned());
    let until = now.saturating_add(HELD_FOR).unwrap_or(now);
    let leased: Leased<Progress> = desk.store.lease_books(tenant, source, &holder()?, now, until).await?;
    let Leased::Mine(mut lease) = leased else { return Err(busy()) };
    let today = now.to_zoned(TimeZone::UTC);
    let since = today.checked_sub(i64::from(months).months()).map_or(Timestamp::MIN, |then| then.timestamp());
    let past = PastReading { months, since, began_at: now, page: None, objects: 0, finished_at: None };
    lease.progress.past = Some(past.clone());
    let what = serde_json::json!({ "months": months });
    let acting = desk.acting(actor.entry(Operation::BackfillConnection, now).of(source).with(what));
    if !acting.store.return_books(tenant, source, &lease, now).await? {
        // Somebody asked for a look meanwhile: it is due at once all the same.
        desk.store.look_again(tenant, source, &lease).await?;
        if !acting.store.return_books(tenant, source, &lease, now).await? {
            return Err(busy());
        }
    }
    Ok(past)
}

/// Tokens that were got elsewhere, renewed where they are past.
pub(crate) async fn fresh(desk: SetupDesk<'_>, wanted: &Wanted<'_>, tokens: Tokens, now: Timestamp) -> Done<Tokens> {
    if tokens.expires_at > now {
        return Ok(tokens);
    }
    let (access, secrets) = (wanted.books.access(), tokens::app(desk.vault, wanted.source).await.map_err(no_answer)?);
    let exchange = Exchange { web: desk.web, access: &access, app: &secrets, base: wanted.base };
    exchange.refresh(&tokens.refresh_token, now).await.map_err(no_answer)
}

/// Checks what is to stand for a vendor's hosts.
pub(crate) fn check_base(desk: SetupDesk<'_>, base: Option<&str>) -> Done<()> {
    let Some(base) = base else { return Ok(()) };
    if desk.stand_ins && is_loopback(base) {
        return Ok(());
    }
    let detail = "stand-ins for a vendor are only taken on loopback, and only where the deployment allows them; leave it out";
    Err(NotDone::field("/base_url", detail))
}

/// What is said of a vendor that did not answer: what fails for the moment may be asked for again.
pub fn unanswered(error: &LinkError, detail: String) -> NotDone {
    match error {
        LinkError::Vendor(Trouble::Limited(_) | Trouble::Unavailable(_) | Trouble::Garbled(_))
        | LinkError::Tokens(TokenTrouble::Unavailable(_) | TokenTrouble::Busy | TokenTrouble::Store(_)) => {
            NotDone::Changed(detail)
        }
        LinkError::Vendor(Trouble::Token | Trouble::Denied(_) | Trouble::Refused(_))
        | LinkError::Tokens(TokenTrouble::Revoked(_) | TokenTrouble::NoApp(_)) => NotDone::Conflict(detail),
    }
}

/// The same in the vendor's own words.
pub fn no_answer(error: impl Into<LinkError>) -> NotDone {
    let error = error.into();
    unanswered(&error, error.to_string())
}

/// Why a company is not connected.
pub fn refused(error: NotConnected) -> NotDone {
    match error {
        NotConnected::Store(error) => error.into(),
        NotConnected::NoTenant => NotDone::NotFound(error.to_string()),
        NotConnected::Another { .. } | NotConnected::Taken => NotDone::Conflict(error.to_string()),
    }
}

/// A name that nobody else holds the reading by.
fn holder() -> Done<String> {
    let mut bytes = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NotDone::Changed("there is no randomness now; try again".to_owned()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_for_the_moment_may_be_asked_for_again() {
        for (error, is_for_the_moment) in [
            (LinkError::Vendor(Trouble::Unavailable("502".to_owned())), true),
            (LinkError::Vendor(Trouble::Limited(None)), true),
            (LinkError::Tokens(TokenTrouble::Busy), true),
            (LinkError::Vendor(Trouble::Denied("a scope is missing".to_owned())), false),
            (LinkError::Tokens(TokenTrouble::Revoked("consent ended".to_owned())), false),
            (LinkError::Tokens(TokenTrouble::NoApp("no secret".to_owned())), false),
        ] {
            let said = error.to_string();
            let not_done = no_answer(error);
            assert_eq!(matches!(not_done, NotDone::Changed(_)), is_for_the_moment, "{said}: {not_done}");
        }
    }
}
