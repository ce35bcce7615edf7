//! Reports of the delivery of mails (RFC 3464), as mail servers send them.

use crate::head::MailHead;

/// Most recipients of a report that are read.
const RECIPIENTS_MAX: usize = 50;

/// How much of a report is read.
const READ_BYTES_MAX: usize = 64 * 1024;

/// What a mail server says of the delivery of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// What became of it for each recipient.
    pub recipients: Vec<ReportedRecipient>,
    /// The head of the mail that it is about, where it came along.
    pub original: Option<MailHead>,
}

/// What became of a mail for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedRecipient {
    /// The addresses that it was for, in lower case: as the sender wrote it, and where it ended up.
    pub addresses: Vec<String>,
    /// What became of it.
    pub action: ReportedAction,
    /// Why, as an enhanced status code such as `5.1.1`.
    pub status: Option<String>,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportedAction {
    /// It did not arrive and will not.
    Failed,
    /// It is on its way still.
    Delayed,
    /// It arrived, or went on to where nobody reports.
    Arrived,
    /// The report does not say.
    Unsaid,
}

impl DeliveryReport {
    /// Reads the part that programs read: paragraphs of fields, one for each recipient behind one for the whole.
    pub(crate) fn read(&mut self, body: &[u8]) {
        let text = String::from_utf8_lossy(&body[..body.len().min(READ_BYTES_MAX)]).replace("\r\n", "\n");
        for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.is_empty()).take(2 * RECIPIENTS_MAX) {
            let head = MailHead::read(paragraph.trim_start_matches('\n').as_bytes());
            let mut addresses: Vec<String> =
                ["original-recipient", "final-recipient"].iter().filter_map(|name| head.value(name).and_then(address)).collect();
            addresses.dedup();
            if addresses.is_empty() || self.recipients.len() == RECIPIENTS_MAX {
                continue;
            }
            let action = match head.value("action").unwrap_or_default().to_ascii_lowercase().as_str() {
                "failed" => ReportedAction::Failed,
                "delayed" => ReportedAction::Delayed,
                "delivered" | "relayed" | "expanded" => ReportedAction::Arrived,
                _ => ReportedAction::Unsaid,
            };
            let status = head.value("status").and_then(|status| status.split_whitespace().next()).map(str::to_owned);
            self.recipients.push(ReportedRecipient { addresses, action, status });
        }
    }
}

/// The address of `rfc822; a@b.example`.
fn address(value: &str) -> Option<String> {
    let (_, address) = value.split_once(';')?;
    let address = address.trim().trim_matches(['<', '>']).to_lowercase();
    address.contains('@').then_some(address)
}

impl ReportedRecipient {
    /// Whether the address will never work: the mail failed, and for good.
    pub fn is_permanent(&self) -> bool {
        self.action == ReportedAction::Failed && self.status.as_deref().is_some_and(|status| status.starts_with("5."))
    }

    /// Whether it is proven that this recipient did not get the mail.
    pub fn is_lost(&self) -> bool {
        self.action == ReportedAction::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recipient_is_read() {
        let mut report = DeliveryReport::default();
        report.read(
            b"Reporting-MTA: dns; mx.acme.example\r\n\r\nOriginal-Recipient: rfc822;AP@acme.example\r\nFinal-Recipient: rfc822; old@acme.example\r\n\
              Action: Failed\r\nStatus: 5.1.1 (no such user)\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n\r\nFinal-Recipient: rfc822; <b@acme.example>\r\n\
              Action: delayed\r\nStatus: 4.4.1\r\n\r\nFinal-Recipient: x400; nobody\r\nAction: failed\r\n",
        );
        let known: Vec<(Vec<&str>, ReportedAction, bool)> = report
            .recipients
            .iter()
            .map(|one| (one.addresses.iter().map(String::as_str).collect(), one.action, one.is_permanent()))
            .collect();
        assert_eq!(
            known,
            [
                (vec!["ap@acme.example", "old@acme.example"], ReportedAction::Failed, true),
                (vec!["b@acme.example"], ReportedAction::Delayed, false),
            ]
        );
    }

    #[test]
    fn what_a_report_comes_to() {
        for (action, status, permanent, lost) in [
            (ReportedAction::Failed, Some("5.1.1"), true, true),
            (ReportedAction::Failed, Some("4.4.7"), false, true),
            (ReportedAction::Failed, None, false, true),
            (ReportedAction::Delayed, Some("4.4.1"), false, false),
            (ReportedAction::Arrived, Some("2.0.0"), false, false),
            (ReportedAction::Unsaid, Some("5.0.0"), false, false),
        ] {
            let one = ReportedRecipient { addresses: vec![], action, status: status.map(str::to_owned) };
            assert_eq!((one.is_permanent(), one.is_lost()), (permanent, lost), "{one:?}");
        }
    }
}
