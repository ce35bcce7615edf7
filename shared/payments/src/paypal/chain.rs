//! The signature of PayPal's webhooks: a certificate from PayPal's own host, its chain, its name, its days, and what it signed.
//! No call is made; whether a certificate was revoked meanwhile is therefore not known.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime, pem::PemObject};
use webpki::{EndEntityCert, KeyUsage, aws_lc_rs as algorithms};

use crate::{
    NotBelieved, ProviderSite, WebhookDelivery, WebhookTrust, paypal::names::BAD_SIGNATURE, provider::plain_id, signature,
};

/// Where certificates lie: live, then for tests.
const CERTIFICATE_HOSTS: [&str; 2] = ["api.paypal.com", "api.sandbox.paypal.com"];
const CERTIFICATE_PATH: &str = "/v1/notifications/certs/";
/// Whose certificates sign: live, then for tests.
const NAMES: [&str; 2] = ["messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com"];
/// The one algorithm that PayPal signs with.
const ALGORITHM: &str = "SHA256withRSA";
/// How old a delivery may be, in seconds: PayPal tries for three days, and need not sign each attempt anew. What was heard before is
/// known by the event's id.
const SIGNED_FOR_S: i64 = 4 * 24 * 3600;
/// Most certificates of a chain that are looked at.
const CHAIN_MAX: usize = 8;

/// What a chain may be signed with.
const CHAIN_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    algorithms::RSA_PKCS1_2048_8192_SHA256,
    algorithms::RSA_PKCS1_2048_8192_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA512,
    algorithms::ECDSA_P256_SHA256,
    algorithms::ECDSA_P384_SHA384,
];

fn refuse(detail: impl Into<String>) -> NotBelieved {
    NotBelieved { status: BAD_SIGNATURE, detail: detail.into() }
}

/// Where the certificates of a delivery are.
pub(super) fn url(site: &ProviderSite<'_>, delivery: &WebhookDelivery<'_>) -> Result<String, NotBelieved> {
    let given = delivery.header("paypal-cert-url", BAD_SIGNATURE)?;
    let expected = site.url(&CERTIFICATE_HOSTS, CERTIFICATE_PATH);
    let name = given.strip_prefix(&expected).ok_or_else(|| refuse(format!("PAYPAL-CERT-URL does not begin with {expected}")))?;
    plain_id(name).map(|_| given.to_owned()).ok_or_else(|| refuse("PAYPAL-CERT-URL names no certificate"))
}

/// Checks a delivery.
pub(super) fn verify(delivery: &WebhookDelivery<'_>, trust: &WebhookTrust<'_>) -> Result<(), NotBelieved> {
    let header = |name| delivery.header(name, BAD_SIGNATURE);
    let (id, time) = (header("paypal-transmission-id")?, header("paypal-transmission-time")?);
    if header("paypal-auth-algo")? != ALGORITHM {
        return Err(refuse(format!("PAYPAL-AUTH-ALGO is not {ALGORITHM}")));
    }
    let at: Timestamp = time.parse().map_err(|_| refuse("PAYPAL-TRANSMISSION-TIME is no RFC 3339 instant"))?;
    signature::fresh(at, delivery.now, SIGNED_FOR_S).map_err(refuse)?;
    let signature = STANDARD.decode(header("paypal-transmission-sig")?);
    let signature = signature.map_err(|_| refuse("PAYPAL-TRANSMISSION-SIG is not base64"))?;
    // A delimiter inside would let one delivery's parts be read as another's.
    if id.contains('|') || time.contains('|') {
        return Err(refuse("a header has a delimiter of the signed text"));
    }
    let pem = trust.chain.ok_or_else(|| refuse("the certificates at PAYPAL-CERT-URL were not fetched"))?;
    let chain: Result<Vec<CertificateDer<'_>>, _> = CertificateDer::pem_slice_iter(pem).take(CHAIN_MAX).collect();
    let chain = chain.map_err(|_| refuse("what lies at PAYPAL-CERT-URL is no PEM text"))?;
    let (first, others) = chain.split_first().ok_or_else(|| refuse("what lies at PAYPAL-CERT-URL has no certificate"))?;
    let leaf = EndEntityCert::try_from(first).map_err(|error| refuse(format!("the certificate does not read: {error}")))?;
    lead_back(&leaf, others, delivery.now, trust)?;
    let crc = crc32fast::hash(delivery.body);
    let is_signed = |webhook: &str| {
        let signed = format!("{id}|{time}|{webhook}|{crc}");
        leaf.verify_signature(algorithms::RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).is_ok()
    };
    let webhooks = trust.secrets.iter().map(|secret| secret.expose()).filter(|webhook| !webhook.is_empty());
    if webhooks.filter(|webhook| is_signed(webhook)).count() > 0 {
        return Ok(());
    }
    Err(refuse("the signature does not match; store the id of this very webhook, as PayPal's console shows it"))
}

/// Whether a certificate is PayPal's, good at that instant, and leads back to a root.
fn lead_back(
    leaf: &EndEntityCert<'_>,
    others: &[CertificateDer<'_>],
    now: Timestamp,
    trust: &WebhookTrust<'_>,
) -> Result<(), NotBelieved> {
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(now.as_second()).unwrap_or_default()));
    let roots = trust.roots.anchors();
    leaf.verify_for_usage(CHAIN_ALGORITHMS, roots, others, now, KeyUsage::server_auth(), None, None)
        .map_err(|error| refuse(format!("the certificate does not lead back to a root: {error}")))?;
    let expected = NAMES[usize::from(trust.is_test)];
    let name = ServerName::try_from(expected).map_err(|_| refuse("the expected name is no name"))?;
    leaf.verify_is_valid_for_subject_name(&name).map_err(|_| refuse(format!("the certificate is not {expected}'s")))
}
