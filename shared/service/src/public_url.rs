//! Addresses of outside systems that a person enters: https, and no private place as far as the text shows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domain::public_address::is_public;

/// Longest address, in bytes.
const BYTES_MAX: usize = 2_048;

/// Where events may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPlaces {
    /// Public places alone.
    Public,
    /// This machine too, by `http://127.0.0.1:port`: for the local stack and tests.
    LoopbackToo,
}

/// Checks an address that events are to go to. A name may still lead to a private place: whoever calls it looks at what it resolves to.
///
/// # Errors
///
/// What is wrong, and how to mend it.
pub fn check(url: &str, places: EventPlaces) -> Result<(), String> {
    let refuse = |why: &str| Err(why.to_owned());
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte));
    if url.len() > BYTES_MAX || !is_plain {
        return Err(format!("it has at most {BYTES_MAX} plain characters, and no fragment (percent-encode others)"));
    }
    if places == EventPlaces::LoopbackToo && is_on_this_machine(url) {
        return Ok(());
    }
    let Some(rest) = url.strip_prefix("https://") else { return refuse("it begins with https://") };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return refuse("it names no user and no password; events are signed with the subscription's secret");
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let Ok(address) = address.parse::<Ipv6Addr>() else { return refuse("its host is no address of version 6") };
            if !is_public(IpAddr::V6(address)) {
                return refuse(PRIVATE);
            }
            ("", port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, &authority[authority.len() - port.len() - 1..]),
            None => (authority, ""),
        },
    };
    if !port.is_empty() && port.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()).is_none_or(|port| port == 0) {
        return refuse("its port is a number from 1 to 65535");
    }
    if authority.starts_with('[') { Ok(()) } else { check_host(&host.to_ascii_lowercase()) }
}

/// Whether an address is a port of this machine over plain HTTP.
fn is_on_this_machine(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://127.0.0.1:") else { return false };
    let port = rest.split(['/', '?']).next().unwrap_or_default();
    port.parse::<u16>().is_ok_and(|port| port > 0)
}

const PRIVATE: &str = "it leads to a private place; events only go to public ones";

fn check_host(host: &str) -> Result<(), String> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    if host.len() > 253 || !labels.iter().all(is_label) {
        return Err("its host is no name, such as hooks.acme.example (an international one as xn--)".to_owned());
    }
    let last = labels.last().copied().unwrap_or_default();
    // What ends in a number is read as an address of version 4 by whoever calls it, in any of several forms.
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return match host.parse::<Ipv4Addr>() {
            Ok(address) if is_public(IpAddr::V4(address)) => Ok(()),
            Ok(_) => Err(PRIVATE.to_owned()),
            Err(_) => Err("its host is no address; write it as four numbers from 0 to 255".to_owned()),
        };
    }
    let is_inside = ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "localdomain"].contains(&last);
    if labels.len() < 2 || is_inside || host.ends_with("home.arpa") {
        return Err(PRIVATE.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_places_are_taken() {
        for url in [
            "https://hooks.acme.example",
            "https://hooks.acme.example/dunlin?key=1",
            "https://HOOKS.acme.example:8443/x",
            "https://93.184.216.34/x",
            "https://[2606:2800:220:1:248:1893:25c8:1946]:443/",
            "https://xn--mnchen-3ya.example/",
        ] {
            assert_eq!(check(url, EventPlaces::Public), Ok(()), "{url}");
        }
    }

    #[test]
    fn this_machine_is_a_place_for_tests_alone() {
        let url = "http://127.0.0.1:4711/hook";
        assert!(check(url, EventPlaces::Public).is_err());
        assert_eq!(check(url, EventPlaces::LoopbackToo), Ok(()));
        for url in [
            "http://127.0.0.1/x",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:80@10.0.0.1/",
            "http://127.0.0.2:80/",
            "https://127.0.0.1:443/",
        ] {
            assert!(check(url, EventPlaces::LoopbackToo).is_err(), "{url}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for url in [
            "",
            "http://hooks.acme.example",
            "https://",
            "https:///x",
            "https://user:secret@acme.example",
            "https://acme.example@10.0.0.1/",
            "https://acme.example#x",
            "https://acme.example/ä",
            "https://acme.example/a b",
            "https://acme.example:0/",
            "https://acme.example:99999/",
            "https://acme.example:x/",
            "https://localhost/",
            "https://a.localhost/",
            "https://printer.local/",
            "https://db.internal/",
            "https://intranet/",
            "https://10.1.2.3/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0x7f000001/",
            "https://169.254.169.254/latest/meta-data",
            "https://192.168.0.1:8443/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://224.0.0.1/",
            "https://[::1]/",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[2002:0a00:0001::1]/",
            "https://[x]/",
            "https://a..example/",
            "https://-a.example/",
        ] {
            assert!(check(url, EventPlaces::Public).is_err(), "{url}");
        }
    }
}
