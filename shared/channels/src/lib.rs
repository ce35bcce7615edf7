//! Rendering, and one provider per channel behind one trait and one registry.
//!
//! A message is made in two layers. A [`Template`] is a tenant's prose: it is held to a small part of Jinja, checked when it is
//! published ([`flaws`]) and rendered with bounds. The layout around it (table of invoices, button, opt-out) is ours.
//!
//! | module | answers |
//! |---|---|
//! | [`template`] | the template, and what is wrong with it |
//! | [`input`] | what a message is rendered from |
//! | [`Brand`] | how the tenant shows itself in it |
//! | [`render()`] | the finished message |
//! | [`locale`] | money and dates in words |
//! | [`builtin`] | the ladder that a tenant starts with |
//! | [`prove`] | what is wrong with the texts of a workflow |
//! | [`render_notice`] | a finished service mail, and the calendar file that goes along |
//! | [`channel`] | the trait that providers stand behind |
//! | [`provider`] | what the registry says of a provider |
//!
//! Adding a provider is a file with its [`ChannelClient`] and its [`Provider`], and a line in [`registry()`]. The contract suite in `tests/` then
//! covers it.

pub mod builtin;
mod calendar_file;
mod carried;
mod carried_words;
pub mod channel;
mod end_user_messaging;
mod engine;
mod failure;
pub mod input;
mod labels;
mod layout;
pub mod locale;
mod mail_brand;
mod message_template;
mod notice;
mod notice_words;
mod plain;
mod promises;
mod prose;
pub mod prove;
pub mod provider;
mod render;
mod samples;
mod scan;
mod ses;
mod signed_call;
pub mod sms;
mod sns;
pub mod template;
mod values;

pub use carried::{CarriedDocument, logo_file};
pub use channel::{Accepted, Attachment, ChannelClient, Outgoing, SendError, Thread};
pub use end_user_messaging::END_USER_MESSAGING;
pub use input::{AccountInMail, CODE_IMAGE, INVOICES_LISTED_MAX, InvoiceRow, Links, RenderInput, RowKind, UPCOMING_LISTED_MAX};
pub use mail_brand::{Brand, LogoPlace, MailLogo};
pub use notice::{Decided, Notice, NoticeInput, ReceiptLine, notice_calendar, render_notice};
pub use provider::{Provider, Recorded, Variables};
pub use render::{LAYOUT_VERSION, RenderError, Rendered, render};
pub use ses::SES;
pub use sns::SNS;
pub use template::{Template, TemplateFlaw, flaws};

// One line each. `send-email` and its kin each name their own, so that a function carries no other's client.
static REGISTRY: &[&Provider] = &[
    &SES, //
    &SNS,
    &END_USER_MESSAGING,
];

/// Every provider; those of one channel beside each other, the one that is taken unless another is named first.
pub fn registry() -> &'static [&'static Provider] {
    REGISTRY
}

/// The provider of a name among some, or the first where no name is given.
pub fn provider_named(among: &[&'static Provider], name: Option<&str>) -> Option<&'static Provider> {
    match name {
        None | Some("") => among.first().copied(),
        Some(name) => among.iter().copied().find(|provider| provider.name == name),
    }
}
