//! What every provider must do, run over the registry: a new entry is covered by what it says of itself.

use std::collections::BTreeSet;

use channels::{Attachment, Outgoing, Provider, provider::HttpAnswer, provider_named, registry};
use domain::Channel;

use crate::loopback::{Answer, kind, outgoing, send};

/// Nothing that an error says may hold what the message says, or whom it is for.
fn told_nothing(provider: &Provider, outgoing: &Outgoing, said: &str) {
    for secret in [outgoing.to.as_str(), outgoing.from.as_str(), "Hello", "p.example"] {
        assert!(secret.is_empty() || !said.contains(secret), "{provider:?} says {secret} in {said}");
    }
}

#[test]
fn the_registry_has_the_channels_that_are_sent_and_each_provider_once() {
    let mut registered: Vec<Channel> = registry().iter().map(|provider| provider.channel).collect();
    // The providers of one channel stand beside each other.
    registered.dedup();
    let sent: Vec<Channel> = Channel::with_sender().collect();
    assert_eq!(registered, sent, "`has_sender` in domain::channel and the registry, in one order");
    for (name, expected) in [(None, Some("ses")), (Some(""), Some("ses")), (Some("sns"), Some("sns")), (Some("pigeon"), None)] {
        assert_eq!(provider_named(registry(), name).map(|provider| provider.name), expected, "{name:?}");
    }
    let names: BTreeSet<&str> = registry().iter().map(|provider| provider.name).collect();
    assert_eq!(names.len(), registry().len());
    assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')));
}

#[tokio::test]
async fn each_answer_means_one_thing_and_is_asked_for_once() {
    for provider in registry() {
        let recorded = &provider.recorded;
        let with = |status, headers| Answer::Http(HttpAnswer { status, headers, body: "{to}" });
        for (what, answer, expected) in [
            ("accepted", Answer::Http(recorded.accepted), "accepted-1"),
            ("accepted, cut off", Answer::Half(recorded.accepted), "unknown"),
            ("accepted without an id", Answer::Http(recorded.nameless), "unknown"),
            ("refused", Answer::Http(recorded.refused), "refused false"),
            ("throttled", Answer::Http(recorded.throttled), "retry None"),
            ("failed", Answer::Http(recorded.failed), "unknown"),
            ("too many, by the status", with(429, "retry-after: 7\r\n"), "retry Some(7)"),
            ("busy, by the status", with(503, "retry-after: 7\r\n"), "retry Some(7)"),
            ("busy, without a time", with(503, ""), "retry None"),
            ("gave up waiting", with(408, ""), "unknown"),
            ("a gateway's answer", with(502, ""), "unknown"),
            ("a gateway that waited", with(504, ""), "unknown"),
            ("a closed connection", Answer::Drop, "unknown"),
            ("no answer in time", Answer::Hang, "unknown"),
            ("nobody there", Answer::NotThere, "retry None"),
        ] {
            let outgoing = outgoing(provider);
            let (result, requests) = send(provider, &outgoing, answer.clone()).await;
            assert_eq!(kind(&result), expected, "{provider:?}, {what}: {result:?}");
            assert_eq!(requests.len(), usize::from(!matches!(answer, Answer::NotThere)), "{provider:?}, {what}: times asked");
            told_nothing(provider, &outgoing, &format!("{result:?}"));
        }
        if let Some(answer) = recorded.refused_address {
            let outgoing = outgoing(provider);
            let (result, _) = send(provider, &outgoing, Answer::Http(answer)).await;
            assert_eq!(kind(&result), "refused true", "{provider:?}, a refused address: {result:?}");
            told_nothing(provider, &outgoing, &format!("{result:?}"));
        }
    }
}

#[tokio::test]
async fn the_request_carries_the_message_and_the_ids_that_its_events_come_back_by() {
    for provider in registry() {
        let outgoing = outgoing(provider);
        let (_, requests) = send(provider, &outgoing, Answer::Http(provider.recorded.accepted)).await;
        let request = unescaped(&requests[0]);
        for (what, part) in [
            ("whom it is for", provider.recorded.to),
            ("what it says", "Hello text"),
            ("the tenant", outgoing.tenant.as_str()),
            ("the customer", outgoing.customer.as_str()),
            ("the message", outgoing.message.as_str()),
        ] {
            assert!(request.contains(part), "{provider:?}: {what} is not in {request}");
        }
        // The same message asks for the same: nothing drawn, so that a provider that knows keys knows it again.
        let (_, again) = send(provider, &outgoing, Answer::Http(provider.recorded.accepted)).await;
        let body = |request: &str| request.split_once("\r\n\r\n").map(|(_, body)| parts(body)).unwrap_or_default();
        assert_eq!(body(&requests[0]), body(&again[0]), "{provider:?}");
    }
}

/// The parts of a form or a document, in an order of their own: attributes of some protocols come in any.
fn parts(body: &str) -> BTreeSet<String> {
    let values = unescaped(body);
    values.split(['&', '=', ',']).filter(|part| !part.contains(".Name") && !part.contains(".Value")).map(str::to_owned).collect()
}

/// A text in which escapes such as `%20` are what they stand for.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |out, piece| match piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
        Some(byte) => format!("{out}{}{}", char::from(byte), &piece[2..]),
        None => format!("{out}%{piece}"),
    })
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_the_call() {
    for provider in registry() {
        assert!(!provider.recorded.malformed.is_empty(), "{provider:?} names no malformed address");
        for malformed in provider.recorded.malformed {
            let outgoing = Outgoing { to: (*malformed).to_owned(), ..outgoing(provider) };
            let (result, requests) = send(provider, &outgoing, Answer::Hang).await;
            assert_eq!((kind(&result).as_str(), requests.len()), ("refused true", 0), "{provider:?} {malformed}: {result:?}");
            told_nothing(provider, &outgoing, &format!("{result:?}"));
        }
        let outgoing = Outgoing { from: "Northwind\r\nBcc: c@d.example".to_owned(), ..outgoing(provider) };
        let (result, requests) = send(provider, &outgoing, Answer::Hang).await;
        assert_eq!((kind(&result).as_str(), requests.len()), ("refused false", 0), "{provider:?}: {result:?}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_the_call() {
    for provider in registry() {
        let mut outgoing = outgoing(provider);
        let rest =
            outgoing.rendered.subject.as_ref().map_or(0, String::len) + outgoing.rendered.html.as_ref().map_or(0, String::len);
        for (bytes, answer, expected) in [
            (provider.bytes_max, Answer::Http(provider.recorded.accepted), "accepted-1"),
            (provider.bytes_max + 1, Answer::Hang, "refused false"),
        ] {
            outgoing.rendered.text = "a".repeat(bytes - rest);
            let (result, requests) = send(provider, &outgoing, answer).await;
            assert_eq!(kind(&result), expected, "{provider:?}, {bytes} bytes: {result:?}");
            assert_eq!(requests.len(), usize::from(bytes == provider.bytes_max), "{provider:?}, {bytes} bytes: times asked");
        }
    }
}

#[tokio::test]
async fn files_go_along_up_to_what_the_provider_takes() {
    for provider in registry() {
        let most = usize::try_from(provider.attached_bytes_max).expect("it fits");
        for (bytes, answer, expected) in
            [(most, Answer::Http(provider.recorded.accepted), "accepted-1"), (most + 1, Answer::Hang, "refused false")]
        {
            // Of one that takes none, all that it would take is a message without any.
            let parts = [bytes / 2, bytes - bytes / 2].into_iter().filter(|part| *part > 0);
            let file = |part| Attachment {
                name: "a.pdf".to_owned(),
                content_type: "application/pdf".to_owned(),
                bytes: vec![b'a'; part],
                shown_as: None,
            };
            let outgoing = Outgoing { attachments: parts.map(file).collect(), ..outgoing(provider) };
            let (result, requests) = send(provider, &outgoing, answer).await;
            assert_eq!(kind(&result), expected, "{provider:?}, {bytes} bytes: {result:?}");
            assert_eq!(requests.len(), usize::from(bytes == most), "{provider:?}, {bytes} bytes: times asked");
        }
    }
}
