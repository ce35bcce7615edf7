//! Whose a mail is: the first of five ways that says so. Nothing is guessed: where two customers or cases would do, none is named.

use std::collections::BTreeSet;

use domain::{CaseId, CaseState, CustomerId, FoundBy, HeardAbout, TenantId, customer::mailbox_of};
use jiff::Timestamp;
use mail::{ReadMail, is_shared_domain, link_codes, marks_of_recipient, numbers_named, references_at};
use store::{AnswerMark, AnsweredMail, FoundLink, Head, Line, LinkCode, PersonId, Result, Searched, Store, Vault};

use crate::{
    cases::{case_of, cases_of, open_case_of, the_only, the_only_open},
    inbound_notice::MailNotice,
};

/// Customers at which one sender is known that are looked at.
const CUSTOMERS_MAX: usize = 10;
/// Invoices of one number that are looked at.
const SAME_NUMBER_MAX: u32 = 5;

/// Looks whose a mail is.
pub struct MailFinder<'a> {
    /// The table.
    pub store: &'a Store,
    /// What marks are verified with.
    pub vault: &'a Vault,
    /// The domain at which mails are taken in.
    pub domain: &'a str,
    /// Now.
    pub now: Timestamp,
}

impl MailFinder<'_> {
    /// Whose a mail is; `None` where not even the tenant is known.
    ///
    /// # Errors
    ///
    /// Those of KMS and of the table.
    pub async fn of(&self, notice: &MailNotice, mail: &ReadMail, from: &str) -> Result<Option<HeardAbout>> {
        let named = references_at(&mail.head, self.domain);
        // A mail server answers with a report, in which the head of our mail stands.
        let reported = mail.report.as_ref().and_then(|report| report.original.as_ref());
        let reported = reported.map(|head| references_at(head, self.domain)).unwrap_or_default();
        let cases: Vec<CaseId> = named.iter().chain(&reported).filter_map(|name| CaseId::parse(name)).collect();
        for recipient in &notice.recipients {
            if let Some(mark) = marks_of_recipient(recipient, self.domain)
                && let Some(about) = self.by_mark(mark, &cases, FoundBy::ReplyAddress).await?
            {
                return Ok(Some(about));
            }
        }
        for name in named.iter().chain(&reported) {
            if let Some(about) = self.by_mark(name, &cases, FoundBy::Threading).await? {
                return Ok(Some(about));
            }
        }
        let tenant = self.tenant_of(&notice.recipients).await?;
        if let Some(tenant) = &tenant
            && let Some(about) = self.by_provider_id(tenant, mail).await?
        {
            return Ok(Some(about));
        }
        for code in link_codes(&mail.searched) {
            if let Some(code) = LinkCode::parse(code)
                && let Some(found) = self.store.link(&code.id()).await?
            {
                let FoundLink { tenant, customer, link } = found;
                let cases = cases_of(self.store, &tenant, &customer).await?;
                let case = the_only(cases.iter().filter(|case| case.state != CaseState::Closed)).map(|case| case.id.clone());
                let by = FoundBy::MarkInBody;
                return Ok(Some(HeardAbout {
                    tenant,
                    customer: Some(customer),
                    link: Some(link.id),
                    case,
                    message: None,
                    service_mail: None,
                    by,
                }));
            }
        }
        let Some(tenant) = tenant else { return Ok(None) };
        if let Some(about) = self.by_sender(&tenant, from).await? {
            return Ok(Some(about));
        }
        if let Some(about) = self.by_number(&tenant, mail, from).await? {
            return Ok(Some(about));
        }
        Ok(Some(HeardAbout {
            tenant,
            customer: None,
            link: None,
            case: None,
            message: None,
            service_mail: None,
            by: FoundBy::Nothing,
        }))
    }

    /// What a mark says, where it was signed here.
    async fn by_mark(&self, text: &str, cases: &[CaseId], by: FoundBy) -> Result<Option<HeardAbout>> {
        let Some(stated) = AnswerMark::stated(text) else { return Ok(None) };
        let Some(FoundLink { tenant, customer, link }) = self.store.link(&stated.link).await? else { return Ok(None) };
        let Some(mark) = self.vault.verify_answer_mark(&tenant, text).await? else {
            tracing::warn!(tenant.id = %tenant, "a mail carries a mark that was not signed here");
            return Ok(None);
        };
        let (message, service_mail, case) = match mark.mail {
            AnsweredMail::Message(message) => {
                let case = case_of(self.store, &tenant, &customer, &message, None).await?;
                (Some(message), None, case)
            }
            AnsweredMail::ServiceMail(mail) => (None, Some(mail), None),
        };
        let case = match case {
            Some(case) => Some(case),
            // What a mail names unsigned counts only where it is the customer's own.
            None => {
                let own = cases_of(self.store, &tenant, &customer).await?;
                let named = own.iter().find(|case| cases.contains(&case.id));
                let open = || the_only(own.iter().filter(|case| case.state != CaseState::Closed));
                named.or_else(open).map(|case| case.id.clone())
            }
        };
        Ok(Some(HeardAbout { tenant, customer: Some(customer), link: Some(link.id), case, message, service_mail, by }))
    }

    /// The mail that one names by the id that SES gave it.
    async fn by_provider_id(&self, tenant: &TenantId, mail: &ReadMail) -> Result<Option<HeardAbout>> {
        for id in mail.head.values("in-reply-to").chain(mail.head.values("references")).flat_map(str::split_whitespace).take(20) {
            let Some((local, at)) = id.trim_matches(['<', '>']).rsplit_once('@') else { continue };
            if !at.to_ascii_lowercase().ends_with("amazonses.com") {
                continue;
            }
            if let Some(sent) = self.store.sent_mail(tenant, local, self.now).await? {
                let mut case = case_of(self.store, tenant, &sent.customer, &sent.message, sent.number).await?;
                if case.is_none() {
                    case = open_case_of(self.store, tenant, &sent.customer).await?;
                }
                let (tenant, by) = (tenant.clone(), FoundBy::Threading);
                let (customer, message) = (Some(sent.customer), Some(sent.message));
                return Ok(Some(HeardAbout { tenant, customer, link: None, case, message, service_mail: None, by }));
            }
        }
        Ok(None)
    }

    /// The tenant whose address mails were sent to: its id stands before the `@`.
    async fn tenant_of(&self, recipients: &[String]) -> Result<Option<TenantId>> {
        for recipient in recipients {
            let Some((local, at)) = recipient.trim().rsplit_once('@') else { continue };
            if !at.eq_ignore_ascii_case(self.domain) {
                continue;
            }
            let local = local.split('+').next().unwrap_or_default();
            if let Ok(tenant) = TenantId::parse(local)
                && self.store.tenant(&tenant).await?.is_some()
            {
                return Ok(Some(tenant));
            }
            // Servers on the way may change the case of letters.
            let rows = self.store.tenants().await?;
            if let Some(row) = the_only(rows.iter().filter(|row| row.tenant.as_str().eq_ignore_ascii_case(local))) {
                return Ok(Some(row.tenant.clone()));
            }
        }
        Ok(None)
    }

    /// The customer at which a sender is a contact: that with the one case that is not over, or the only one at all.
    async fn by_sender(&self, tenant: &TenantId, from: &str) -> Result<Option<HeardAbout>> {
        if !from.contains('@') {
            return Ok(None);
        }
        let places = self.store.places_of(tenant, &PersonId::of(&mailbox_of(from))).await?;
        let customers: BTreeSet<CustomerId> = places.into_iter().map(|place| place.customer).collect();
        if customers.len() > CUSTOMERS_MAX {
            return Ok(None);
        }
        let found = the_only_open(self.store, tenant, &customers).await?;
        let by = FoundBy::Sender;
        Ok(found.map(|(customer, case)| HeardAbout {
            tenant: tenant.clone(),
            customer: Some(customer),
            link: None,
            case,
            message: None,
            service_mail: None,
            by,
        }))
    }

    /// The customer whose invoices a mail names, where somebody of the sender's domain is known there.
    async fn by_number(&self, tenant: &TenantId, mail: &ReadMail, from: &str) -> Result<Option<HeardAbout>> {
        let Some((_, domain)) = from.rsplit_once('@').filter(|(_, domain)| !is_shared_domain(domain)) else { return Ok(None) };
        let mut customers: BTreeSet<CustomerId> = BTreeSet::new();
        for number in numbers_named(mail.head.subject(), &mail.text) {
            let found = self.store.search(tenant, Searched::Invoices, &number, SAME_NUMBER_MAX, None).await?;
            for line in found.lines {
                if let Line::Word(word) = line
                    && word.invoice.is_some()
                    && word.text.eq_ignore_ascii_case(&number)
                {
                    customers.insert(word.customer);
                }
            }
        }
        let Some(customer) = the_only(customers.into_iter()) else { return Ok(None) };
        let Some(head) = self.store.head(tenant, &customer).await? else { return Ok(None) };
        if !self.is_known_there(tenant, &head, domain).await? {
            return Ok(None);
        }
        let open = the_only(head.cases.values().filter(|case| case.state != CaseState::Closed));
        let case = open.map(|case| case.id.clone());
        let (tenant, by) = (tenant.clone(), FoundBy::InvoiceNumber);
        Ok(Some(HeardAbout { tenant, customer: Some(customer), link: None, case, message: None, service_mail: None, by }))
    }

    /// Whether a contact of a customer has a mailbox at a domain.
    async fn is_known_there(&self, tenant: &TenantId, head: &Head, domain: &str) -> Result<bool> {
        let Some(facts) = self.store.facts_beside_invoices(tenant, head).await? else { return Ok(false) };
        let mut emails = facts.customer.contacts.iter().filter_map(|contact| contact.email.as_deref());
        Ok(emails.any(|email| email.rsplit_once('@').is_some_and(|(_, known)| known.eq_ignore_ascii_case(domain))))
    }
}
