//! What a tenant's settings must be beyond their types.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Span};

use super::{bank_accounts::wrong_accounts, is_country, is_zone, owner_rules::wrong_owner_rules};
use crate::{
    Channel, Settings,
    channel::SenderForm,
    mailbox::{Mailbox, NoMailbox},
    owners::OWNER_MAX,
    phone,
    settings::PROMISE_DAYS_MAX,
    teams::{TEAM_MEMBERS_MAX, TEAMS_MAX},
};

/// Most bytes of settings as JSON. Each decision reads them, and an item of the table holds 400 KB with everything else that is in it.
const BYTES_MAX: usize = 128 * 1024;

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 200;

/// Longest cap, in days.
const CAP_DAYS_MAX: u32 = 60;

/// Most shards of the due index.
const SHARDS_MAX: u8 = 64;

/// Most countries that are named for text messages: there are no more.
const COUNTRIES_MAX: usize = 250;

/// Most segments of a text message that settings may allow.
const SEGMENTS_MAX: u8 = 4;

/// Most sources with a demand on how old their word may be, and the longest name of one.
const SOURCES_MAX: usize = 50;
const SOURCE_CHARS_MAX: usize = 64;

/// What a message may cost at most, in millionths of a US dollar: a hundred dollars.
const COST_MICRO_USD_MAX: u64 = 100_000_000;

/// Most promises that a customer may have open by itself.
const PROMISES_OPEN_MAX: u8 = 20;

/// Most business days until somebody decides a dispute.
const SLA_DAYS_MAX: u16 = 60;

/// Most closed days.
const CLOSED_DAYS_MAX: usize = 1_000;

/// Most legal entities, and the longest id of one, which is also the longest that an invoice may name.
const LEGAL_ENTITIES_MAX: usize = 200;
const LEGAL_ENTITY_CHARS_MAX: usize = 50;
/// Most legal entities with a logo of their own: an item of the table holds 400 KB, and a logo up to 12.
const LEGAL_ENTITY_LOGOS_MAX: usize = 10;

/// Longest text that says how to pay, in characters and in lines.
const PAYMENT_DETAILS_CHARS_MAX: usize = 1_000;
const PAYMENT_DETAILS_LINES_MAX: usize = 20;

/// What is wrong with the text that says how to pay, which stands below `pointer`.
fn wrong_payment_details(pointer: &str, text: Option<&str>) -> Option<(String, String)> {
    let text = text?;
    let is_break = |character: char| matches!(character, '\n' | '\r');
    let good = !text.trim().is_empty()
        && text.chars().count() <= PAYMENT_DETAILS_CHARS_MAX
        && text.lines().count() <= PAYMENT_DETAILS_LINES_MAX
        && !text.chars().any(|character| character.is_control() && !is_break(character));
    let detail = format!(
        "payment details have 1 to {PAYMENT_DETAILS_CHARS_MAX} characters in at most {PAYMENT_DETAILS_LINES_MAX} lines, and no control \
         characters but line breaks; leave them out for none"
    );
    (!good).then(|| (format!("{pointer}/payment_details"), detail))
}

/// What is wrong with the senders of a tenant or of one of its legal entities, which stand below `pointer`.
fn wrong_senders(pointer: &str, senders: &BTreeMap<Channel, String>, reply_to: Option<&str>) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    for (channel, sender) in senders {
        let at = format!("{pointer}/sender/{}", channel.as_str());
        let (good, form) = match channel.facts().sender_form {
            SenderForm::Mailbox => {
                let why = Mailbox::parse(sender).err();
                wrong.extend(why.is_some().then(|| (at, no_mailbox(sender, why))));
                continue;
            }
            SenderForm::NumberOrName => (
                is_sms_sender(sender),
                "a number such as '+14155550100', or a sender id of 1 to 11 letters, digits and hyphens with a letter among them",
            ),
            SenderForm::Number => (is_phone(sender), "a number such as '+14155550100'"),
            SenderForm::Line => (is_line(sender), "a line of 1 to 200 characters"),
        };
        wrong.extend((!good).then(|| (at, format!("'{sender}' is not {form}"))));
    }
    if let Some(address) = reply_to {
        let why = Mailbox::parse(address).err();
        wrong.extend(why.is_some().then(|| (format!("{pointer}/reply_to"), no_mailbox(address, why))));
    }
    wrong
}

/// What is wrong with settings: a JSON pointer and a sentence for each; none when they may be stored.
pub fn check_settings(settings: &Settings) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    let mut refuse = |bad: bool, pointer: &str, detail: String| {
        if bad {
            wrong.push((pointer.to_owned(), detail));
        }
    };
    let s = settings;
    let chars = s.name.chars().count();
    refuse(
        s.name.trim().is_empty() || chars > NAME_CHARS_MAX || s.name.chars().any(char::is_control),
        "/name",
        format!("a name has 1 to {NAME_CHARS_MAX} characters and no control characters"),
    );
    refuse(!is_country(&s.country), "/country", format!("'{}' is no ISO 3166-1 country such as 'US'", s.country));
    if let Some(zone) = &s.time_zone {
        refuse(!is_zone(zone), "/time_zone", format!("'{zone}' is no IANA time zone such as 'Europe/Berlin'"));
    }
    if let Some(tag) = &s.language {
        refuse(!is_language(tag), "/language", format!("'{tag}' is no language tag such as 'en' or 'pt-br'"));
    }
    refuse(
        s.legal_entities.len() > LEGAL_ENTITIES_MAX,
        "/legal_entities",
        format!("at most {LEGAL_ENTITIES_MAX} legal entities are listed"),
    );
    let mut found = wrong_senders("", &s.sender, s.reply_to.as_deref());
    found.extend(wrong_payment_details("", s.payment_details.as_deref()));
    found.extend(wrong_accounts("", &s.bank_accounts));
    found.extend(s.brand.flaws(""));
    found.extend(s.signing.flaw());
    for (id, entity) in &s.legal_entities {
        let pointer = format!("/legal_entities/{id}");
        let short = (1..=LEGAL_ENTITY_CHARS_MAX).contains(&id.chars().count()) && is_line(id);
        refuse(!short, &pointer, format!("the id of a legal entity has 1 to {LEGAL_ENTITY_CHARS_MAX} characters, all printed"));
        if let Some(name) = &entity.name {
            let chars = name.chars().count();
            let bad = name.trim().is_empty() || chars > NAME_CHARS_MAX || name.chars().any(char::is_control);
            let detail = format!("a name has 1 to {NAME_CHARS_MAX} characters and no control characters");
            refuse(bad, &format!("{pointer}/name"), detail);
        }
        found.extend(wrong_senders(&pointer, &entity.sender, entity.reply_to.as_deref()));
        found.extend(wrong_payment_details(&pointer, entity.payment_details.as_deref()));
        found.extend(wrong_accounts(&pointer, &entity.bank_accounts));
        found.extend(entity.brand.flaws(&pointer));
    }
    let marks = s.legal_entities.values().filter(|entity| entity.brand.logo.is_some()).count();
    let detail = format!(
        "at most {LEGAL_ENTITY_LOGOS_MAX} legal entities have a logo of their own; the settings are read for each decision"
    );
    refuse(marks > LEGAL_ENTITY_LOGOS_MAX, "/legal_entities", detail);
    for (pointer, detail) in found {
        refuse(true, &pointer, detail);
    }
    refuse(s.window.from >= s.window.to, "/window", "a window opens before it closes, on one day".to_owned());
    refuse(s.window.days.as_ref().is_some_and(Vec::is_empty), "/window/days", "a window has at least one weekday".to_owned());
    if let Some(cap) = &s.caps.per_person {
        refuse(
            !(1..=CAP_DAYS_MAX).contains(&cap.days),
            "/caps/per_person/days",
            format!("a cap is over 1 to {CAP_DAYS_MAX} days"),
        );
    }
    refuse(s.rate_per_minute == Some(0), "/rate_per_minute", "a rate is at least 1".to_owned());
    for (channel, cost) in &s.costs {
        let detail = format!("a message costs at most {COST_MICRO_USD_MAX} millionths of a US dollar");
        refuse(*cost > COST_MICRO_USD_MAX, &format!("/costs/{}", channel.as_str()), detail);
    }
    refuse(s.breaker.factor < 1, "/breaker/factor", "a breaker's factor is at least 1".to_owned());
    refuse(
        s.calendar.closed.len() > CLOSED_DAYS_MAX,
        "/calendar/closed",
        format!("a calendar has at most {CLOSED_DAYS_MAX} closed days"),
    );
    refuse(
        s.sms.countries.len() > COUNTRIES_MAX,
        "/sms/countries",
        format!("at most {COUNTRIES_MAX} countries are named; there are no more"),
    );
    for (at, country) in s.sms.countries.iter().take(COUNTRIES_MAX).enumerate() {
        let detail = format!("'{country}' is no ISO 3166-1 country such as 'US'");
        refuse(!is_country(country), &format!("/sms/countries/{at}"), detail);
    }
    refuse(
        !(1..=SEGMENTS_MAX).contains(&s.sms.segments_max),
        "/sms/segments_max",
        format!("a text message has 1 to {SEGMENTS_MAX} segments"),
    );
    refuse(s.freshness.len() > SOURCES_MAX, "/freshness", format!("at most {SOURCES_MAX} sources have a demand"));
    for (source, text) in s.freshness.iter().take(SOURCES_MAX) {
        let named = (1..=SOURCE_CHARS_MAX).contains(&source.chars().count()) && !source.chars().any(char::is_control);
        let detail = format!("the name of a source has 1 to {SOURCE_CHARS_MAX} characters");
        refuse(!named, &format!("/freshness/{}", pointed(&source.chars().take(SOURCE_CHARS_MAX).collect::<String>())), detail);
        refuse(
            freshness(text).is_none(),
            &format!("/freshness/{}", pointed(source)),
            format!("'{text}' is no positive ISO 8601 duration of weeks, days, hours, minutes and seconds, such as 'PT26H'"),
        );
    }
    for (currency, minor) in &s.minimum_exposure {
        refuse(*minor < 0, &format!("/minimum_exposure/{currency}"), "an exposure is not negative".to_owned());
    }
    if let Some(reporting) = &s.reporting {
        let own = reporting.rates.contains_key(&reporting.currency);
        let detail = "the reporting currency has no rate of its own: an amount of it is what it is".to_owned();
        refuse(own, &format!("/reporting/rates/{}", reporting.currency), detail);
    }
    for (pointer, detail) in wrong_owner_rules(&s.owners) {
        refuse(true, &pointer, detail);
    }
    refuse(s.teams.len() > TEAMS_MAX, "/teams", format!("at most {TEAMS_MAX} teams"));
    let is_name =
        |name: &str| !name.trim().is_empty() && name.chars().count() <= OWNER_MAX && !name.chars().any(char::is_control);
    for (team, members) in s.teams.iter().take(TEAMS_MAX) {
        let at = format!("/teams/{}", pointed(&team.chars().take(OWNER_MAX).collect::<String>()));
        refuse(!is_name(team), &at, format!("a team is called by at most {OWNER_MAX} characters"));
        let detail = format!("a team has 1 to {TEAM_MEMBERS_MAX} members; take a team away that has none");
        refuse(!(1..=TEAM_MEMBERS_MAX).contains(&members.len()), &at, detail);
        for (nth, member) in members.iter().take(TEAM_MEMBERS_MAX).enumerate() {
            let detail = format!("a member is named by the subject of their sign-in, at most {OWNER_MAX} characters");
            refuse(!is_name(member), &format!("{at}/{nth}"), detail);
            let detail = format!("'{member}' is a team itself; name its members");
            refuse(s.teams.contains_key(member), &format!("{at}/{nth}"), detail);
        }
    }
    if let Some(key_accounts) = &s.key_accounts {
        let bad = !(1..=100).contains(&key_accounts.share_percent);
        refuse(bad, "/key_accounts/share_percent", "a share is 1 to 100 percent".to_owned());
        let owner = key_accounts.owner.trim();
        let is_good = !owner.is_empty() && owner.chars().count() <= OWNER_MAX && !owner.chars().any(char::is_control);
        let detail = format!("an owner is a member's subject or a team's name, at most {OWNER_MAX} characters");
        refuse(!is_good, "/key_accounts/owner", detail);
    }
    let far = i64::from(s.promises.max_days);
    refuse(!(1..=PROMISE_DAYS_MAX).contains(&far), "/promises/max_days", format!("days are 1 to {PROMISE_DAYS_MAX}"));
    refuse(
        s.promises.max_open > PROMISES_OPEN_MAX,
        "/promises/max_open",
        format!("at most {PROMISES_OPEN_MAX} promises are open"),
    );
    let is_soon = (1..=SLA_DAYS_MAX).contains(&s.disputes.sla_days);
    refuse(!is_soon, "/disputes/sla_days", format!("business days are 1 to {SLA_DAYS_MAX}"));
    refuse(!(1..=SHARDS_MAX).contains(&s.shards), "/shards", format!("shards are 1 to {SHARDS_MAX}"));
    let bytes = serde_json::to_string(s).map_or(usize::MAX, |text| text.len());
    let detail =
        format!("settings have at most {BYTES_MAX} bytes as JSON, and these have {bytes}; name less in their lists and texts");
    refuse(bytes > BYTES_MAX, "", detail);
    wrong.extend(s.plans.flaws());
    wrong.extend(s.notices.flaws());
    wrong
}

/// How old a source's word may be, from its text: `PT26H`, `P1DT2H`. A day is 24 hours.
///
/// `None` for what is no ISO 8601 duration, is not positive, or counts months or years, whose length varies.
pub fn freshness(text: &str) -> Option<SignedDuration> {
    // The parser also reads "26 hours" and signs.
    if !text.starts_with('P') {
        return None;
    }
    let span: Span = text.parse().ok()?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return None;
    }
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    duration.is_positive().then_some(duration)
}

/// A text as a part of a JSON pointer.
fn pointed(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

/// Whether `tag` has the form of a BCP 47 language tag.
pub fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or("");
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && tag.len() <= 35
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// What is said of a text that is no mailbox.
fn no_mailbox(text: &str, why: Option<NoMailbox>) -> String {
    let why = why.map(|why| why.to_string()).unwrap_or_default();
    format!("'{text}' is not an email address, or 'Name <address>': {why}")
}

/// Whether `text` is a number in E.164.
fn is_phone(text: &str) -> bool {
    phone::e164(text).is_some()
}

fn is_sms_sender(text: &str) -> bool {
    let sender_id = (1..=11).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_phone(text) || (sender_id && text.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= NAME_CHARS_MAX && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OwnerRule, settings::LegalEntity};

    /// Settings from their JSON on top of a name, checked; the pointers of what is wrong.
    fn wrong(patch: &str) -> String {
        let mut value: serde_json::Value = serde_json::json!({"name": "Acme"});
        let patch: serde_json::Value = serde_json::from_str(patch).unwrap();
        value.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        let found = check_settings(&serde_json::from_value(value).unwrap());
        assert!(found.iter().all(|(_, detail)| !detail.is_empty()));
        found.into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn settings() {
        let long = |chars: usize| format!(r#"{{"name": "{}"}}"#, "é".repeat(chars));
        let details = |chars: usize| format!(r#"{{"payment_details": "{}"}}"#, "é".repeat(chars));
        let logos = |count: usize| {
            let of = |at: usize| format!(r#""e{at}": {{"brand": {{"logo": "data:image/png;base64,iVBORw0KGgo="}}}}"#);
            format!(r#"{{"legal_entities": {{{}}}}}"#, (0..count).map(of).collect::<Vec<_>>().join(", "))
        };
        for (patch, expected) in [
            ("{}", ""),
            (long(200).as_str(), ""),
            (long(201).as_str(), "/name"),
            (r#"{"name": " "}"#, "/name"),
            (r#"{"name": "a\nb"}"#, "/name"),
            (r##"{"brand": {"colour": "#1a56b0", "particulars": "Acme Ltd"}}"##, ""),
            (
                r##"{"brand": {"colour": "#ffffff", "logo": "x", "particulars": ""}}"##,
                "/brand/colour /brand/logo /brand/particulars",
            ),
            (r#"{"country": "DE"}"#, ""),
            (r#"{"country": "de"}"#, "/country"),
            (r#"{"country": "XX"}"#, "/country"),
            (r#"{"time_zone": "Europe/Berlin"}"#, ""),
            (r#"{"time_zone": "Berlin"}"#, "/time_zone"),
            (r#"{"time_zone": "Etc/Unknown"}"#, "/time_zone"),
            (r#"{"language": "pt-br"}"#, ""),
            (r#"{"language": "zh-Hant-TW"}"#, ""),
            (r#"{"language": "e"}"#, "/language"),
            (r#"{"language": "en_US"}"#, "/language"),
            (r#"{"language": "en-"}"#, "/language"),
            (r#"{"language": "english"}"#, "/language"),
            (r#"{"window": {"from": "08:00", "to": "21:00"}}"#, ""),
            (r#"{"window": {"from": "17:00", "to": "17:00"}}"#, "/window"),
            (r#"{"window": {"from": "22:00", "to": "06:00"}}"#, "/window"),
            (r#"{"window": {"days": []}}"#, "/window/days"),
            (r#"{"window": {"days": null}}"#, ""),
            (r#"{"window": {"days": ["sun"]}}"#, ""),
            (r#"{"caps": {"per_person": {"count": 1, "days": 60}}}"#, ""),
            (r#"{"caps": {"per_person": {"count": 0, "days": 1}}}"#, ""),
            (r#"{"caps": {"per_person": {"count": 1, "days": 0}}}"#, "/caps/per_person/days"),
            (r#"{"caps": {"per_person": {"count": 1, "days": 61}}}"#, "/caps/per_person/days"),
            (r#"{"breaker": {"factor": 1, "minimum": 0}}"#, ""),
            (r#"{"breaker": {"factor": 0}}"#, "/breaker/factor"),
            (r#"{"rate_per_minute": 1}"#, ""),
            (r#"{"rate_per_minute": 0}"#, "/rate_per_minute"),
            (r#"{"costs": {"sms": 7500, "letter": 100000000}}"#, ""),
            (r#"{"costs": {"sms": 100000001}}"#, "/costs/sms"),
            (r#"{"calendar": {"closed": ["2026-12-24"]}}"#, ""),
            (r#"{"minimum_exposure": {"EUR": 0}}"#, ""),
            (r#"{"minimum_exposure": {"EUR": -1}}"#, "/minimum_exposure/EUR"),
            (r#"{"reporting": {"currency": "EUR", "rates": {"USD": "0.92", "JPY": 1}}}"#, ""),
            (r#"{"reporting": {"currency": "EUR", "rates": {"EUR": "1"}}}"#, "/reporting/rates/EUR"),
            (r#"{"owners": [{"owner": "ann", "countries": ["DE"]}, {"owner": "rest"}]}"#, ""),
            (
                r#"{"owners": [{"owner": "ann", "countries": ["DE", "xx"]}, {"owner": " "}]}"#,
                "/owners/0/countries/1 /owners/1/owner",
            ),
            (r#"{"teams": {"north": ["ann", "bob"], "south": ["bob"]}}"#, ""),
            (r#"{"teams": {"north": [], "a/b": ["ann", " ", "north"]}}"#, "/teams/a~1b/1 /teams/a~1b/2 /teams/north"),
            (r#"{"key_accounts": {"share_percent": 20, "owner": "ann"}}"#, ""),
            (r#"{"key_accounts": {"share_percent": 0, "owner": ""}}"#, "/key_accounts/share_percent /key_accounts/owner"),
            (r#"{"promises": {"max_days": 180, "max_open": 0}, "disputes": {"sla_days": 60}}"#, ""),
            (
                r#"{"promises": {"max_days": 181, "max_open": 21}, "disputes": {"sla_days": 0}}"#,
                "/promises/max_days /promises/max_open /disputes/sla_days",
            ),
            (r#"{"plans": {"max_parts": 24, "max_days": 730, "min_part_minor": {"EUR": 1, "JPY": 5000}, "grace_days": 30}}"#, ""),
            (r#"{"plans": {"max_parts": 2}}"#, ""),
            (r#"{"plans": {"max_parts": 1}}"#, "/plans/max_parts"),
            (
                r#"{"plans": {"max_parts": 25, "max_days": 0, "min_part_minor": {"EUR": 0, "USD": 1}, "grace_days": 31}}"#,
                "/plans/max_parts /plans/max_days /plans/min_part_minor/EUR /plans/grace_days",
            ),
            (r#"{"freshness": {"a/b": "PT0S"}}"#, "/freshness/a~1b"),
            (r#"{"sms": {"countries": ["DE", "AT"]}}"#, ""),
            (r#"{"sms": {"countries": ["DE", "de", "XX"]}}"#, "/sms/countries/1 /sms/countries/2"),
            (r#"{"shards": 64}"#, ""),
            (r#"{"shards": 0}"#, "/shards"),
            (r#"{"shards": 65}"#, "/shards"),
            (r#"{"reply_to": "a@b"}"#, "/reply_to"),
            (r#"{"payment_details": "Bank: Example\r\nIBAN: DE00 1234"}"#, ""),
            (r#"{"payment_details": " \n "}"#, "/payment_details"),
            (r#"{"payment_details": "a\tb"}"#, "/payment_details"),
            (details(1_000).as_str(), ""),
            (details(1_001).as_str(), "/payment_details"),
            (r#"{"payment_details": "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20"}"#, ""),
            (
                r#"{"payment_details": "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21"}"#,
                "/payment_details",
            ),
            (r#"{"legal_entities": {"berlin": {"payment_details": ""}}}"#, "/legal_entities/berlin/payment_details"),
            (r##"{"legal_entities": {"berlin": {"brand": {"colour": "#0b5d4a"}}}}"##, ""),
            (r##"{"legal_entities": {"berlin": {"brand": {"colour": "#ffffff"}}}}"##, "/legal_entities/berlin/brand/colour"),
            (logos(10).as_str(), ""),
            (logos(11).as_str(), "/legal_entities"),
            (r#"{"signing": {"sender_name": "owner", "signature": "Accounts receivable\n+49 30 1234"}}"#, ""),
            (r#"{"signing": {"signature": " \n"}}"#, "/signing/signature"),
            (r#"{"bank_accounts": [{"holder": "Acme", "iban": "DE89 3704 0044 0532 0130 00"}]}"#, ""),
            (r#"{"bank_accounts": [{"holder": "Acme"}]}"#, "/bank_accounts/0"),
            (
                r#"{"legal_entities": {"berlin": {"bank_accounts": [{"holder": "", "iban": "DE00"}]}}}"#,
                "/legal_entities/berlin/bank_accounts/0/holder /legal_entities/berlin/bank_accounts/0/iban",
            ),
            (r#"{"country": "XX", "shards": 0}"#, "/country /shards"),
        ] {
            assert_eq!(wrong(patch), expected, "{patch}");
        }
    }

    #[test]
    fn senders() {
        for (channel, text, good) in [
            ("email", "ar@acme.example", true),
            ("email", "Acme AR <ar+x@mail.acme.example>", true),
            ("email", "<ar@acme.example>", true),
            ("email", "Acme, Inc. (AR): Zürich <ar@acme.example>", true),
            ("email", "a@acme.example, b@acme.example", false),
            ("email", "mailto:ar@acme.example", false),
            ("email", "ar@zürich.example", false),
            ("email", "Acme <ar@acme.example", false),
            ("email", "Acme ar@acme.example", false),
            ("email", "ar@acme", false),
            ("email", "ar@@acme.example", false),
            ("email", "@acme.example", false),
            ("email", ".ar@acme.example", false),
            ("email", "ar@-acme.example", false),
            ("email", "ar@acme..example", false),
            ("email", "a r@acme.example", false),
            ("email", "A <b> <ar@acme.example>", false),
            ("email", "Acme\\r\\nBcc: x <ar@acme.example>", false),
            ("email", "", false),
            ("sms", "+14155550100", true),
            ("sms", "ACME", true),
            ("sms", "ACME COMPANY", false),
            ("sms", "+0123456789", false),
            ("sms", "ACME-AR", true),
            ("sms", "ACME AR", false),
            ("sms", "12345", false),
            ("sms", " ", false),
            ("voice", "+14155550100", true),
            ("voice", "ACME", false),
            ("letter", "Acme, 1 Main St", true),
            ("letter", "", false),
        ] {
            let expected = if good { String::new() } else { format!("/sender/{channel}") };
            assert_eq!(wrong(&format!(r#"{{"sender": {{"{channel}": "{text}"}}}}"#)), expected, "{channel} {text}");
        }
    }

    #[test]
    fn settings_are_bounded() {
        let mut settings = Settings::named("Acme");
        settings.freshness = (0..5_000).map(|at| (format!("{at}"), "PT1H".to_owned())).collect();
        assert_eq!(check_settings(&settings).first().map(|(pointer, _)| pointer.as_str()), Some("/freshness"));
        settings.freshness = [("x".repeat(65), "PT1H".to_owned())].into();
        assert_eq!(check_settings(&settings).len(), 1);
        settings.freshness.clear();
        settings.sms.countries = vec!["DE".to_owned(); 251];
        assert_eq!(check_settings(&settings).len(), 1);
        settings.sms.countries.clear();
        let long = |chars: usize| Some("x".repeat(chars));
        let rule = OwnerRule { owner: "ann".to_owned(), ..OwnerRule::default() };
        for (rule, expected) in [
            (OwnerRule { countries: vec!["DE".to_owned(); 250], segments: vec!["s".to_owned(); 250], ..rule.clone() }, ""),
            (OwnerRule { countries: vec!["DE".to_owned(); 251], ..rule.clone() }, "/owners/0/countries"),
            (OwnerRule { segments: vec!["s".to_owned(); 251], ..rule.clone() }, "/owners/0/segments"),
            (OwnerRule { segments: vec!["s".repeat(1_000), "s".repeat(1_001)], ..rule.clone() }, "/owners/0/segments/1"),
            (OwnerRule { names_from: long(200), names_until: long(201), ..rule.clone() }, "/owners/0/names_until"),
        ] {
            settings.owners = vec![rule];
            let found: Vec<String> = check_settings(&settings).into_iter().map(|(pointer, _)| pointer).collect();
            assert_eq!(found.join(" "), expected, "{:?}", settings.owners);
        }
        settings.owners.clear();
        // Each part is within its bounds, and all of it is more than decisions are to read.
        let entity = LegalEntity { payment_details: long(1_000), ..LegalEntity::default() };
        settings.legal_entities = (0..200).map(|at| (format!("{at}"), entity.clone())).collect();
        let found = check_settings(&settings);
        assert!(matches!(&found[..], [(pointer, detail)] if pointer.is_empty() && detail.contains("131072")), "{found:?}");
        settings.legal_entities.retain(|id, _| id.len() < 3);
        assert!(check_settings(&settings).is_empty());
    }

    #[test]
    fn what_is_no_mailbox_is_told_why() {
        let mut settings = Settings::named("Acme");
        settings.sender.insert(Channel::Email, "A <a@b.example>, C <c@d.example>".to_owned());
        settings.reply_to = Some("ar@zürich.example".to_owned());
        let found = check_settings(&settings);
        for ((pointer, detail), (at, part)) in found.iter().zip([("/sender/email", "name one"), ("/reply_to", "xn--")]) {
            assert!(pointer == at && detail.contains(part), "{pointer}: {detail}");
        }
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn durations() {
        for (text, hours) in [
            ("PT26H", Some(26)),
            ("P1DT2H", Some(26)),
            ("P1W", Some(168)),
            ("PT120M", Some(2)),
            ("PT0S", None),
            ("-PT1H", None),
            ("+PT1H", None),
            ("P1M", None),
            ("P1Y", None),
            ("P", None),
            ("26 hours", None),
            ("PT99999999999999H", None),
            ("", None),
        ] {
            assert_eq!(freshness(text), hours.map(SignedDuration::from_hours), "{text}");
        }
    }
}
