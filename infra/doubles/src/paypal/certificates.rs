//! What webhooks are signed with: a certificate of PayPal's name, whose chain leads back to a root of the double's own.

use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize, SigningKey, date_time_ymd,
};

/// Whose certificates sign: live, and for tests.
const NAMES: [&str; 2] = ["messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com"];

/// A chain, and the key of its first certificate.
pub struct Chain {
    key: KeyPair,
    /// What lies at the certificate's address, as PEM: the signer's own certificate, then the issuer's.
    pub certificates: String,
    /// The root, as PEM.
    pub root: String,
}

/// One chain is enough for all doubles of a process: making keys takes its time.
pub static CHAIN: LazyLock<Chain> = LazyLock::new(|| Chain::new().expect("certificates of plain names can be made"));

impl Chain {
    fn new() -> Result<Self, rcgen::Error> {
        let root = CertifiedIssuer::self_signed(authority("Stand-in Root")?, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)?;
        let issuer_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let issuer = CertifiedIssuer::signed_by(authority("Stand-in Issuer")?, issuer_key, &root)?;
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let mut signer = params(NAMES[0], &NAMES)?;
        signer.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        signer.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = signer.signed_by(&key, &issuer)?;
        Ok(Self { key, certificates: format!("{}{}", certificate.pem(), issuer.pem()), root: root.pem() })
    }

    /// RSA with SHA-256, PKCS #1 v1.5.
    pub fn sign(&self, text: &str) -> Vec<u8> {
        self.key.sign(text.as_bytes()).expect("an RSA key signs any text")
    }
}

fn params(common_name: &str, names: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    // Tests move the clock by years.
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2100, 1, 1);
    Ok(params)
}

fn authority(common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = params(common_name, &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_text_is_signed_as_paypal_signs() {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, CHAIN.key.public_key_raw());
        let signature = CHAIN.sign("id|time|webhook|1");
        assert!(key.verify(b"id|time|webhook|1", &signature).is_ok());
        assert!(key.verify(b"id|time|webhook|2", &signature).is_err());
        assert_eq!(CHAIN.certificates.matches("BEGIN CERTIFICATE").count(), 2);
        assert!(!CHAIN.certificates.contains(&CHAIN.root), "the root is not sent along");
    }
}
