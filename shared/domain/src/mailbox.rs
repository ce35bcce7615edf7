//! Mailboxes: an email address, with or without the name of whose it is.
//!
//! By hand instead of `lettre::message::Mailbox`: `domain` takes value crates only, and a setting that is refused says which of these flaws it
//! has, so that a person can mend it. What is accepted is narrower than RFC 5322.

use std::fmt;

/// Longest address, in bytes (RFC 5321).
const ADDRESS_BYTES_MAX: usize = 254;
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 200;

/// One mailbox as people write it: `ar@acme.example`, or `Acme, Inc. <ar@acme.example>`.
///
/// The name is what it says, without quotes and escapes; whoever makes a header of it quotes or encodes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name; `None` where there is none.
    pub name: Option<String>,
    /// The address, plain ASCII.
    pub address: String,
}

/// Why a text is no mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMailbox {
    /// It is empty.
    Empty,
    /// It has a control character.
    Control,
    /// It names several.
    Several,
    /// It begins with `mailto:`.
    Link,
    /// A quote or bracket opens and does not close.
    Unclosed,
    /// The name holds an address.
    AddressInName,
    /// The name is encoded already.
    Encoded,
    /// The name is over 200 characters.
    LongName,
    /// The domain has letters beyond ASCII.
    International,
    /// What stands for the address is none.
    NoAddress,
}

impl fmt::Display for NoMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::Control => "it has a control character; remove it",
            Self::Several => "it names several addresses; name one",
            Self::Link => "it is a link; leave 'mailto:' out",
            Self::Unclosed => "a quote or bracket opens and does not close",
            Self::AddressInName => "the name holds an '@'; a name is no address",
            Self::Encoded => "the name is encoded already; write it plainly",
            Self::LongName => "the name has over 200 characters",
            Self::International => "the domain has letters beyond ASCII; write it as xn--",
            Self::NoAddress => "there is no address of the form local@example.com in it",
        })
    }
}

impl Mailbox {
    /// Reads `local@domain`, `Name <local@domain>` or `"Name" <local@domain>`. A name without quotes may hold anything but angle
    /// brackets and `@`: commas, parentheses, colons and letters beyond ASCII too.
    ///
    /// # Errors
    ///
    /// [`NoMailbox`], which says what to change.
    pub fn parse(text: &str) -> Result<Self, NoMailbox> {
        if text.chars().any(char::is_control) {
            return Err(NoMailbox::Control);
        }
        let text = text.trim();
        if text.is_empty() {
            return Err(NoMailbox::Empty);
        }
        if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:")) {
            return Err(NoMailbox::Link);
        }
        let Some(rest) = text.strip_suffix('>') else {
            return match text.contains('<') {
                true if text.matches('@').count() > 1 => Err(NoMailbox::Several),
                true => Err(NoMailbox::Unclosed),
                false => Ok(Self { name: None, address: address(text)? }),
            };
        };
        let Some((name, inner)) = rest.rsplit_once('<') else { return Err(NoMailbox::Unclosed) };
        let address = address(inner)?;
        Ok(Self { name: name_of(name.trim())?, address })
    }
}

/// The name that a phrase says; `None` where it says nothing.
fn name_of(phrase: &str) -> Result<Option<String>, NoMailbox> {
    let name = match phrase.strip_prefix('"') {
        Some(quoted) => unquoted(quoted)?,
        None if phrase.contains(['<', '>']) => return Err(NoMailbox::Several),
        None => phrase.to_owned(),
    };
    if name.contains('@') {
        return Err(NoMailbox::AddressInName);
    }
    if name.contains("=?") && name.contains("?=") {
        return Err(NoMailbox::Encoded);
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(NoMailbox::LongName);
    }
    Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
}

/// What stands in quotes, after the opening one; nothing may follow the closing one.
fn unquoted(quoted: &str) -> Result<String, NoMailbox> {
    let mut name = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' if characters.as_str().is_empty() => return Ok(name),
            '"' => return Err(NoMailbox::Several),
            '\\' => name.push(characters.next().ok_or(NoMailbox::Unclosed)?),
            other => name.push(other),
        }
    }
    Err(NoMailbox::Unclosed)
}

fn address(text: &str) -> Result<String, NoMailbox> {
    let text = text.trim();
    if is_address(text) {
        return Ok(text.to_owned());
    }
    Err(match text.rsplit_once('@') {
        Some((local, _)) if local.contains('@') => NoMailbox::Several,
        Some((local, domain)) if local.is_ascii() && !domain.is_ascii() => NoMailbox::International,
        Some(_) | None => NoMailbox::NoAddress,
    })
}

/// Whether `text` is the domain of addresses: labels of letters, digits and hyphens, with a dot, no blank and no `@`.
pub fn is_domain(text: &str) -> bool {
    is_address(&format!("a@{text}")) && !text.contains('@')
}

/// Whether `text` is one address that a mail header can carry as it is: plain ASCII, a domain with a dot, no quotes.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= ADDRESS_BYTES_MAX
        && (1..=64).contains(&local.len())
        && local.bytes().all(plain)
        && local.split('.').all(|part| !part.is_empty())
        && domain.contains('.')
        && domain.split('.').all(label_fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox() {
        let long = format!("{} <a@b.example>", "é".repeat(201));
        for (text, expected) in [
            ("ar@acme.example", Ok((None, "ar@acme.example"))),
            (" ar@acme.example ", Ok((None, "ar@acme.example"))),
            ("<ar@acme.example>", Ok((None, "ar@acme.example"))),
            ("Acme AR <ar+x@mail.acme.example>", Ok((Some("Acme AR"), "ar+x@mail.acme.example"))),
            ("Acme, Inc. <ar@acme.example>", Ok((Some("Acme, Inc."), "ar@acme.example"))),
            (
                "Acme (Accounts): Berlin; Hamburg <ar@acme.example>",
                Ok((Some("Acme (Accounts): Berlin; Hamburg"), "ar@acme.example")),
            ),
            ("Müller & Söhne <ar@acme.example>", Ok((Some("Müller & Söhne"), "ar@acme.example"))),
            ("\"Acme, \\\"the\\\" Inc\" <ar@acme.example>", Ok((Some("Acme, \"the\" Inc"), "ar@acme.example"))),
            ("Acme \"the\" Inc <ar@acme.example>", Ok((Some("Acme \"the\" Inc"), "ar@acme.example"))),
            ("\"\" <ar@acme.example>", Ok((None, "ar@acme.example"))),
            ("", Err(NoMailbox::Empty)),
            ("Acme\r\nBcc: x <ar@acme.example>", Err(NoMailbox::Control)),
            ("mailto:ar@acme.example", Err(NoMailbox::Link)),
            ("a@b.example, c@d.example", Err(NoMailbox::Several)),
            ("A <a@b.example>, C <c@d.example>", Err(NoMailbox::Several)),
            ("A <a@b.example>, c@d.example", Err(NoMailbox::Several)),
            ("\"A\" <a@b.example>, \"C\" <c@d.example>", Err(NoMailbox::Several)),
            ("A <b> <ar@acme.example>", Err(NoMailbox::Several)),
            ("Acme <ar@acme.example", Err(NoMailbox::Unclosed)),
            ("ar@acme.example>", Err(NoMailbox::Unclosed)),
            ("\"Acme <ar@acme.example>", Err(NoMailbox::Unclosed)),
            ("billing@bank.example <ar@acme.example>", Err(NoMailbox::AddressInName)),
            ("=?UTF-8?B?QWNtZQ==?= <ar@acme.example>", Err(NoMailbox::Encoded)),
            (long.as_str(), Err(NoMailbox::LongName)),
            ("ar@münchen.example", Err(NoMailbox::International)),
            ("Acme <ar@acme>", Err(NoMailbox::NoAddress)),
            ("Acme ar@acme.example", Err(NoMailbox::NoAddress)),
            ("ar (desk)@acme.example", Err(NoMailbox::NoAddress)),
        ] {
            let expected = expected.map(|(name, address)| Mailbox { name: name.map(str::to_owned), address: address.to_owned() });
            assert_eq!(Mailbox::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn addresses() {
        let long = format!("a@{}.example", vec!["x".repeat(62); 4].join("."));
        for (text, good) in [
            ("ap@acme.example", true),
            ("a.p+tag=1@mail.acme.example", true),
            ("ap@acme", false),
            ("ap@@acme.example", false),
            ("@acme.example", false),
            (".ap@acme.example", false),
            ("a..p@acme.example", false),
            ("ap@-acme.example", false),
            ("ap@acme..example", false),
            ("a p@acme.example", false),
            ("é@acme.example", false),
            (long.as_str(), false),
        ] {
            assert_eq!(is_address(text), good, "{text}");
        }
    }
}
