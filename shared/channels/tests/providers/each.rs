//! What is so of one provider and not of all.

use channels::{Attachment, END_USER_MESSAGING, Outgoing, SES, SNS, Thread};
use domain::ServiceMailId;

use crate::loopback::{Answer, kind, outgoing, send};

#[tokio::test]
async fn ses_outcomes() {
    let error = |name: &'static str| -> &'static str {
        Box::leak(format!("x-amzn-errortype: {name}\r\ncontent-type: application/json\r\n").into_boxed_str())
    };
    let body = r#"{"message": "anna@acme.example is bad"}"#;
    for (answer, expected) in [
        (Answer::http(200, "content-type: application/json\r\n", r#"{"MessageId": "ses-1"}"#), "ses-1"),
        (Answer::http(200, "content-type: application/json\r\n", "{}"), "unknown"),
        (Answer::http(200, "content-type: application/json\r\n", "{\"Mess"), "unknown"),
        (Answer::http(429, error("TooManyRequestsException"), body), "retry None"),
        (Answer::http(400, error("ThrottlingException"), body), "retry None"),
        (Answer::http(400, error("LimitExceededException"), body), "retry Some(3600)"),
        (Answer::http(400, error("SendingPausedException"), body), "retry Some(3600)"),
        (Answer::http(503, "retry-after: 7\r\n", "{}"), "retry Some(7)"),
        (Answer::http(503, "", "not json"), "retry None"),
        (Answer::http(400, error("MessageRejected"), body), "refused false"),
        (Answer::http(400, error("BadRequestException"), body), "refused false"),
        (Answer::http(403, error("AccessDeniedException"), body), "refused false"),
        (Answer::http(408, "", "{}"), "unknown"),
        (Answer::http(500, error("InternalFailure"), body), "unknown"),
        (Answer::http(502, "", "<html>"), "unknown"),
        (Answer::http(504, "", ""), "unknown"),
        (Answer::Drop, "unknown"),
        (Answer::Hang, "unknown"),
        (Answer::NotThere, "retry None"),
    ] {
        let (result, requests) = send(&SES, &outgoing(&SES), answer.clone()).await;
        assert_eq!(kind(&result), expected, "{result:?}");
        assert_eq!(requests.len(), usize::from(!matches!(answer, Answer::NotThere)), "tried more than once: {expected}");
        assert!(!format!("{result:?}").contains('@'), "an address in {result:?}");
    }
}

#[tokio::test]
async fn sns_outcomes() {
    let accepted = "<PublishResponse><PublishResult><MessageId>sns-1</MessageId></PublishResult></PublishResponse>";
    let opted_out =
        "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Phone number is opted out</Message></Error></ErrorResponse>";
    let bad_number = "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: PhoneNumber Reason: +49</Message></Error></ErrorResponse>";
    let bad_text = "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: Message</Message></Error></ErrorResponse>";
    let throttled = "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
    for (answer, expected) in [
        (Answer::http(200, "", accepted), "sns-1"),
        (Answer::http(200, "", "<Publish"), "unknown"),
        (Answer::http(400, "", opted_out), "refused true"),
        (Answer::http(400, "", bad_number), "refused true"),
        (Answer::http(400, "", bad_text), "refused false"),
        (Answer::http(400, "", throttled), "retry None"),
        (Answer::http(500, "", ""), "unknown"),
        (Answer::http(503, "", ""), "retry None"),
        (Answer::Drop, "unknown"),
        (Answer::Hang, "unknown"),
        (Answer::NotThere, "retry None"),
    ] {
        let (result, requests) = send(&SNS, &outgoing(&SNS), answer.clone()).await;
        assert_eq!(kind(&result), expected, "{result:?}");
        assert_eq!(requests.len(), usize::from(!matches!(answer, Answer::NotThere)), "{expected}");
    }
}

#[tokio::test]
async fn end_user_messaging_outcomes() {
    let refusal = |error: &str, reason: &str| -> &'static str {
        let body = serde_json::json!({ "__type": error, "Message": "+493012345678 is bad", "Reason": reason });
        Box::leak(body.to_string().into_boxed_str())
    };
    let conflict = |reason| Answer::http(400, "", refusal("ConflictException", reason));
    for (answer, expected) in [
        (Answer::http(200, "", r#"{"MessageId": "eum-1"}"#), "eum-1"),
        (Answer::http(200, "", "{\"Mess"), "unknown"),
        (Answer::http(200, "", r#"{"MessageId": ""}"#), "unknown"),
        (conflict("DESTINATION_PHONE_NUMBER_OPTED_OUT"), "refused true"),
        (conflict("DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"), "refused false"),
        (conflict("DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE"), "refused false"),
        (conflict("DESTINATION_PHONE_NUMBER_NOT_VERIFIED"), "set up sandbox"),
        (conflict("NO_ORIGINATION_IDENTITIES_FOUND"), "set up sender"),
        (conflict("RESOURCE_NOT_ACTIVE"), "set up sender"),
        (conflict("A_REASON_OF_TOMORROW"), "refused false"),
        (Answer::http(400, "", refusal("ResourceNotFoundException", "")), "set up sender"),
        (
            Answer::http(400, "", refusal("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT")),
            "set up spend_limit",
        ),
        (Answer::http(400, "", refusal("AccessDeniedException", "INSUFFICIENT_ACCOUNT_REPUTATION")), "set up account"),
        (Answer::http(400, "", refusal("AccessDeniedException", "")), "set up rights"),
        (Answer::http(400, "", refusal("ThrottlingException", "")), "retry None"),
        (Answer::http(400, "x-amzn-errortype: ThrottlingException:http://internal\r\n", "{}"), "retry None"),
        (Answer::http(400, "", refusal("ValidationException", "FIELD_VALIDATION_FAILED")), "refused false"),
        (Answer::http(500, "", refusal("InternalServerException", "")), "unknown"),
        // What failed within the service proves nothing, whatever it is called.
        (Answer::http(500, "", refusal("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT")), "unknown"),
        (Answer::http(503, "retry-after: 7\r\n", "{}"), "retry Some(7)"),
        (Answer::Drop, "unknown"),
        (Answer::Hang, "unknown"),
        (Answer::NotThere, "retry None"),
    ] {
        let (result, requests) = send(&END_USER_MESSAGING, &outgoing(&END_USER_MESSAGING), answer.clone()).await;
        assert_eq!(kind(&result), expected, "{result:?}");
        assert_eq!(requests.len(), usize::from(!matches!(answer, Answer::NotThere)), "{expected}");
        assert!(!format!("{result:?}").contains("+49"), "a number in {result:?}");
    }
}

#[tokio::test]
async fn what_end_user_messaging_is_asked() {
    let sms = outgoing(&END_USER_MESSAGING);
    let (_, requests) = send(&END_USER_MESSAGING, &sms, Answer::http(503, "", "{}")).await;
    let (head, body) = requests[0].split_once("\r\n\r\n").expect("a request");
    let head = head.to_lowercase();
    assert!(head.starts_with("post / "), "{head}");
    for part in [
        "x-amz-target: pinpointsmsvoicev2.sendtextmessage",
        "content-type: application/x-amz-json-1.0",
        "/sms-voice/aws4_request",
    ] {
        assert!(head.contains(part), "{part}: {head}");
    }
    let signed = head.lines().find_map(|line| line.split_once("signedheaders=")).map(|(_, rest)| rest).expect("a signature");
    assert!(signed.starts_with("content-type;host;x-amz-date;x-amz-target,"), "{signed}");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let address = domain::id::digest(&[&domain::address_key(domain::Channel::Sms, &sms.to)]);
    let expected = serde_json::json!({
        "DestinationPhoneNumber": "+493012345678",
        // Every variable of these tests is this name.
        "OriginationIdentity": "dunlin.example",
        "MessageBody": "Hello text",
        "MessageType": "TRANSACTIONAL",
        "ConfigurationSetName": "dunlin.example",
        "Context": {
            "dunlin_tenant": "acme", "dunlin_customer": sms.customer.as_str(), "dunlin_message": sms.message.as_str(), "dunlin_number": "7",
            "dunlin_address": address,
        },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn what_ses_is_asked() {
    let (_, requests) = send(&SES, &outgoing(&SES), Answer::http(503, "", "{}")).await;
    let (head, body) = requests[0].split_once("\r\n\r\n").expect("a request");
    assert!(head.starts_with("POST /v2/email/outbound-emails"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let outgoing = outgoing(&SES);
    let expected = serde_json::json!({
        "FromEmailAddress": "Northwind <billing@northwind.example>",
        "Destination": {"ToAddresses": ["anna@acme.example"]},
        "ReplyToAddresses": ["ar@northwind.example"],
        "Content": {"Simple": {
            "Subject": {"Data": "Hello", "Charset": "UTF-8"},
            "Body": {"Text": {"Data": "Hello text", "Charset": "UTF-8"}, "Html": {"Data": "<p>Hello</p>", "Charset": "UTF-8"}},
            "Headers": [
                {"Name": "List-Unsubscribe", "Value": "<https://p.example/stop>"},
                {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
            ],
        }},
        "EmailTags": [
            {"Name": "dunlin_tenant", "Value": "acme"},
            {"Name": "dunlin_customer", "Value": outgoing.customer.as_str()},
            {"Name": "dunlin_message", "Value": outgoing.message.as_str()},
            {"Name": "dunlin_number", "Value": "7"},
        ],
        "ConfigurationSetName": "dunlin.example",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn ses_is_given_files_beside_the_words() {
    let file = Attachment {
        name: "Auszug März.pdf".to_owned(),
        content_type: "application/pdf".to_owned(),
        bytes: b"%PDF-1.7".to_vec(),
        shown_as: None,
    };
    let code = Attachment {
        name: "transfer-code.png".to_owned(),
        content_type: "image/png".to_owned(),
        bytes: b"PNG".to_vec(),
        shown_as: Some(channels::CODE_IMAGE.to_owned()),
    };
    let mail = Outgoing { attachments: vec![file, code], ..outgoing(&SES) };
    let (result, requests) = send(&SES, &mail, Answer::http(503, "", "{}")).await;
    assert_eq!((kind(&result).as_str(), requests.len()), ("retry None", 1), "a mail with files is tried once as well");
    let (_, body) = requests[0].split_once("\r\n\r\n").expect("a request");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let expected = serde_json::json!([{
        "RawContent": "JVBERi0xLjc=", "FileName": "Auszug März.pdf", "ContentType": "application/pdf",
        "ContentDisposition": "ATTACHMENT", "ContentTransferEncoding": "BASE64",
    }, {
        "RawContent": "UE5H", "FileName": "transfer-code.png", "ContentType": "image/png",
        "ContentDisposition": "INLINE", "ContentId": "transfer-code", "ContentTransferEncoding": "BASE64",
    }]);
    assert_eq!(body["Content"]["Simple"]["Attachments"], expected);
}

#[tokio::test]
async fn a_mail_says_where_answers_go_and_what_it_stands_among() {
    let thread =
        Thread { references: vec!["<case_1@r.example>".to_owned(), "<m1.l1.s@r.example>".to_owned()], is_automatic: true };
    let reply_to = vec!["\"Northwind\" <r+m1.l1.s@r.example>".to_owned(), "ar@northwind.example".to_owned()];
    let mail = Outgoing { reply_to: reply_to.clone(), thread, opt_out_url: None, ..outgoing(&SES) };
    let (_, requests) = send(&SES, &mail, Answer::http(503, "", "{}")).await;
    let (_, body) = requests[0].split_once("\r\n\r\n").expect("a request");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["ReplyToAddresses"], serde_json::json!(reply_to));
    let expected = serde_json::json!([
        {"Name": "In-Reply-To", "Value": "<m1.l1.s@r.example>"},
        {"Name": "References", "Value": "<case_1@r.example> <m1.l1.s@r.example>"},
        {"Name": "Auto-Submitted", "Value": "auto-generated"},
        {"Name": "X-Auto-Response-Suppress", "Value": "DR, RN, NRN, AutoReply"},
    ]);
    assert_eq!(body["Content"]["Simple"]["Headers"], expected);
    let forged = Thread { references: vec!["<a@b>\r\nBcc: c@d.example".to_owned()], is_automatic: false };
    let (result, requests) = send(&SES, &Outgoing { thread: forged, ..outgoing(&SES) }, Answer::http(503, "", "{}")).await;
    assert_eq!((kind(&result).as_str(), requests.len()), ("refused false", 0));
}

#[tokio::test]
async fn a_service_mail_travels_under_its_own_tag() {
    let id = ServiceMailId::derive(&["m"]);
    let mail = Outgoing { service_mail: Some(id.clone()), opt_out_url: None, ..outgoing(&SES) };
    let (_, requests) = send(&SES, &mail, Answer::http(503, "", "{}")).await;
    let (_, body) = requests[0].split_once("\r\n\r\n").expect("a request");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let expected = serde_json::json!([
        {"Name": "dunlin_tenant", "Value": "acme"},
        {"Name": "dunlin_customer", "Value": mail.customer.as_str()},
        {"Name": "dunlin_service_mail", "Value": id.as_str()},
    ]);
    assert_eq!(body["EmailTags"], expected);
}

#[tokio::test]
async fn what_sns_is_asked() {
    for (from, expected) in [("Northwind", "AWS.SNS.SMS.SenderID"), ("+4915112345678", "AWS.MM.SMS.OriginationNumber")] {
        let mut sms = outgoing(&SNS);
        sms.from = from.into();
        let (_, requests) = send(&SNS, &sms, Answer::http(503, "", "")).await;
        let request = &requests[0];
        for part in ["Action=Publish", "PhoneNumber=%2B493012345678", "Message=Hello%20text", "Transactional", "dunlin_message"] {
            assert!(request.contains(part), "{part}: {request}");
        }
        for name in ["AWS.SNS.SMS.SenderID", "AWS.MM.SMS.OriginationNumber"] {
            assert_eq!(request.contains(name), expected == name, "{from}: {name}");
        }
    }
}

#[tokio::test]
async fn refused_before_any_call() {
    let mail = |change: fn(&mut Outgoing)| {
        let mut outgoing = outgoing(&SES);
        change(&mut outgoing);
        outgoing
    };
    for (outgoing, expected) in [
        (mail(|o| o.to = "anna".into()), "refused true"),
        (mail(|o| o.to = "a@b.example, c@d.example".into()), "refused true"),
        (mail(|o| o.to = "a@b.example\r\nBcc: c@d.example".into()), "refused true"),
        (mail(|o| o.from = "a@b.example\nX: y".into()), "refused false"),
        (mail(|o| o.rendered.subject = Some("a\nb".into())), "refused false"),
        (mail(|o| o.rendered.subject = None), "refused false"),
    ] {
        let (result, requests) = send(&SES, &outgoing, Answer::Hang).await;
        assert_eq!((kind(&result).as_str(), requests.len()), (expected, 0), "{result:?}");
    }
    for (to, from, expected) in [
        ("+49", "", "refused true"),
        ("0301234567", "", "refused true"),
        ("+493012345678", "way too long a name", "refused false"),
        ("+493012345678", "", "refused false"),
    ] {
        for provider in [&SNS, &END_USER_MESSAGING] {
            let sms = Outgoing { to: to.into(), from: from.into(), ..outgoing(provider) };
            let (result, requests) = send(provider, &sms, Answer::Hang).await;
            assert_eq!((kind(&result).as_str(), requests.len()), (expected, 0), "{provider:?} {result:?}");
        }
    }
}

#[test]
fn senders_names_may_hold_anything() {
    for (name, expected) in [
        ("", "a@b.example"),
        ("Northwind", "\"Northwind\" <a@b.example>"),
        ("Northwind, Inc.", "\"Northwind, Inc.\" <a@b.example>"),
        ("Northwind (AR): Desk", "\"Northwind (AR): Desk\" <a@b.example>"),
        ("A \"B\" \\ C", "\"A \\\"B\\\" \\\\ C\" <a@b.example>"),
        ("Müller", "=?utf-8?b?TcO8bGxlcg==?= <a@b.example>"),
        ("A\r\nBcc: x", "\"A Bcc: x\" <a@b.example>"),
    ] {
        assert_eq!(channels::channel::mailbox(name, "a@b.example"), expected);
    }
    for (setting, expected) in [
        ("a@b.example", "\"Acme, Inc.\" <a@b.example>"),
        ("Desk (AR) <a@b.example>", "\"Desk (AR)\" <a@b.example>"),
        ("\"Desk, AR\" <a@b.example>", "\"Desk, AR\" <a@b.example>"),
        ("Zürich, AR <a@b.example>", "=?utf-8?b?WsO8cmljaCwgQVI=?= <a@b.example>"),
        ("", ""),
    ] {
        assert_eq!(channels::channel::set_mailbox(setting, "Acme, Inc."), expected, "{setting}");
    }
    let long = channels::channel::mailbox(&"ü".repeat(100), "a@b.example");
    assert!(long.split(' ').all(|word| word.len() <= 75), "{long}");
}
