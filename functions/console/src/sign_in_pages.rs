//! Signing in: to the issuer, and back from there.

use issuer::{NotSignedIn, SignInClient, SignInFlow};
use jiff::Timestamp;
use reading::Web;
use serde_json::Value as Json;
use service::sessions;

use crate::{
    cookies,
    request::{ConsoleRequest, is_ours},
    shell::see,
    visit::ConsoleDesk,
};

/// Where somebody is sent to sign in.
pub(crate) const SIGN_IN: &str = "/console/sign-in";
/// Where the issuer sends them back to.
pub(crate) const SIGNED_IN: &str = "/console/signed-in";
/// Where they are once they signed out.
pub(crate) const SIGNED_OUT: &str = "/console/signed-out";
/// Where somebody begins who came from nowhere.
const HOME: &str = "/console";

/// Why somebody is not signed in.
#[derive(Debug)]
pub(crate) enum SignInTrouble {
    /// The sign-in.
    NotSignedIn(NotSignedIn),
    /// The table.
    NotDone(service::NotDone),
}

impl From<NotSignedIn> for SignInTrouble {
    fn from(error: NotSignedIn) -> Self {
        Self::NotSignedIn(error)
    }
}

impl From<service::NotDone> for SignInTrouble {
    fn from(error: service::NotDone) -> Self {
        Self::NotDone(error)
    }
}

/// The address by which somebody signs in and comes back to where they are.
pub(crate) fn address_from(request: &ConsoleRequest) -> String {
    let to: String = form_urlencoded::byte_serialize(request.address().as_bytes()).collect();
    format!("{SIGN_IN}?to={to}")
}

/// Sends a browser to the issuer. `own` is the address of the API as people reach it.
///
/// # Errors
///
/// [`SignInTrouble::NotSignedIn`].
pub(crate) async fn begin(
    (client, web): (&SignInClient, &Web),
    request: &ConsoleRequest,
    own: &str,
    now: Timestamp,
) -> Result<Json, SignInTrouble> {
    let back = request.query("to").filter(|to| is_ours(to)).unwrap_or(HOME);
    let flow = SignInFlow::begin(now).ok_or(NotSignedIn::Unreachable)?;
    let address = client.address(web, &flow, &format!("{own}{SIGNED_IN}"), now).await?;
    Ok(see(&address, request.is_in_place(), &[cookies::sign_in_cookie(request, &flow, back)]))
}

/// Takes a browser that comes back from the issuer, and begins its session. One that it had before ends.
///
/// # Errors
///
/// Why nobody is signed in.
pub(crate) async fn end(
    (client, web): (&SignInClient, &Web),
    desk: &ConsoleDesk,
    request: &ConsoleRequest,
    own: &str,
    now: Timestamp,
) -> Result<Json, SignInTrouble> {
    let (flow, back) = cookies::sign_in(request).ok_or(NotSignedIn::Foreign)?;
    if let Some(word) = request.query("error") {
        let is_word = word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let word = if is_word { word } else { "no reason that is known" };
        return Err(NotSignedIn::Refused(word.to_owned()).into());
    }
    let (state, code) = request.query("state").zip(request.query("code")).ok_or(NotSignedIn::Foreign)?;
    let person = client.person(web, &flow, (state, code), &format!("{own}{SIGNED_IN}"), now).await?;
    if let Some(before) = cookies::session_id(request)
        && let Some(before) = sessions::open(&desk.store, &before, now).await?
    {
        sessions::end(&desk.store, &before).await?;
    }
    let id = sessions::begin(&desk.store, &person, request.agent(), now).await?;
    tracing::info!("somebody signed in at the console");
    let back = if is_ours(&back) { back.as_str() } else { HOME };
    Ok(see(back, false, &[cookies::session_cookie(request, &id), cookies::no_sign_in_cookie(request)]))
}
