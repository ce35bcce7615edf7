//! How people of the tenant were told of work, and the channels that notices go to beside mailboxes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{EffectStatus, NoticeWay, TaskId, notice_channel::check_channel_url, word::Word};
use jiff::Timestamp;
use serde_json::json;
use store::{KnownNotice, NoticeChannel, Store, Vault, is_notice_cursor};

use crate::{Actor, Done, NotDone, Operation, cursors::no_cursor};

/// Notices a page.
const PAGE: u32 = 50;
/// Pages of the table that one request reads at most when it looks for some.
const READS_MAX: usize = 20;
/// The ways that have a channel with an address of its own.
const CHANNELS: [NoticeWay; 2] = [NoticeWay::Slack, NoticeWay::Teams];

/// A page of notices. It may be empty though there is a next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticesFound {
    /// The notices, newest first.
    pub notices: Vec<KnownNotice>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// By what notices are looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoticesAsked<'a> {
    /// Of one task.
    pub task: Option<&'a str>,
    /// That stand so.
    pub status: Option<&'a str>,
    /// How many at least where there are as many.
    pub limit: Option<u32>,
    /// Where the page before ended.
    pub cursor: Option<&'a str>,
}

/// The notices of the last 90 days.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Fields`] for a cursor, task or status that is none, and those of reading.
pub async fn list(store: &Store, actor: &Actor, asked: NoticesAsked<'_>, now: Timestamp) -> Done<NoticesFound> {
    let tenant = actor.may(Operation::ListNotices)?;
    let no_task = || NotDone::field("/task", "a task's id, `tsk_…`");
    let task = asked.task.map(|task| TaskId::parse(task).ok_or_else(no_task)).transpose()?;
    let no_status = || NotDone::field("/status", format!("it is one of {}", EffectStatus::WORDS.join(", ")));
    let status = asked.status.map(|word| EffectStatus::of_this_release(word).ok_or_else(no_status)).transpose()?;
    let mut after = asked.cursor.map(place).transpose()?;
    let most = asked.limit.unwrap_or(PAGE);
    let is_wanted = |known: &KnownNotice| {
        task.as_ref().is_none_or(|task| known.notice.task == *task) && status.is_none_or(|status| known.status == status)
    };
    let mut found: Vec<KnownNotice> = Vec::new();
    for _ in 0..READS_MAX {
        let wanted = most.saturating_sub(u32::try_from(found.len()).unwrap_or(most));
        let page = store.notices(tenant, wanted, after.as_deref(), now).await?;
        found.extend(page.notices.into_iter().filter(is_wanted));
        after = page.after;
        if after.is_none() || found.len() >= most as usize {
            break;
        }
    }
    Ok(NoticesFound { notices: found, next: after.map(|after| URL_SAFE_NO_PAD.encode(after)) })
}

fn place(cursor: &str) -> Done<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.filter(|text| is_notice_cursor(text)).ok_or_else(no_cursor)
}

/// The channels that notices go to, without their addresses.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], and those of reading.
pub async fn channels(store: &Store, actor: &Actor) -> Done<Vec<NoticeChannel>> {
    let tenant = actor.may(Operation::ListNoticeChannels)?;
    let mut found = Vec::new();
    for way in CHANNELS {
        found.extend(store.notice_channel(tenant, way).await?);
    }
    Ok(found)
}

/// Enters the address of a channel, in place of the one before. With `stand_ins` it may be one on loopback.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for a way that has none, [`NotDone::Fields`]; those of KMS and of the table.
pub async fn enter_channel(
    store: &Store,
    vault: &Vault,
    actor: &Actor,
    (way, url): (&str, &str),
    stand_ins: bool,
    now: Timestamp,
) -> Done<NoticeChannel> {
    let tenant = actor.may(Operation::PutNoticeChannel)?;
    let way = channel(way)?;
    let url = url.trim();
    check_channel_url(way, url, stand_ins).map_err(|detail| NotDone::field("/url", detail))?;
    let entry = actor.entry(Operation::PutNoticeChannel, now).of(way.as_str()).with(json!({ "way": way }));
    // The key of the first channel is made before, as no entry of the audit tells of it.
    let known = store.notice_channel(tenant, way).await?;
    if known.is_none() {
        vault.ensure_notice_key(tenant).await?;
    }
    Ok(vault.acting(entry).put_notice_channel(tenant, way, url, actor.by(), now).await?)
}

/// Takes a channel away.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`]; those of the table.
pub async fn delete_channel(store: &Store, actor: &Actor, way: &str, now: Timestamp) -> Done<NoticeChannel> {
    let tenant = actor.may(Operation::DeleteNoticeChannel)?;
    let way = channel(way)?;
    let none = || NotDone::NotFound(format!("no channel was entered for {way}"));
    let known = store.notice_channel(tenant, way).await?.ok_or_else(none)?;
    let entry = actor.entry(Operation::DeleteNoticeChannel, now).of(way.as_str()).with(json!({ "way": way }));
    store.acting(entry).delete_notice_channel(tenant, &known).await?;
    Ok(known)
}

fn channel(way: &str) -> Done<NoticeWay> {
    let found = NoticeWay::of_this_release(way).filter(|way| CHANNELS.contains(way));
    found.ok_or_else(|| NotDone::NotFound("there are channels for slack and teams".to_owned()))
}
