//! What a provider sends, and what it is checked with.

use http::HeaderMap;
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, TrustAnchor, pem::PemObject};

use crate::ProviderSecret;

/// One request as it came in. The body is the raw bytes: signatures cover them, not a parsed form.
#[derive(Clone, Copy, Debug)]
pub struct WebhookDelivery<'a> {
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The raw body, after transport encodings such as API Gateway's base64.
    pub body: &'a [u8],
    /// When it arrived.
    pub now: Timestamp,
}

impl WebhookDelivery<'_> {
    /// The value of a header that must be there, once.
    pub(crate) fn header(&self, name: &'static str, status: u16) -> Result<&str, NotBelieved> {
        let mut values = self.headers.get_all(name).iter();
        let refuse = |what: &str| NotBelieved { status, detail: format!("the header {name} {what}") };
        match (values.next(), values.next()) {
            (None, _) => Err(refuse("is missing")),
            (Some(_), Some(_)) => Err(refuse("is there more than once")),
            (Some(value), None) => value.to_str().map_err(|_| refuse("has bytes that no header may have")),
        }
    }
}

/// Whom a delivery is believed.
#[derive(Clone, Copy, Debug)]
pub struct WebhookTrust<'a> {
    /// Signing secrets, two while one is rotated; of PayPal the webhook's id.
    pub secrets: &'a [ProviderSecret],
    /// The certificates at the address that [`crate::PaymentProvider::chain_url`] named, as PEM; `None` where none was named.
    pub chain: Option<&'a [u8]>,
    /// Whom certificates must lead back to.
    pub roots: &'a CertificateRoots,
    /// Whether it is the provider's system for tests.
    pub is_test: bool,
}

/// Whom certificates must lead back to.
#[derive(Clone, Debug)]
pub struct CertificateRoots(Vec<TrustAnchor<'static>>);

impl CertificateRoots {
    /// Mozilla's roots, as this release was built with.
    pub fn mozilla() -> Self {
        Self(webpki_roots::TLS_SERVER_ROOTS.to_vec())
    }

    /// The certificates of a PEM text: for tests, and for stand-ins of vendors.
    ///
    /// # Errors
    ///
    /// What does not read.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let mut anchors = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| format!("the PEM text does not read: {error}"))?;
            let anchor = webpki::anchor_from_trusted_cert(&certificate).map_err(|error| format!("is no certificate: {error}"))?;
            anchors.push(anchor.to_owned());
        }
        if anchors.is_empty() { Err("the PEM text has no certificate".to_owned()) } else { Ok(Self(anchors)) }
    }

    pub(crate) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.0
    }
}

/// Why a delivery is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct NotBelieved {
    /// The HTTP status that the provider expects.
    pub status: u16,
    /// What is wrong and how to mend it.
    pub detail: String,
}

/// Why nothing of a believed body can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body does not read: {0}")]
pub struct UnreadableEvent(pub String);
