//! Whether a person wrote a mail. What shows that none did is data, in `machines.tsv`.

use std::sync::OnceLock;

use domain::MachineWritten;

use crate::{MailHead, ReadMail};

/// What may show that no person wrote a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineSignal {
    /// It is a report of a kind.
    Report,
    /// What stands before the `@` of its sender, without what stands behind a `+`.
    LocalPart,
    /// A field is there.
    Field,
    /// A field is there, and is this.
    FieldIs,
    /// A field is there, and is not this.
    FieldUnless,
    /// Its envelope had no sender.
    NoReturnPath,
    /// How its subject begins, without regard to case.
    Subject,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineRow {
    /// What is looked at.
    pub signal: MachineSignal,
    /// What it has to be.
    pub what: &'static str,
    /// What the mail is then.
    pub class: MachineWritten,
}

impl MachineRow {
    fn read(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let (signal, what, class) = (columns.next()?, columns.next()?, columns.next()?);
        let signal = match signal {
            "report" => MachineSignal::Report,
            "local_part" => MachineSignal::LocalPart,
            "field" => MachineSignal::Field,
            "field_is" => MachineSignal::FieldIs,
            "field_unless" => MachineSignal::FieldUnless,
            "no_return_path" => MachineSignal::NoReturnPath,
            "subject" => MachineSignal::Subject,
            _ => return None,
        };
        let class = match class {
            "bounce" => MachineWritten::Bounce,
            "read_receipt" => MachineWritten::ReadReceipt,
            "robot" => MachineWritten::Robot,
            "auto_reply" => MachineWritten::AutoReply,
            _ => return None,
        };
        columns.next().is_none().then_some(Self { signal, what, class })
    }

    fn fits(&self, head: &MailHead, envelope_from: &str) -> bool {
        let value = |name: &str| head.value(name).map(|value| value.split(';').next().unwrap_or_default().trim().to_lowercase());
        match self.signal {
            MachineSignal::Report => head.is_report(self.what),
            MachineSignal::LocalPart => {
                let local = |address: &String| address.split(['@', '+']).next() == Some(self.what);
                head.from().iter().any(local) || envelope_from.split(['@', '+']).next() == Some(self.what)
            }
            MachineSignal::Field => head.value(self.what).is_some(),
            MachineSignal::FieldIs => self.what.split_once('=').is_some_and(|(name, is)| value(name).as_deref() == Some(is)),
            MachineSignal::FieldUnless => {
                self.what.split_once('=').is_some_and(|(name, is)| value(name).is_some_and(|value| value != is))
            }
            MachineSignal::NoReturnPath => envelope_from.is_empty(),
            MachineSignal::Subject => head.subject().is_some_and(|subject| subject.to_lowercase().starts_with(self.what)),
        }
    }
}

/// The rows of the table, in order.
pub fn machine_rows() -> &'static [MachineRow] {
    static ROWS: OnceLock<Vec<MachineRow>> = OnceLock::new();
    let lines = || include_str!("machines.tsv").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    ROWS.get_or_init(|| lines().filter_map(MachineRow::read).collect())
}

/// What wrote a mail, where no person did: the first row that fits. `envelope_from` is the sender on the envelope, in lower case, without brackets;
/// empty where there was none.
pub fn machine_of(mail: &ReadMail, envelope_from: &str) -> Option<MachineWritten> {
    machine_rows().iter().find(|row| row.fits(&mail.head, envelope_from)).map(|row| row.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mail that one row fits, and its envelope's sender.
    fn mail_of(row: &MachineRow) -> (String, &'static str) {
        let plain = "From: ap@acme.example\r\nSubject: INV-1\r\n";
        let field = |name: &str, value: &str| format!("{plain}{name}: {value}\r\n");
        let (name, value) = row.what.split_once('=').unwrap_or((row.what, "x"));
        match row.signal {
            MachineSignal::Report => {
                (field("Content-Type", &format!("multipart/report; report-type={name}; boundary=b")), "ap@acme.example")
            }
            MachineSignal::LocalPart => {
                (format!("From: \"N\" <{}+1@acme.example>\r\nSubject: INV-1\r\n", name.to_uppercase()), "ap@acme.example")
            }
            MachineSignal::Field | MachineSignal::FieldIs => (field(name, &format!("{value}; more")), "ap@acme.example"),
            MachineSignal::FieldUnless => (field(name, "auto-replied (vacation)"), "ap@acme.example"),
            MachineSignal::NoReturnPath => (plain.to_owned(), ""),
            MachineSignal::Subject => {
                (format!("From: ap@acme.example\r\nSubject: {} INV-1\r\n", row.what.to_uppercase()), "ap@acme.example")
            }
        }
    }

    #[test]
    fn each_row_is_read_and_has_a_mail_that_it_and_no_other_fits() {
        let lines = include_str!("machines.tsv").lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert_eq!(machine_rows().len(), lines, "each line is a row");
        for row in machine_rows() {
            let (text, envelope_from) = mail_of(row);
            let mail = ReadMail::of(text.as_bytes());
            let fitting: Vec<&MachineRow> = machine_rows().iter().filter(|row| row.fits(&mail.head, envelope_from)).collect();
            assert!(fitting.contains(&row), "{row:?}: {text}");
            assert!(fitting.iter().all(|other| row.what.starts_with(other.what) || *other == row), "{row:?}: {fitting:?}");
            assert_eq!(machine_of(&mail, envelope_from), Some(row.class), "{text}");
        }
    }

    #[test]
    fn a_person_is_no_machine() {
        for text in [
            "From: Anna <ap@acme.example>\r\nSubject: Re: INV-1\r\n\r\nWe pay.",
            "From: ap@acme.example\r\nSubject: Re: Automatic reply: INV-1\r\n\r\n",
            "From: ap@acme.example\r\nAuto-Submitted: no\r\n\r\n",
            "From: ap@acme.example\r\nPrecedence: first-class\r\n\r\n",
            "From: noreplyer@acme.example\r\n\r\n",
            "From: ap@noreply.example\r\n\r\n",
            "From: ap@acme.example\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n",
            "",
        ] {
            assert_eq!(machine_of(&ReadMail::of(text.as_bytes()), "ap@acme.example"), None, "{text}");
        }
    }
}
