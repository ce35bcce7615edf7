//! The cookies: the session, a sign-in under way, and what the next page says.
//!
//! Over TLS their names begin with `__Secure-`, which a browser takes over TLS alone, and with `Secure` alone. On loopback, over plain HTTP, they
//! have neither: not every browser keeps such a cookie there (Safari does not). No deployment answers plain HTTP.

use issuer::SignInFlow;
use service::sessions::{LASTS_FOR, SessionId};

use crate::{request::ConsoleRequest, secrets::SessionSecrets};

/// Cookies of a name that are looked at: whoever plants more does not have them all tried.
const LOOKED_MAX: usize = 3;
/// How long a browser keeps a sign-in under way, and what the next page says, in seconds.
const AWAY_S: i64 = 600;
const SAID_S: i64 = 60;

#[derive(Clone, Copy)]
enum Kept {
    Session,
    SignIn,
    Said,
}

/// The name of a cookie where it was asked, and what `Secure` adds.
fn name_of(kept: Kept, request: &ConsoleRequest) -> (String, &'static str) {
    let name = match kept {
        Kept::Session => "dunlin",
        Kept::SignIn => "dunlin-sign-in",
        Kept::Said => "dunlin-said",
    };
    if request.host().starts_with("https://") { (format!("__Secure-{name}"), "; Secure") } else { (name.to_owned(), "") }
}

fn cookie(kept: Kept, request: &ConsoleRequest, value: &str, seconds: i64) -> String {
    let (name, secure) = name_of(kept, request);
    format!("{name}={value}; Path=/console; Max-Age={seconds}; HttpOnly{secure}; SameSite=Lax")
}

fn read<T>(kept: Kept, request: &ConsoleRequest, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let (name, _) = name_of(kept, request);
    request.cookies(&name).take(LOOKED_MAX).find_map(read)
}

/// The session that a browser names.
pub(crate) fn session_id(request: &ConsoleRequest) -> Option<SessionId> {
    read(Kept::Session, request, SessionId::read)
}

/// The cookie of a session that begins.
pub(crate) fn session_cookie(request: &ConsoleRequest, id: &SessionId) -> String {
    cookie(Kept::Session, request, id.secret(), LASTS_FOR.as_secs())
}

/// Has a browser forget its session.
pub(crate) fn no_session_cookie(request: &ConsoleRequest) -> String {
    cookie(Kept::Session, request, "", 0)
}

/// The sign-in that a browser began, and the page that it began at.
pub(crate) fn sign_in(request: &ConsoleRequest) -> Option<(SignInFlow, String)> {
    let split = |text: &str| {
        let (flow, back) = text.split_once('~')?;
        let back = form_urlencoded::parse(back.as_bytes()).next().map(|(back, _)| back.into_owned()).unwrap_or_default();
        Some((SignInFlow::read(flow)?, back))
    };
    read(Kept::SignIn, request, split)
}

/// The cookie of a sign-in that begins at a page.
pub(crate) fn sign_in_cookie(request: &ConsoleRequest, flow: &SignInFlow, back: &str) -> String {
    let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    cookie(Kept::SignIn, request, &format!("{}~{back}", flow.text()), AWAY_S)
}

/// Has a browser forget the sign-in.
pub(crate) fn no_sign_in_cookie(request: &ConsoleRequest) -> String {
    cookie(Kept::SignIn, request, "", 0)
}

/// What this page says of what was done before it.
pub(crate) fn said(request: &ConsoleRequest, secrets: &SessionSecrets) -> Option<String> {
    read(Kept::Said, request, |text| secrets.open_said(text))
}

/// The cookie of what the next page says.
pub(crate) fn said_cookie(request: &ConsoleRequest, secrets: &SessionSecrets, text: &str) -> String {
    cookie(Kept::Said, request, &secrets.seal_said(text), SAID_S)
}

/// Has a browser forget it.
pub(crate) fn no_said_cookie(request: &ConsoleRequest) -> String {
    cookie(Kept::Said, request, "", 0)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    fn asked(domain: &str, cookies: &[&str]) -> ConsoleRequest {
        let event = json!({
            "requestContext": {"http": {"method": "GET"}, "domainName": domain}, "rawPath": "/console", "cookies": cookies,
        });
        ConsoleRequest::read(&event).unwrap().unwrap()
    }

    #[test]
    fn a_session_is_for_the_console_and_for_no_script() {
        let secret = URL_SAFE_NO_PAD.encode([7_u8; 32]);
        let id = SessionId::read(&secret).unwrap();
        let abroad = asked("api.dunlin.example", &[&format!("__Secure-dunlin={secret}")]);
        assert_eq!(
            session_cookie(&abroad, &id),
            format!("__Secure-dunlin={secret}; Path=/console; Max-Age=86400; HttpOnly; Secure; SameSite=Lax")
        );
        assert_eq!(session_id(&abroad), Some(id.clone()));
        let here = asked("127.0.0.1:8787", &[&format!("dunlin={secret}")]);
        assert_eq!(session_cookie(&here, &id), format!("dunlin={secret}; Path=/console; Max-Age=86400; HttpOnly; SameSite=Lax"));
        assert_eq!(session_id(&here), Some(id));
        // Over TLS a cookie that was planted over plain HTTP opens nothing.
        assert_eq!(session_id(&asked("api.dunlin.example", &[&format!("dunlin={secret}")])), None);
    }

    #[test]
    fn a_sign_in_comes_back_to_where_it_began() {
        let flow = SignInFlow::begin("2026-02-10T10:00:00Z".parse().unwrap()).unwrap();
        let cookie = sign_in_cookie(&asked("a.example", &[]), &flow, "/console/customers?q=a+b&sort=name");
        let sent = cookie.split(';').next().unwrap();
        let (read, back) = sign_in(&asked("a.example", &[sent])).unwrap();
        assert_eq!((read, back.as_str()), (flow, "/console/customers?q=a+b&sort=name"));
    }
}
