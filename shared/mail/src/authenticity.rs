//! Whose signature is on a mail.

use crate::MailHead;

/// Who says in `Authentication-Results` what SES found.
const SES: &str = "amazonses.com";

/// The domain whose DKIM signature of a mail holds, where that is the sender's own or one above it. `passed` is SES's verdict, which does not say whose
/// signature it found: that stands in the topmost `Authentication-Results`, which SES writes. A mail with one signature needs no such field.
pub fn dkim_domain(head: &MailHead, passed: bool) -> Option<String> {
    let [from] = head.from() else { return None };
    let (_, from) = from.rsplit_once('@').filter(|_| passed)?;
    let results =
        head.value("authentication-results").filter(|results| results.split(';').next().is_some_and(|who| who.trim() == SES));
    let signers: Vec<String> = match results {
        Some(results) => results.split(';').filter_map(passed_signer).collect(),
        None => {
            let signatures: Vec<&str> = head.values("dkim-signature").collect();
            let [signature] = signatures.as_slice() else { return None };
            signature.split(';').filter_map(|tag| tag.trim().strip_prefix("d=")).map(domain_of).collect()
        }
    };
    signers.into_iter().find(|signer| is_aligned(signer, from))
}

/// The domain of ` dkim=pass header.i=@a.example`; `None` for what else stands there.
fn passed_signer(result: &str) -> Option<String> {
    let mut words = result.split_whitespace();
    if words.next() != Some("dkim=pass") {
        return None;
    }
    let named = |word: &str| word.strip_prefix("header.i=").or_else(|| word.strip_prefix("header.d=")).map(domain_of);
    words.find_map(named)
}

fn domain_of(identity: &str) -> String {
    identity.trim().rsplit('@').next().unwrap_or_default().to_lowercase()
}

/// Whether a signer speaks for a sender: it is the same domain, or one above it that is no top-level domain.
fn is_aligned(signer: &str, from: &str) -> bool {
    signer == from || (signer.contains('.') && from.strip_suffix(signer).is_some_and(|before| before.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadMail;

    #[test]
    fn a_signature_counts_that_is_the_senders() {
        let ses = "Authentication-Results: amazonses.com; spf=pass (x) client-ip=192.0.2.1; ";
        for (from, fields, passed, expected) in [
            ("a@acme.example", format!("{ses}dkim=pass header.i=@acme.example; dmarc=pass\r\n"), true, Some("acme.example")),
            ("a@mail.acme.example", format!("{ses}dkim=pass header.i=@acme.example;\r\n"), true, Some("acme.example")),
            (
                "a@acme.example",
                format!("{ses}dkim=pass header.i=@list.example; dkim=pass header.i=bob@acme.example\r\n"),
                true,
                Some("acme.example"),
            ),
            ("a@acme.example", format!("{ses}dkim=pass header.i=@acme.example;\r\n"), false, None),
            ("a@acme.example", format!("{ses}dkim=fail header.i=@acme.example;\r\n"), true, None),
            ("a@acme.example", format!("{ses}dkim=pass header.i=@other.example;\r\n"), true, None),
            ("a@notacme.example", format!("{ses}dkim=pass header.i=@acme.example;\r\n"), true, None),
            ("a@acme.example", format!("{ses}dkim=pass header.i=@example;\r\n"), true, None),
            // What somebody else wrote below, or in the place of SES, says nothing.
            ("a@acme.example", format!("{ses}dkim=none\r\n{ses}dkim=pass header.i=@acme.example;\r\n"), true, None),
            (
                "a@acme.example",
                "Authentication-Results: evil.example; dkim=pass header.i=@acme.example\r\n".to_owned(),
                true,
                None,
            ),
            (
                "a@acme.example",
                "DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=k; bh=x\r\n".to_owned(),
                true,
                Some("acme.example"),
            ),
            (
                "a@acme.example",
                "DKIM-Signature: v=1; d=acme.example\r\nDKIM-Signature: v=1; d=b.example\r\n".to_owned(),
                true,
                None,
            ),
            ("a@acme.example, b@acme.example", format!("{ses}dkim=pass header.i=@acme.example;\r\n"), true, None),
        ] {
            let mail = ReadMail::of(format!("{fields}From: {from}\r\n\r\n").as_bytes());
            assert_eq!(dkim_domain(&mail.head, passed).as_deref(), expected, "{from} {fields}");
        }
    }
}
