//! SES's events, read leniently: unknown fields and kinds are passed over, tags say whose they are.

use domain::{CustomerId, MessageId, ServiceMailId, TenantId, channel::tags};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// An event of SES about one of our messages, or about none.
#[derive(Debug)]
pub struct SesEvent {
    /// What it is about; none when the mail does not carry our tags.
    pub about: Option<SesSubject>,
    /// What happened.
    pub kind: SesEventKind,
    /// When it happened.
    pub at: Timestamp,
    /// SES's id of the mail.
    pub provider_id: Option<String>,
    /// Everybody that the mail was for, in lower case; the main recipient first. Empty when the event does not say.
    pub recipients: Vec<String>,
    /// The main recipients, in lower case.
    pub main: Vec<String>,
}

/// Which message an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The tenant.
    pub tenant: TenantId,
    /// The customer.
    pub customer: CustomerId,
    /// The message.
    pub message: MessageId,
    /// The number of its decision, where a tag says it.
    pub number: Option<u64>,
}

/// Which service mail an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AboutServiceMail {
    /// The tenant.
    pub tenant: TenantId,
    /// The customer.
    pub customer: CustomerId,
    /// The mail.
    pub mail: ServiceMailId,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SesSubject {
    /// A message.
    Message(About),
    /// A service mail.
    ServiceMail(AboutServiceMail),
}

impl SesSubject {
    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        match self {
            Self::Message(about) => &about.tenant,
            Self::ServiceMail(about) => &about.tenant,
        }
    }

    /// The customer.
    pub fn customer(&self) -> &CustomerId {
        match self {
            Self::Message(about) => &about.customer,
            Self::ServiceMail(about) => &about.customer,
        }
    }

    /// The id of the message or mail.
    pub fn id(&self) -> &str {
        match self {
            Self::Message(about) => about.message.as_str(),
            Self::ServiceMail(about) => about.mail.as_str(),
        }
    }
}

/// What happened to a mail.
#[derive(Debug, PartialEq, Eq)]
pub enum SesEventKind {
    /// SES took it.
    Send,
    /// The mail servers of these took it.
    Delivery(Vec<String>),
    /// It came back.
    Bounce(Bounce),
    /// A reader complained.
    Complaint {
        /// Who may have: SES names every recipient that the complaint may be from.
        who: Vec<String>,
        /// SES never sent it: the address complained before.
        unsent: bool,
    },
    /// SES refused it.
    Reject,
    /// SES could not make it.
    RenderingFailure,
    /// It is late.
    Delay,
    /// Says nothing that matters here.
    Other(String),
}

/// A mail that came back.
#[derive(Debug, PartialEq, Eq)]
pub struct Bounce {
    /// The address will never work.
    pub permanent: bool,
    /// Whose came back.
    pub who: Vec<Bounced>,
}

/// One recipient whose mail came back.
#[derive(Debug, PartialEq, Eq)]
pub struct Bounced {
    /// The address, in lower case.
    pub address: String,
    /// Whether it is proven that this one did not get the mail. SES reports automatic replies ("out of office") as transient
    /// bounces too, without a report of failure.
    pub lost: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_type: String,
    #[serde(default)]
    mail: Mail,
    bounce: Option<BouncePart>,
    complaint: Option<ComplaintPart>,
    delivery: Option<DeliveryPart>,
    delivery_delay: Option<AtPart>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Mail {
    #[serde(default, deserialize_with = "instant")]
    timestamp: Option<Timestamp>,
    message_id: Option<String>,
    destination: Vec<String>,
    common_headers: CommonHeaders,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CommonHeaders {
    to: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BouncePart {
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
    bounced_recipients: Vec<Recipient>,
    #[serde(default, deserialize_with = "instant")]
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ComplaintPart {
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
    complaint_sub_type: Option<String>,
    complaint_feedback_type: Option<String>,
    #[serde(default, deserialize_with = "instant")]
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
struct DeliveryPart {
    #[serde(default)]
    recipients: Vec<String>,
    #[serde(default, deserialize_with = "instant")]
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
struct AtPart {
    #[serde(default, deserialize_with = "instant")]
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
    action: Option<String>,
    status: Option<String>,
}

/// An instant, or none where there is none or it is of another form: what happened counts more than when.
fn instant<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(value.as_ref().and_then(Value::as_str).and_then(|text| text.parse().ok()))
}

/// The plain address in lower case: `"Weber, Anna" <AP@Acme.example>` is `ap@acme.example`.
fn plain(text: &str) -> String {
    let inner = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(text, |(inner, _)| inner);
    inner.trim().to_lowercase()
}

fn plains(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| plain(text)).collect()
}

/// The first value of a tag.
fn tag<'a>(envelope: &'a Value, name: &str) -> Option<&'a str> {
    let value = envelope.get("detail")?.get("mail")?.get("tags")?.get(name)?;
    value.as_str().or_else(|| value.get(0)?.as_str())
}

/// Which message or service mail the tags name; none when they do not name one whole.
pub fn about(envelope: &Value) -> Option<SesSubject> {
    let tenant = TenantId::parse(tag(envelope, tags::TENANT)?).ok()?;
    let customer = CustomerId::parse(tag(envelope, tags::CUSTOMER)?)?;
    if let Some(mail) = tag(envelope, tags::SERVICE_MAIL) {
        let mail = ServiceMailId::parse(mail)?;
        return Some(SesSubject::ServiceMail(AboutServiceMail { tenant, customer, mail }));
    }
    let message = MessageId::parse(tag(envelope, tags::MESSAGE)?)?;
    let number = tag(envelope, tags::NUMBER).and_then(|text| text.parse().ok());
    Some(SesSubject::Message(About { tenant, customer, message, number }))
}

/// Reads an event in EventBridge's envelope.
///
/// # Errors
///
/// What is wrong with it, without any of its content.
pub fn read(envelope: &Value, now: Timestamp) -> Result<SesEvent, String> {
    let detail = envelope.get("detail").cloned().ok_or("the event has no detail")?;
    // The parser's words may hold a piece of the event; its position does not.
    let detail: Detail =
        serde_json::from_value(detail).map_err(|_| "a field of the event's detail has another type".to_owned())?;
    let recipients = plains(&detail.mail.destination);
    let mut main = plains(&detail.mail.common_headers.to);
    main.retain(|address| recipients.contains(address) || recipients.is_empty());
    if main.is_empty() {
        main.extend(recipients.first().cloned());
    }
    let missing = |part: &str| format!("the event has no {part}");
    let sent_at = detail.mail.timestamp;
    let (kind, at) = match detail.event_type.as_str() {
        "Send" => (SesEventKind::Send, None),
        "Reject" => (SesEventKind::Reject, None),
        "Rendering Failure" => (SesEventKind::RenderingFailure, None),
        "DeliveryDelay" => (SesEventKind::Delay, detail.delivery_delay.and_then(|part| part.timestamp)),
        "Delivery" => {
            let part = detail.delivery.ok_or_else(|| missing("delivery"))?;
            (SesEventKind::Delivery(plains(&part.recipients)), part.timestamp)
        }
        "Bounce" => {
            let part = detail.bounce.ok_or_else(|| missing("bounce"))?;
            let at = part.timestamp;
            (SesEventKind::Bounce(bounce(part)), at)
        }
        "Complaint" => {
            let part = detail.complaint.ok_or_else(|| missing("complaint"))?;
            let at = part.timestamp;
            (complaint(part), at)
        }
        other => (SesEventKind::Other(other.to_owned()), None),
    };
    let written = envelope.get("time").and_then(Value::as_str).and_then(|text| text.parse().ok());
    Ok(SesEvent {
        about: about(envelope),
        kind,
        at: at.or(sent_at).or(written).unwrap_or(now),
        provider_id: detail.mail.message_id,
        recipients,
        main,
    })
}

fn bounce(part: BouncePart) -> Bounce {
    let permanent = part.bounce_type == "Permanent";
    let proven = permanent
        || matches!(part.bounce_sub_type.as_str(), "MailboxFull" | "MessageTooLarge" | "ContentRejected" | "AttachmentRejected");
    let who = part
        .bounced_recipients
        .into_iter()
        .map(|one| {
            let failed = one.action.is_some_and(|action| action.eq_ignore_ascii_case("failed"));
            let coded = one.status.is_some_and(|status| status.starts_with("4.") || status.starts_with("5."));
            Bounced { address: plain(&one.email_address), lost: proven || failed || coded }
        })
        .collect();
    Bounce { permanent, who }
}

fn complaint(part: ComplaintPart) -> SesEventKind {
    if part.complaint_feedback_type.as_deref() == Some("not-spam") {
        return SesEventKind::Other("not-spam".to_owned());
    }
    let unsent = part.complaint_sub_type.as_deref() == Some("OnAccountSuppressionList");
    let who = part.complained_recipients.iter().map(|one| plain(&one.email_address)).collect();
    SesEventKind::Complaint { who, unsent }
}
