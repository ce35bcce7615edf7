//! Addresses of channels that notices go to: which hosts they may name. Whoever has such an address can write in the channel, so that it is kept as
//! a secret and never shown.

use crate::NoticeWay;

/// Longest address, in bytes.
const BYTES_MAX: usize = 2_048;

/// Checks the address of a channel. With `stand_ins` one on loopback is taken too.
///
/// # Errors
///
/// What is wrong, and how to mend it; it never says the address.
pub fn check_channel_url(way: NoticeWay, url: &str, stand_ins: bool) -> Result<(), String> {
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte));
    if url.is_empty() || url.len() > BYTES_MAX || !is_plain {
        return Err(format!("it has 1 to {BYTES_MAX} plain characters, and no fragment"));
    }
    let loopback = ["http://127.0.0.1:", "http://localhost:"].iter().find_map(|begin| url.strip_prefix(begin));
    if loopback.is_some_and(|rest| stand_ins && !rest.contains('@')) {
        return Ok(());
    }
    let (wanted, is_host): (_, fn(&str) -> bool) = match way {
        NoticeWay::Slack => ("https://hooks.slack.com/services/…, of an incoming webhook of Slack", is_slack),
        NoticeWay::Teams => {
            ("the https address of a workflow of Teams, at …logic.azure.com or …environment.api.powerplatform.com", is_teams)
        }
        NoticeWay::Email | NoticeWay::Sns | NoticeWay::Later(_) => {
            return Err("only 'slack' and 'teams' have a channel with an address of its own".to_owned());
        }
    };
    let refused = || Err(format!("it is {wanted}"));
    let Some(rest) = url.strip_prefix("https://") else { return refused() };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.strip_suffix(":443").unwrap_or(authority);
    if is_host(&host.to_ascii_lowercase()) && !path.is_empty() { Ok(()) } else { refused() }
}

fn is_slack(host: &str) -> bool {
    host == "hooks.slack.com" || host == "hooks.slack-gov.com"
}

fn is_teams(host: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    [".logic.azure.com", ".environment.api.powerplatform.com"].iter().any(|end| host.strip_suffix(end).is_some_and(is_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_at_its_vendors_host() {
        use NoticeWay::{Email, Slack, Teams};
        let flow = "https://prod-12.westeurope.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?sig=x%2Fy";
        let power = "https://0.1.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/a?sp=%2F";
        for (way, url, stand_ins, good) in [
            (Slack, "https://hooks.slack.com/services/T0/B0/x", false, true),
            (Slack, "https://HOOKS.slack.com/services/T0/B0/x", false, true),
            (Slack, "https://hooks.slack.com/", false, false),
            (Slack, "https://hooks.slack.com.evil.example/services/T0", false, false),
            (Slack, "https://hooks.slack.com@evil.example/services/T0", false, false),
            (Slack, "https://hooks.slack.com:8443/services/T0", false, false),
            (Slack, "http://hooks.slack.com/services/T0", false, false),
            (Slack, "https://hooks.slack.com/services/T0#x", false, false),
            (Slack, flow, false, false),
            (Teams, flow, false, true),
            (Teams, power, false, true),
            (Teams, "https://logic.azure.com/x", false, false),
            (Teams, "https://a@b.logic.azure.com/x", false, false),
            (Teams, "https://evil.example/.logic.azure.com", false, false),
            (Teams, "https://acme.webhook.office.com/webhookb2/x", false, false),
            (Slack, "http://127.0.0.1:8787/_local/notices/slack/acme", true, true),
            (Slack, "http://127.0.0.1:8787/_local/notices/slack/acme", false, false),
            (Slack, "http://127.0.0.1:80@evil.example/", true, false),
            (Slack, "http://127.0.0.1.evil.example/", true, false),
            (Email, "https://hooks.slack.com/services/T0/B0/x", false, false),
            (Slack, "", false, false),
        ] {
            let said = check_channel_url(way, url, stand_ins);
            assert_eq!(said.is_ok(), good, "{way} {url} {said:?}");
        }
    }
}
