//! Reports of mail servers that came in as mails: what SES would have said as an event, where the report names a mail of ours by a mark, and the address that
//! this mail was for. Whoever has such a mark can say this of no other address.

use domain::{Channel, HeardAbout};
use jiff::Timestamp;
use mail::DeliveryReport;
use store::AddressId;

use crate::ses::{About, AboutServiceMail, Bounce, Bounced, SesEvent, SesEventKind, SesSubject};

/// The event that a report stands for; `None` where it says nothing that counts.
pub fn event_of(report: &DeliveryReport, about: &HeardAbout, address: &AddressId, at: Timestamp) -> Option<SesEvent> {
    if !about.by.is_proven() {
        return None;
    }
    let (tenant, customer) = (about.tenant.clone(), about.customer.clone()?);
    let subject = match (&about.message, &about.service_mail) {
        (Some(message), _) => SesSubject::Message(About { tenant, customer, message: message.clone(), number: None }),
        (None, Some(mail)) => SesSubject::ServiceMail(AboutServiceMail { tenant, customer, mail: mail.clone() }),
        (None, None) => return None,
    };
    // Every report of a failure, and none of a delay or of an arrival, which a relay says that knows no more.
    let mut lost = report.recipients.iter().filter(|recipient| recipient.is_lost());
    let (to, permanent) = lost.find_map(|recipient| {
        let known = recipient.addresses.iter().find(|known| AddressId::of(Channel::Email, known) == *address)?;
        Some((known.clone(), recipient.is_permanent()))
    })?;
    let who = vec![Bounced { address: to, lost: true }];
    Some(SesEvent {
        about: Some(subject),
        kind: SesEventKind::Bounce(Bounce { permanent, who }),
        at,
        provider_id: None,
        recipients: Vec::new(),
        main: Vec::new(),
    })
}
