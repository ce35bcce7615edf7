//! What the rules read out of an answer, in the words of the table. The rules themselves are in `answers`.

use answers::{AnswerClass, AnswerText, Certainty, Classified, MatchedRule, PortalMail, PortalState, classify, portal_notice};
use domain::{HeardReply, MachineWritten, ReplyCertainty, ReplyClass, ReplyPortal, ReplyRead};
use service::reply_taking::ReadAround;

/// Most rules that are kept of one answer.
const RULES_MAX: usize = 20;
/// Most amounts and numbers that are kept of one answer.
const FOUND_MAX: usize = 50;
/// Longest number or address that is kept, in characters.
const FOUND_CHARS_MAX: usize = 200;

/// Reads an answer. A portal's mail is read as such; what any other robot writes is not read at all.
pub fn read_answer(heard: &HeardReply, around: ReadAround<'_>) -> ReplyRead {
    let ReadAround { today, region, currency } = around;
    let subject = heard.subject.as_deref();
    let mail = PortalMail {
        dkim_domain: heard.dkim_domain.as_deref(),
        subject: subject.unwrap_or_default(),
        text: &heard.text,
        today,
        region,
        currency,
    };
    if let Some(notice) = portal_notice(&mail) {
        let (class, is_news) = match notice.state {
            PortalState::Approved => (ReplyClass::Promise, true),
            PortalState::Disputed => (ReplyClass::Dispute, true),
            PortalState::Paid => (ReplyClass::ClaimedPaid, true),
            PortalState::ReadyToSubmit | PortalState::PendingApproval => (ReplyClass::Other, false),
        };
        return ReplyRead {
            class,
            certainty: ReplyCertainty::Likely,
            promised_on: notice.pay_on.filter(|_| notice.state == PortalState::Approved),
            paid_on: notice.pay_on.filter(|_| notice.state == PortalState::Paid),
            amounts: notice.amounts.into_iter().take(FOUND_MAX).collect(),
            invoice_numbers: notice.invoice_numbers.into_iter().take(FOUND_MAX).map(shortened).collect(),
            order_number: notice.order_number.map(shortened),
            portal: Some(ReplyPortal {
                name: notice.portal.as_str().to_owned(),
                state: notice.state.as_str().to_owned(),
                is_news,
            }),
            ..ReplyRead::default()
        };
    }
    if heard.machine == Some(MachineWritten::Robot) {
        return ReplyRead::default();
    }
    let text = AnswerText { text: &heard.text, subject, channel: heard.channel, today, region, currency };
    in_words_of_the_table(classify(&text))
}

fn in_words_of_the_table(read: Classified) -> ReplyRead {
    let stops = read.stops_the_channel();
    let Classified { class, certainty, classes, rules, opt_in, found } = read;
    let also = classes.iter().map(|(also, _)| *also).filter(|also| *also != class);
    ReplyRead {
        class: class_of(class),
        certainty: match certainty {
            Certainty::Certain => ReplyCertainty::Certain,
            Certainty::Likely => ReplyCertainty::Likely,
            Certainty::Unclear => ReplyCertainty::Unclear,
        },
        also: also.map(class_of).collect(),
        stops,
        opt_in,
        promised_on: found.promised_on,
        paid_on: found.paid_on,
        back_on: found.back_on,
        amounts: found.amounts.into_iter().take(FOUND_MAX).collect(),
        invoice_numbers: found.invoice_numbers.into_iter().take(FOUND_MAX).map(shortened).collect(),
        order_number: found.order_number.map(shortened),
        deputy: found.deputy.map(shortened),
        rules: rules.iter().take(RULES_MAX).map(rule_of).collect(),
        portal: None,
    }
}

fn class_of(class: AnswerClass) -> ReplyClass {
    match class {
        AnswerClass::OptOut => ReplyClass::OptOut,
        AnswerClass::OutOfOffice => ReplyClass::OutOfOffice,
        AnswerClass::WrongPerson => ReplyClass::WrongPerson,
        AnswerClass::Hardship => ReplyClass::Hardship,
        AnswerClass::WriteOffClaimed => ReplyClass::WriteOffClaimed,
        AnswerClass::PoMissing => ReplyClass::PoMissing,
        AnswerClass::Dispute => ReplyClass::Dispute,
        AnswerClass::Remittance => ReplyClass::Remittance,
        AnswerClass::ClaimedPaid => ReplyClass::ClaimedPaid,
        AnswerClass::Promise => ReplyClass::Promise,
        AnswerClass::CopyRequest => ReplyClass::CopyRequest,
        AnswerClass::Hostile => ReplyClass::Hostile,
        AnswerClass::Complaint => ReplyClass::Complaint,
        AnswerClass::Thanks => ReplyClass::Thanks,
        AnswerClass::Other => ReplyClass::Other,
    }
}

/// Where a rule stands: language and line of its file. It has nothing of the text.
fn rule_of(rule: &MatchedRule) -> String {
    format!("{}:{}", rule.tongue.map_or("word", answers::Tongue::as_str), rule.line)
}

fn shortened(text: String) -> String {
    text.chars().take(FOUND_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use domain::word::Word;

    use super::*;

    fn heard(dkim_domain: Option<&str>, subject: &str, text: &str) -> HeardReply {
        HeardReply {
            channel: domain::Channel::Email,
            provider_id: "1".to_owned(),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            from: "do_not_reply@buyer.coupahost.com".to_owned(),
            to: "acme@answers.dunlin.example".to_owned(),
            subject: Some(subject.to_owned()),
            text: text.to_owned(),
            files: vec![],
            unkept: vec![],
            is_whole: true,
            machine: Some(MachineWritten::Robot),
            suspect: None,
            dkim_domain: dkim_domain.map(str::to_owned),
            original: None,
            about: domain::HeardAbout {
                tenant: domain::TenantId::parse("acme").expect("a tenant"),
                customer: None,
                link: None,
                case: None,
                message: None,
                service_mail: None,
                by: domain::FoundBy::Nothing,
            },
        }
    }

    #[test]
    fn a_portal_is_believed_under_its_own_signature_alone() {
        let around = ReadAround { today: jiff::civil::date(2026, 11, 30), region: Some("DE"), currency: None };
        let (subject, text) = ("Invoice #F-1 has been rejected", "Invoice F-1 was disputed by the buyer.");
        let read = |dkim_domain| read_answer(&heard(dkim_domain, subject, text), around);
        let signed = read(Some("buyer.coupahost.com"));
        let portal = signed.portal.as_ref().expect("it is the portal's");
        assert_eq!((portal.name.as_str(), portal.state.as_str(), portal.is_news), ("coupa", "disputed", true));
        assert_eq!((signed.class, signed.certainty), (ReplyClass::Dispute, ReplyCertainty::Likely));
        for other in [None, Some("else.example"), Some("coupahost.com.else.example")] {
            assert_eq!(read(other), ReplyRead::default(), "{other:?}: what another robot writes is not read");
        }
    }

    #[test]
    fn each_class_of_the_rules_is_one_of_the_table() {
        for class in AnswerClass::ALL {
            assert_eq!(class_of(class).as_str(), class.as_str());
        }
        assert_eq!(AnswerClass::ALL.len(), ReplyClass::WORDS.len());
    }
}
