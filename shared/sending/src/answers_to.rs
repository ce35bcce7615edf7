//! Where answers to a mail come back to. Where the deployment takes mail in (`INBOUND_DOMAIN`), each mail has an address of its own for answers, which
//! names it, and `References` that do too. The tenant's own `reply_to` stands beside it, so that whoever reads that mailbox still gets each answer.

use channels::{Thread, channel::mailbox};
use domain::{CaseId, Channel, LinkId, TenantId};
use store::{AnswerMark, AnsweredMail, Error};

use crate::{Sender, answer_headers::AnswersTo};

/// What the local part of an address for answers begins with.
const LOCAL_BEGINS: &str = "r+";

/// A mail for which answers are to be led back.
pub(crate) struct Answerable<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) channel: Channel,
    /// The mail.
    pub(crate) mail: AnsweredMail,
    /// The portal link of its address.
    pub(crate) link: &'a LinkId,
    /// The case that it is of, where it is of one.
    pub(crate) case: Option<&'a CaseId>,
    /// The name that the address is shown with.
    pub(crate) name: &'a str,
    /// The tenant's own address for answers.
    pub(crate) reply_to: Option<&'a str>,
    /// Whether no person wrote it.
    pub(crate) is_automatic: bool,
}

impl Sender {
    /// The headers by which answers to a mail find their way; on other channels there are none.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub(crate) async fn answers_to(&self, mail: Answerable<'_>) -> Result<AnswersTo, Error> {
        if mail.channel != Channel::Email {
            return Ok(AnswersTo::default());
        }
        let own = mail.reply_to.map(|address| channels::channel::set_mailbox(address, ""));
        let mut thread = Thread { references: Vec::new(), is_automatic: mail.is_automatic };
        let Some(domain) = &self.inbound_domain else {
            return Ok(AnswersTo { reply_to: own.into_iter().collect(), thread });
        };
        let mark = AnswerMark { mail: mail.mail, link: mail.link.clone() };
        let mark = self.vault.answer_mark(mail.tenant, &mark).await?;
        let ours = mailbox(mail.name, &format!("{LOCAL_BEGINS}{mark}@{domain}"));
        thread.references = mail.case.map(|case| format!("<{case}@{domain}>")).into_iter().collect();
        thread.references.push(format!("<{mark}@{domain}>"));
        Ok(AnswersTo { reply_to: std::iter::once(ours).chain(own).collect(), thread })
    }
}
