//! Whether payments that were taken here are written into a source's books, and to which of their accounts; and one that was refused is tried again.

use domain::{
    Basket, BasketStatus, WriteBackSetting,
    write_back::{ACCOUNT_MAX, over_with_entry},
};
use jiff::Timestamp;
use serde_json::json;
use store::Store;

use crate::{Actor, Done, NotDone, Operation, baskets};

/// What somebody says of the writing of payments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteBackAsked {
    /// Whether they are written.
    pub enabled: bool,
    /// The account of the books that the money is deposited to, as the vendor names it.
    pub account: Option<String>,
}

/// Says whether payments are written into the books of a source from now on. `account_required` says whether its vendor takes none without an
/// account. Payments that wait already are written as the setting says when their turn comes.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`], [`NotDone::NotFound`] where the source is not connected; those of the table.
pub async fn set(
    store: &Store,
    actor: &Actor,
    source: &str,
    asked: &WriteBackAsked,
    account_required: bool,
    now: Timestamp,
) -> Done<Option<WriteBackSetting>> {
    let tenant = actor.may(Operation::PutWriteBack)?;
    let setting = read(asked, account_required)?;
    let what = json!({ "enabled": asked.enabled, "account": asked.account });
    let entry = actor.entry(Operation::PutWriteBack, now).of(source).with(what);
    if store.acting(entry).put_write_back_setting(tenant, source, setting.as_ref()).await? {
        return Ok(setting);
    }
    Err(NotDone::NotFound("this source is not connected; POST /v1/connections/{source}/authorize begins it".to_owned()))
}

/// Has the writing of a payment tried again that the books refused, or of which nobody knew any more whether they have it: once what stood in its way
/// is mended. What was asked for before is looked for in the books first, so that they have it once.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] where there is nothing to try, nothing is written into these books, or a person
/// said that the payment is entered; [`NotDone::Changed`] where it changed meanwhile; those of the table.
pub async fn try_again(store: &Store, actor: &Actor, id: &str, now: Timestamp) -> Done<Basket> {
    let tenant = actor.may(Operation::RetryWriteBack)?;
    let (_, basket) = baskets::known(store, tenant, id).await?;
    let conflict = |why: &str| Err(NotDone::Conflict(why.to_owned()));
    let Some(known) = store.write_back(tenant, &basket.customer, &basket.id).await? else {
        return conflict("Dunlin does not write this payment into the books; its task says what to enter");
    };
    let Some(again) = known.tried_again(now) else {
        return conflict(&format!(
            "its writing into the books is {}: only one that failed, or was given up, is tried again",
            known.status
        ));
    };
    if basket.status != BasketStatus::Paid {
        return conflict("the money did not stay, so that nothing of it is to be written");
    }
    if store.write_back_setting(tenant, &known.source).await?.is_none() {
        let source = &known.source;
        return conflict(&format!(
            "nothing is written into the books of {source}; PUT /v1/connections/{source}/write_back switches it on"
        ));
    }
    for task in over_with_entry(tenant, &basket) {
        if store.task(tenant, &task).await?.is_some_and(|task| task.done_at.is_some()) {
            return conflict("a person ended the task to enter it, so that the books may have it; take that back there first");
        }
    }
    let what = json!({ "source": known.source, "round": again.round });
    let entry = actor.entry(Operation::RetryWriteBack, now).of(basket.id.as_str()).about(&basket.customer).with(what);
    if store.acting(entry).ask_write_back_again(tenant, &basket.customer, &known, &again, now).await? {
        return Ok(basket);
    }
    Err(NotDone::Changed("its writing into the books changed meanwhile; look again".to_owned()))
}

/// The setting that is asked for.
fn read(asked: &WriteBackAsked, account_required: bool) -> Done<Option<WriteBackSetting>> {
    let WriteBackAsked { enabled, account } = asked;
    let is_sound = |account: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (1..=ACCOUNT_MAX).contains(&account.len()) && account.bytes().all(plain)
    };
    let why = match account {
        Some(_) if !enabled => Some("where nothing is written there is no account; leave it out".to_owned()),
        Some(account) if !is_sound(account) => Some(format!(
            "1 to {ACCOUNT_MAX} letters, digits, '-', '_' and '.': the id or code of the account that the vendor shows"
        )),
        None if *enabled && account_required => Some(
            "this vendor takes no payment without an account: give the code of the one that the money is deposited to".to_owned(),
        ),
        Some(_) | None => None,
    };
    match why {
        Some(why) => Err(NotDone::field("/account", why)),
        None => Ok(enabled.then(|| WriteBackSetting { account: account.clone() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_what_a_vendor_names_one_by_and_there_where_it_must_be() {
        let long = "9".repeat(ACCOUNT_MAX + 1);
        for (enabled, account, required, good) in [
            (true, Some("090"), true, true),
            (true, Some("35"), false, true),
            (true, None, false, true),
            (false, None, true, true),
            (true, None, true, false),
            (false, Some("090"), true, false),
            (true, Some(""), false, false),
            (true, Some("a b"), false, false),
            (true, Some("\"x"), false, false),
            (true, Some(long.as_str()), false, false),
        ] {
            let asked = WriteBackAsked { enabled, account: account.map(str::to_owned) };
            let found = read(&asked, required);
            assert_eq!(found.is_ok(), good, "{asked:?} {required}");
            if let Ok(setting) = found {
                assert_eq!(setting.map(|setting| setting.account), enabled.then(|| asked.account.clone()));
            }
        }
    }
}
