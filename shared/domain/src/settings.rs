//! A tenant's settings: what the admin API takes and the table holds.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};

use crate::{
    AnswerSettings, BankAccount, BrandSettings, Channel, Currency, CustomerPlans, KeyAccounts, Mode, NoticeSettings, OwnerRule,
    Reporting, Signing, SmsSettings, word,
};

/// How far ahead a promise may be, in days: what takes longer is a plan.
pub const PROMISE_DAYS_MAX: i64 = 180;

/// A tenant's settings. Unknown keys are refused; all but `name` have defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The name that customers see.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    #[serde(default = "default_country")]
    pub country: String,
    /// IANA zone of due dates; the country's first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The language where a customer has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Off, shadow or live.
    #[serde(default, deserialize_with = "word::known")]
    pub mode: Mode,
    /// For whom and under whose name the tenant collects. Rules of the guard read it.
    #[serde(default)]
    pub collector_role: CollectorRole,
    /// The sender by channel: an email address (or `Name <address>`), an SMS sender id or number.
    #[serde(default, deserialize_with = "word::known_keys")]
    pub sender: BTreeMap<Channel, String>,
    /// Where replies to emails go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// How customers pay, in the tenant's words, line by line: shown in mails and on the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_details: Option<String>,
    /// The accounts that customers transfer to: for a currency the first that is for it alone counts, else the first for every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bank_accounts: Vec<BankAccount>,
    /// How the tenant shows itself on what its customers see.
    #[serde(default, skip_serializing_if = "BrandSettings::is_usual")]
    pub brand: BrandSettings,
    /// Whose name mails leave under, and how they are signed.
    #[serde(default, skip_serializing_if = "Signing::is_usual")]
    pub signing: Signing,
    /// The companies of the tenant that invoice, by short id, where there are several. What an invoice or customer names must be among
    /// them; while there are none, it may name what it likes.
    #[serde(default)]
    pub legal_entities: BTreeMap<String, LegalEntity>,
    /// When people may be contacted, where they are.
    #[serde(default)]
    pub window: Window,
    /// To whose numbers text messages and calls go, and how long text messages may be.
    #[serde(default, skip_serializing_if = "SmsSettings::is_usual")]
    pub sms: SmsSettings,
    /// How often.
    #[serde(default)]
    pub caps: Caps,
    /// When an unusual day stops everything.
    #[serde(default)]
    pub breaker: Breaker,
    /// Webhook requests a minute and source; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_minute: Option<u32>,
    /// What a message costs by channel, in millionths of a US dollar. Simulations reckon with it; nothing is decided by it.
    #[serde(default, deserialize_with = "word::known_keys", skip_serializing_if = "BTreeMap::is_empty")]
    pub costs: BTreeMap<Channel, u64>,
    /// The tenant's own closed days.
    #[serde(default)]
    pub calendar: CalendarSettings,
    /// How old a source's word may be before sending stops, by source, ISO 8601 (`PT26H`); no demand by default.
    #[serde(default)]
    pub freshness: BTreeMap<String, String>,
    /// Net exposure in minor units below which a case waits, by currency.
    #[serde(default)]
    pub minimum_exposure: BTreeMap<Currency, i64>,
    /// In which currency lists rank amounts of several, and at which rates. Nothing that is asked of a customer goes by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporting: Option<Reporting>,
    /// Whose customers are where nobody was named by hand: the first rule that fits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<OwnerRule>,
    /// Teams by what they are called, each with the subjects of its members. A team may be an owner, get tasks and stand in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub teams: BTreeMap<String, Vec<String>>,
    /// Which customers leave automation for a named person, by their share of what is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_accounts: Option<KeyAccounts>,
    /// What becomes of an invoice that is open again because its payment was refunded or charged back.
    #[serde(default)]
    pub after_refund: AfterRefund,
    /// Whether an invoice is chased that its source says was never sent to the customer.
    #[serde(default = "yes")]
    pub chase_unsent: bool,
    /// What customers may promise by themselves, on the page behind their link.
    #[serde(default, skip_serializing_if = "CustomerPromises::is_usual")]
    pub promises: CustomerPromises,
    /// What customers may agree on by themselves of paying in parts, and how late a part of any plan may be.
    #[serde(default, skip_serializing_if = "CustomerPlans::is_usual")]
    pub plans: CustomerPlans,
    /// How soon somebody decides what customers contest.
    #[serde(default, skip_serializing_if = "DisputeDeadline::is_usual")]
    pub disputes: DisputeDeadline,
    /// What is done by itself with what customers answer.
    #[serde(default, skip_serializing_if = "AnswerSettings::is_usual")]
    pub answers: AnswerSettings,
    /// How people of the tenant are told of work.
    #[serde(default, skip_serializing_if = "NoticeSettings::is_usual")]
    pub notices: NoticeSettings,
    /// How workflows are published.
    #[serde(default, skip_serializing_if = "PublishingRules::is_usual")]
    pub publishing: PublishingRules,
    /// Whether the tenant is there for people to learn with: it never goes live, and nothing of it is ever sent. Said with the first settings, for
    /// good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub training: bool,
    /// The kill switch: true stops deciding and sending at once.
    #[serde(default)]
    pub paused: bool,
    /// Shards of the due index; may be raised, not lowered.
    #[serde(default = "default_shards")]
    pub shards: u8,
}

fn default_country() -> String {
    "US".to_owned()
}

fn default_shards() -> u8 {
    4
}

fn yes() -> bool {
    true
}

/// What becomes of an invoice that is open again because its payment was refunded or charged back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterRefund {
    /// What was taken back is kept back until a person releases it, and a person is told.
    #[default]
    Hold,
    /// It is chased at the rung that it had.
    Chase,
}

impl Settings {
    /// The defaults under a name.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            country: default_country(),
            time_zone: None,
            language: None,
            mode: Mode::default(),
            collector_role: CollectorRole::default(),
            sender: BTreeMap::new(),
            reply_to: None,
            payment_details: None,
            bank_accounts: Vec::new(),
            brand: BrandSettings::default(),
            signing: Signing::default(),
            legal_entities: BTreeMap::new(),
            window: Window::default(),
            sms: SmsSettings::default(),
            caps: Caps::default(),
            breaker: Breaker::default(),
            rate_per_minute: None,
            costs: BTreeMap::new(),
            calendar: CalendarSettings::default(),
            freshness: BTreeMap::new(),
            minimum_exposure: BTreeMap::new(),
            reporting: None,
            owners: Vec::new(),
            teams: BTreeMap::new(),
            key_accounts: None,
            after_refund: AfterRefund::default(),
            chase_unsent: yes(),
            promises: CustomerPromises::default(),
            plans: CustomerPlans::default(),
            disputes: DisputeDeadline::default(),
            answers: AnswerSettings::default(),
            notices: NoticeSettings::default(),
            publishing: PublishingRules::default(),
            training: false,
            paused: false,
            shards: default_shards(),
        }
    }
}

/// One of the companies under whose name a tenant invoices: what it has of its own, the rest is the tenant's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalEntity {
    /// The name that customers see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The sender by channel.
    #[serde(default, deserialize_with = "word::known_keys", skip_serializing_if = "BTreeMap::is_empty")]
    pub sender: BTreeMap<Channel, String>,
    /// Where replies to emails go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// How its customers pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_details: Option<String>,
    /// The accounts that its customers transfer to; where it lists any, those of the tenant do not count for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bank_accounts: Vec<BankAccount>,
    /// How it shows itself on what its customers see.
    #[serde(default, skip_serializing_if = "BrandSettings::is_usual")]
    pub brand: BrandSettings,
}

impl Settings {
    /// Whether a legal entity can be written for: the default one, which is empty, and those that are listed, if any are.
    pub fn knows_legal_entity(&self, id: &str) -> bool {
        id.is_empty() || self.legal_entities.is_empty() || self.legal_entities.contains_key(id)
    }

    /// The name that customers of a legal entity see.
    pub fn name_of(&self, legal_entity: &str) -> &str {
        let own = self.legal_entities.get(legal_entity).and_then(|entity| entity.name.as_deref());
        own.unwrap_or(&self.name)
    }

    /// The sender of a legal entity on a channel.
    pub fn sender_of(&self, legal_entity: &str, channel: Channel) -> Option<&str> {
        let own = self.legal_entities.get(legal_entity).and_then(|entity| entity.sender.get(&channel));
        own.or_else(|| self.sender.get(&channel)).map(String::as_str)
    }

    /// Where replies to emails of a legal entity go.
    pub fn reply_to_of(&self, legal_entity: &str) -> Option<&str> {
        let own = self.legal_entities.get(legal_entity).and_then(|entity| entity.reply_to.as_deref());
        own.or(self.reply_to.as_deref())
    }

    /// How customers of a legal entity pay.
    pub fn payment_details_of(&self, legal_entity: &str) -> Option<&str> {
        let own = self.legal_entities.get(legal_entity).and_then(|entity| entity.payment_details.as_deref());
        own.or(self.payment_details.as_deref())
    }

    /// The accounts that customers of a legal entity transfer to.
    fn bank_accounts_of(&self, legal_entity: &str) -> &[BankAccount] {
        let own = self.legal_entities.get(legal_entity).map(|entity| entity.bank_accounts.as_slice());
        own.filter(|accounts| !accounts.is_empty()).unwrap_or(&self.bank_accounts)
    }

    /// The account that customers of a legal entity transfer a currency to: the first that is for that currency alone, else the first for every
    /// one.
    pub fn bank_account_of(&self, legal_entity: &str, currency: Currency) -> Option<&BankAccount> {
        let takes = || self.bank_accounts_of(legal_entity).iter().filter(move |account| account.takes(currency));
        takes().find(|account| account.currency.is_some()).or_else(|| takes().next())
    }

    /// How customers of a legal entity pay, in lines: what the tenant wrote, else the account for a currency, or all accounts where none is named.
    pub fn how_to_pay(&self, legal_entity: &str, currency: Option<Currency>, language: &str) -> Option<String> {
        if let Some(text) = self.payment_details_of(legal_entity) {
            return Some(text.to_owned());
        }
        let accounts: Vec<&BankAccount> = match currency {
            Some(currency) => self.bank_account_of(legal_entity, currency).into_iter().collect(),
            None => self.bank_accounts_of(legal_entity).iter().collect(),
        };
        let lines: Vec<String> = accounts.iter().flat_map(|account| account.lines(language)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// How workflows are published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishingRules {
    /// Whether one person asks for a publishing and another one does it.
    #[serde(default)]
    pub two_people: bool,
}

impl PublishingRules {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What customers may promise by themselves. People of the tenant are not bound by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CustomerPromises {
    /// How many days ahead a promise may be, 1 to 180.
    pub max_days: u16,
    /// How many of a customer's promises may be open at once, 0 to 20; with 0 customers cannot promise by themselves.
    pub max_open: u8,
}

impl Default for CustomerPromises {
    fn default() -> Self {
        Self { max_days: 14, max_open: 3 }
    }
}

impl CustomerPromises {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// How soon somebody decides what customers contest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DisputeDeadline {
    /// Business days of the tenant from the day on which the dispute was opened, 1 to 60: the day by which its task is due.
    pub sla_days: u16,
}

impl Default for DisputeDeadline {
    fn default() -> Self {
        Self { sla_days: 5 }
    }
}

impl DisputeDeadline {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Under whose name a tenant collects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectorRole {
    /// Its own invoices under its own name.
    #[default]
    FirstParty,
    /// Its own invoices under another name.
    FirstPartyOtherName,
    /// For others.
    ThirdParty,
    /// Bought debts.
    DebtBuyer,
}

impl CollectorRole {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstParty => "first_party",
            Self::FirstPartyOtherName => "first_party_other_name",
            Self::ThirdParty => "third_party",
            Self::DebtBuyer => "debt_buyer",
        }
    }

    /// Whether it is a creditor's own invoices under its own name. Everybody else is a debt collector where the law knows one: who collects
    /// its own under another name too (15 USC 1692a(6)).
    pub const fn is_creditor_in_own_name(self) -> bool {
        match self {
            Self::FirstParty => true,
            Self::FirstPartyOtherName | Self::ThirdParty | Self::DebtBuyer => false,
        }
    }
}

/// The hours and weekdays on which people may be contacted, in their zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First moment, inclusive: `09:00`.
    #[serde(default = "nine", with = "minutes")]
    pub from: Time,
    /// Last moment, exclusive: `17:00`.
    #[serde(default = "five", with = "minutes")]
    pub to: Time,
    /// Weekdays, everywhere; where they are not set, all but the weekend of the country that the person is in. Public holidays are closed
    /// besides.
    #[serde(default, with = "days", skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<Weekday>>,
}

fn nine() -> Time {
    Time::constant(9, 0, 0, 0)
}

fn five() -> Time {
    Time::constant(17, 0, 0, 0)
}

impl Default for Window {
    fn default() -> Self {
        Self { from: nine(), to: five(), days: None }
    }
}

/// `HH:MM`, or `HH:MM:SS` when read.
pub(crate) mod minutes {
    use jiff::civil::Time;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:02}:{:02}", time.hour(), time.minute()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom(format!("'{text}' is not a time of day such as '09:00'")))
    }
}

/// `mon` to `sun`.
mod days {
    use jiff::civil::Weekday;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    const NAMES: [(&str, &str, Weekday); 7] = [
        ("mon", "monday", Weekday::Monday),
        ("tue", "tuesday", Weekday::Tuesday),
        ("wed", "wednesday", Weekday::Wednesday),
        ("thu", "thursday", Weekday::Thursday),
        ("fri", "friday", Weekday::Friday),
        ("sat", "saturday", Weekday::Saturday),
        ("sun", "sunday", Weekday::Sunday),
    ];

    pub(super) fn serialize<S: Serializer>(days: &Option<Vec<Weekday>>, serializer: S) -> Result<S::Ok, S::Error> {
        let named = |days: &Vec<Weekday>| -> Vec<&str> {
            NAMES.iter().filter(|(.., day)| days.contains(day)).map(|(name, ..)| *name).collect()
        };
        days.as_ref().map(named).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Weekday>>, D::Error> {
        let Some(words) = Option::<Vec<String>>::deserialize(deserializer)? else { return Ok(None) };
        words
            .iter()
            .map(|text| {
                let word = text.to_ascii_lowercase();
                NAMES
                    .iter()
                    .find(|(short, long, _)| word == *short || word == *long)
                    .map(|(.., day)| *day)
                    .ok_or_else(|| serde::de::Error::custom(format!("'{text}' is not a weekday such as 'mon'")))
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

/// How often a tenant's people may be contacted; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// One person, over all customers and channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_person: Option<PersonCap>,
    /// Messages an hour of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<u32>,
    /// Messages a day of the tenant: the ramp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u32>,
}

/// At most `count` contact days of one person within any `days` days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonCap {
    /// Contacts; what leaves on one day counts as one.
    pub count: u32,
    /// Days, today included; 1 to 60.
    pub days: u32,
}

/// Trips when more becomes due in a day than `factor` times the 28-day median and more than `minimum`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// How many times the median.
    #[serde(default = "three")]
    pub factor: u32,
    /// What never trips it.
    #[serde(default = "fifty")]
    pub minimum: u32,
}

fn three() -> u32 {
    3
}

fn fifty() -> u32 {
    50
}

impl Default for Breaker {
    fn default() -> Self {
        Self { factor: three(), minimum: fifty() }
    }
}

/// The tenant's own closed days, on top of public holidays where the person is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarSettings {
    /// Days on which nothing is sent.
    #[serde(default)]
    pub closed: Vec<Date>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_said_as_it_is_stored() {
        use CollectorRole::{DebtBuyer, FirstParty, FirstPartyOtherName, ThirdParty};
        for role in [FirstParty, FirstPartyOtherName, ThirdParty, DebtBuyer] {
            assert_eq!(serde_json::to_value(role).expect("it is a word"), role.as_str());
            assert_eq!(role.is_creditor_in_own_name(), role == CollectorRole::default());
        }
    }

    #[test]
    fn weekdays_are_words_and_no_beginnings() {
        let days = |text: &str| serde_json::from_str::<Window>(&format!(r#"{{"days": ["{text}"]}}"#)).map(|window| window.days);
        for (text, expected) in [
            ("mon", Some(Weekday::Monday)),
            ("Mon", Some(Weekday::Monday)),
            ("MONDAY", Some(Weekday::Monday)),
            ("thursday", Some(Weekday::Thursday)),
            ("monkey", None),
            ("sunny", None),
            ("satan", None),
            ("wednes", None),
            ("mo", None),
            ("", None),
        ] {
            assert_eq!(days(text).ok(), expected.map(|day| Some(vec![day])), "{text}");
        }
    }
}
