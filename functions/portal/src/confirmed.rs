//! Who entered a code that was sent to the link's address: a cookie says so, for half an hour and with that link alone.
//!
//! The cookie is signed and names nobody; scripts do not see it (`HttpOnly`), it goes over TLS alone (`Secure`) and to the link's own pages
//! (`Path=/p/{code}`). A form that another site's page posts does nothing, and needs no token of its own against that: browsers send the cookie
//! with no request that another site's page posts (`SameSite=Lax`), a page of that site cannot know the address of the form, which holds the 128
//! bits of the link and leaves no page of ours as a referrer, and what a browser says is from elsewhere is refused besides
//! ([`PortalRequest::refused_by_forms`]). A GET changes nothing, so that following a link with the cookie does no harm.

use domain::portal_code::CONFIRMED_MINUTES;
use jiff::Timestamp;
use store::{FoundLink, Result, Vault};

use crate::{kept_choice::behind_plan, request::PortalRequest};

/// The cookie's name.
const NAME: &str = "confirmed";
/// Cookies of the name that are looked at: whoever plants more does not have them all tried.
const LOOKED_MAX: usize = 4;

/// Where somebody goes who entered a code: a place of this list, and never an address out of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReturnTo {
    /// How they are written to.
    Preferences,
    /// Whom is written to.
    Contacts,
    /// The other customers of the same person.
    Others,
    /// To pay in parts.
    Plan,
    /// The statement, for whoever came by the mail that has the code.
    Statement,
}

impl ReturnTo {
    const ALL: [Self; 5] = [Self::Preferences, Self::Contacts, Self::Others, Self::Plan, Self::Statement];

    /// Its address, where the link's pages are at `path` and `kept` was chosen before.
    pub(crate) fn below(self, path: &str, kept: &str) -> String {
        match self {
            Self::Statement => path.to_owned(),
            Self::Plan => format!("{path}/plan{}", behind_plan(kept)),
            Self::Preferences | Self::Contacts | Self::Others => format!("{path}/{}", self.as_str()),
        }
    }

    /// The word in addresses and forms.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Preferences => "preferences",
            Self::Contacts => "contacts",
            Self::Others => "others",
            Self::Plan => "plan",
            Self::Statement => "statement",
        }
    }

    /// The place of a word; the first for any other.
    pub(crate) fn read(word: &str) -> Self {
        Self::ALL.into_iter().find(|place| place.as_str() == word).unwrap_or(Self::Preferences)
    }
}

/// Whether whoever makes a request entered a code that was sent to the address of this link.
///
/// # Errors
///
/// Those of KMS and of reading.
pub(crate) async fn is_confirmed(vault: &Vault, request: &PortalRequest, found: &FoundLink, now: Timestamp) -> Result<bool> {
    for text in request.cookies(NAME).take(LOOKED_MAX) {
        if vault.is_confirmation(found, text, now).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The cookie for whoever entered a code: `path` is that of the link's pages.
pub(crate) fn cookie(path: &str, confirmation: &str) -> String {
    let seconds = CONFIRMED_MINUTES * 60;
    format!("{NAME}={confirmation}; Path={path}; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_leads_to_places_of_ours_alone() {
        for place in ReturnTo::ALL {
            assert_eq!(ReturnTo::read(place.as_str()), place);
        }
        for other in ["", "https://elsewhere.example", "//elsewhere.example", "contacts/../..", "Contacts", "pay"] {
            assert_eq!(ReturnTo::read(other), ReturnTo::Preferences, "{other}");
        }
    }

    #[test]
    fn the_cookie_is_for_the_links_pages_and_for_no_script() {
        let cookie = cookie("/p/abc", "1.x");
        assert_eq!(cookie, "confirmed=1.x; Path=/p/abc; Max-Age=1800; HttpOnly; Secure; SameSite=Lax");
    }
}
