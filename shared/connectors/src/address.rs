//! Address fields of books, which hold what people typed: one address, a name with an address, several, a link, a note.
//!
//! What can be used is used; what cannot is kept beside it with the reason, so that a person who looks for the address sees what stands
//! there. A canonical document is stricter: there a field is one address or the document is refused.

use domain::{Channel, Contact, Role, Unusable, mailbox::is_address};
use idna::punycode;

use crate::{form, phone};

/// People that are made of one field at most.
pub const PEOPLE_MAX: usize = 20;
/// What is kept of a field that cannot be used, in characters.
const SAID_CHARS_MAX: usize = 200;
/// The id of the first person whom a field names; the others are numbered.
const FIRST: &str = "billing";

/// What a field for email addresses says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Emails {
    /// Addresses in the order in which they stand there, each once, with the name where one stands with it.
    pub found: Vec<(Option<String>, String)>,
    /// What else stands there.
    pub unusable: Vec<Unusable>,
}

/// Reads a field for email addresses.
///
/// Addresses are separated by commas, semicolons, bars or blanks. `Ann <ap@x.example>` has a name; `mailto:`, quotes and brackets around an
/// address are left out, blanks around its `@` closed, and a domain beyond ASCII is written as `xn--`.
pub fn emails(field: &str) -> Emails {
    let mut read = Emails::default();
    for part in parts(&form::one_line(field)) {
        match emails_of(&part) {
            Ok(found) => {
                for (name, address) in found {
                    let known = read.found.iter().any(|(_, known)| known.eq_ignore_ascii_case(&address));
                    if !known && read.found.len() < PEOPLE_MAX {
                        read.found.push((name, address));
                    }
                }
            }
            Err(why) if read.unusable.len() < PEOPLE_MAX => read.unusable.push(unusable(Channel::Email, &part, why)),
            Err(_) => {}
        }
    }
    read
}

/// The people of a customer whose books have one field for email addresses: one a person, of whom the first has name and phone. What
/// cannot be used is at the first.
pub fn people(name: &str, emails: Emails, phone: Result<Option<String>, Unusable>) -> Vec<Contact> {
    let Emails { found, mut unusable } = emails;
    let phone = match phone {
        Ok(phone) => phone,
        Err(what) => {
            unusable.push(what);
            None
        }
    };
    let mut people: Vec<Contact> =
        found.into_iter().enumerate().map(|(index, (own, email))| person(index, own.unwrap_or_default(), Some(email))).collect();
    if people.is_empty() && (phone.is_some() || !unusable.is_empty()) {
        people.push(person(0, String::new(), None));
    }
    if let Some(first) = people.first_mut() {
        if !name.is_empty() {
            first.name = name.to_owned();
        }
        first.phone = phone;
        first.unusable = unusable;
    }
    people
}

fn person(index: usize, name: String, email: Option<String>) -> Contact {
    Contact {
        external_id: if index == 0 { FIRST.to_owned() } else { format!("{FIRST}-{}", index + 1) },
        name,
        roles: vec![Role::Billing],
        email,
        phone: None,
        consents: Vec::new(),
        unusable: Vec::new(),
    }
}

/// A field for a phone number, in E.164; without a country code it is one of `country`.
///
/// # Errors
///
/// What stands there, where it is no number that can be valid.
pub fn phone(field: &str, country: Option<&str>) -> Result<Option<String>, Unusable> {
    let field = form::one_line(field);
    if field.is_empty() {
        return Ok(None);
    }
    phone::e164(&field, country).map(Some).ok_or_else(|| unusable(Channel::Sms, &field, NO_PHONE))
}

/// Why a text is no phone number.
pub const NO_PHONE: &str = "is no phone number that can be valid there";

/// What stood where an address should.
pub fn unusable(channel: Channel, said: &str, why: &str) -> Unusable {
    Unusable { channel, said: said.chars().take(SAID_CHARS_MAX).collect(), why: why.to_owned() }
}

/// The parts of a field, separated by what no address has outside of quotes and angle brackets.
fn parts(field: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut quoted, mut bracketed) = (false, false);
    for character in field.chars() {
        match character {
            '"' => quoted = !quoted,
            '<' => bracketed = true,
            '>' => bracketed = false,
            _ => {}
        }
        if matches!(character, ',' | ';' | '|') && !quoted && !bracketed {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(character);
        }
    }
    parts.push(part);
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// The addresses in one part, with the name that stands before one in angle brackets.
fn emails_of(part: &str) -> Result<Vec<(Option<String>, String)>, &'static str> {
    if let Some((name, rest)) = part.split_once('<') {
        let inner = rest.split_once('>').map_or(rest, |(inner, _)| inner);
        let name = name.trim().trim_matches('"').trim();
        return Ok(vec![(Some(name.to_owned()).filter(|name| !name.is_empty() && !name.contains('@')), address(inner)?)]);
    }
    let closed = part.split('@').map(str::trim).collect::<Vec<_>>().join("@");
    let candidates: Vec<&str> = closed.split_whitespace().filter(|word| word.contains('@')).collect();
    if candidates.is_empty() {
        return Err("is no email address");
    }
    // Words beside one address say whose it is; they are no part of it.
    candidates.into_iter().map(|word| Ok((None, address(word)?))).collect()
}

/// One address, as a mail header can carry it.
fn address(text: &str) -> Result<String, &'static str> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | '[' | ']' | '<' | '>'));
    let text = text.split_once(':').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("mailto")).map_or(text, |(_, rest)| rest);
    let text = text.split('?').next().unwrap_or_default().trim_end_matches(['.', ':']);
    let Some((local, domain)) = text.rsplit_once('@') else { return Err("is no email address") };
    if !local.is_ascii() {
        return Err("has letters beyond ASCII before its @, which the mail service does not take");
    }
    let domain = ascii_domain(domain).ok_or("has a domain that is none")?;
    let address = format!("{local}@{domain}");
    if is_address(&address) { Ok(address) } else { Err("is no email address") }
}

/// A domain with its international labels as `xn--`; `None` where a label cannot be one.
fn ascii_domain(domain: &str) -> Option<String> {
    if domain.is_ascii() {
        return Some(domain.to_owned());
    }
    let label = |label: &str| {
        if label.is_ascii() {
            return Some(label.to_owned());
        }
        let lower = label.to_lowercase();
        // Letters and digits in their own, composed form; what needs to be normalised first is left to a person.
        let plain = |c: char| c == '-' || c.is_alphanumeric() && !matches!(c, '\u{ff00}'..='\u{ffef}');
        let code = punycode::encode_str(&lower).filter(|_| lower.chars().all(plain))?;
        Some(format!("xn--{code}"))
    };
    let labels: Option<Vec<String>> = domain.replace('\u{3002}', ".").split('.').map(label).collect();
    Some(labels?.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, and what is not usable, each on one line.
    fn read(field: &str) -> (String, String) {
        let Emails { found, unusable } = emails(field);
        let found: Vec<String> =
            found.into_iter().map(|(name, email)| name.map_or(email.clone(), |name| format!("{name}={email}"))).collect();
        (found.join(" "), unusable.into_iter().map(|what| what.said).collect::<Vec<_>>().join(" | "))
    }

    #[test]
    fn what_people_type() {
        for (field, found, unusable) in [
            ("ap@x.example", "ap@x.example", ""),
            (" ap@x.example\t", "ap@x.example", ""),
            ("Ann <ap@x.example>", "Ann=ap@x.example", ""),
            ("\"Weber, Ann\" <ap@x.example>", "Weber, Ann=ap@x.example", ""),
            ("<ap@x.example>", "ap@x.example", ""),
            ("Ann <ap@x.example>; Bob <bob@x.example>", "Ann=ap@x.example Bob=bob@x.example", ""),
            ("a@x.example; b@x.example", "a@x.example b@x.example", ""),
            ("a@x.example,b@x.example,", "a@x.example b@x.example", ""),
            ("a@x.example b@x.example", "a@x.example b@x.example", ""),
            ("a@x.example\nb@x.example | c@x.example", "a@x.example b@x.example c@x.example", ""),
            ("A@x.example; a@X.example", "A@x.example", ""),
            ("ap @ x.example", "ap@x.example", ""),
            ("ap@ x.example", "ap@x.example", ""),
            ("Ann ap@x.example", "ap@x.example", ""),
            ("mailto:ap@x.example?subject=Invoice", "ap@x.example", ""),
            ("MAILTO:ap@x.example", "ap@x.example", ""),
            ("(ap@x.example)", "ap@x.example", ""),
            ("ap@x.example.", "ap@x.example", ""),
            ("ap@münchen.example", "ap@xn--mnchen-3ya.example", ""),
            ("ap@MÜNCHEN.example", "ap@xn--mnchen-3ya.example", ""),
            ("Ann <ap@bücher.example>; b@x.example", "Ann=ap@xn--bcher-kva.example b@x.example", ""),
            ("ap@例え。テスト", "ap@xn--r8jz45g.xn--zckzah", ""),
            ("zoë@x.example", "", "zoë@x.example"),
            ("ap@x", "", "ap@x"),
            ("see notes", "", "see notes"),
            ("n/a", "", "n/a"),
            ("-", "", "-"),
            ("a@x.example; call first", "a@x.example", "call first"),
            ("ap@x.example@y.example", "", "ap@x.example@y.example"),
            ("ap@x☃.example", "", "ap@x☃.example"),
            ("", "", ""),
            (" ; ,", "", ""),
        ] {
            assert_eq!(read(field), (found.to_owned(), unusable.to_owned()), "{field}");
        }
        let many = (0..50).map(|n| format!("a{n}@x.example")).collect::<Vec<_>>().join(";");
        assert_eq!(emails(&many).found.len(), PEOPLE_MAX);
        assert_eq!(emails(&"x".repeat(1_000)).unusable[0].said.chars().count(), SAID_CHARS_MAX);
    }

    #[test]
    fn people_of_one_field() {
        let none = || Ok(None);
        let show = |people: Vec<Contact>| -> Vec<(String, String, Option<String>, usize)> {
            people.into_iter().map(|one| (one.external_id, one.name, one.email, one.unusable.len())).collect()
        };
        let row = |id: &str, name: &str, email: Option<&str>, unusable| {
            (id.to_owned(), name.to_owned(), email.map(str::to_owned), unusable)
        };
        assert_eq!(show(people("Ann", emails(""), none())), []);
        assert_eq!(
            show(people("Ann", emails("A <a@x.example>; b@x.example; ?"), none())),
            [row("billing", "Ann", Some("a@x.example"), 1), row("billing-2", "", Some("b@x.example"), 0)]
        );
        assert_eq!(show(people("", emails("A <a@x.example>"), none())), [row("billing", "A", Some("a@x.example"), 0)]);
        assert_eq!(show(people("Ann", emails("see notes"), none())), [row("billing", "Ann", None, 1)]);
        let spoilt = phone("call Bob", Some("US"));
        assert_eq!(show(people("", emails(""), spoilt)), [row("billing", "", None, 1)]);
    }
}
