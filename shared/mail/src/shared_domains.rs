//! Domains at which anybody may have a mailbox: that two people have theirs there says nothing of them.

/// Such domains, and what all of a provider's begin with where they end in a dot.
const SHARED: [&str; 46] = [
    "gmail.com",
    "googlemail.com",
    "outlook.",
    "hotmail.",
    "live.",
    "msn.com",
    "yahoo.",
    "ymail.com",
    "rocketmail.com",
    "aol.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "proton.me",
    "protonmail.com",
    "pm.me",
    "gmx.",
    "web.de",
    "t-online.de",
    "freenet.de",
    "posteo.de",
    "mailbox.org",
    "mail.de",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "laposte.net",
    "sfr.fr",
    "libero.it",
    "virgilio.it",
    "tiscali.it",
    "alice.it",
    "telefonica.net",
    "terra.es",
    "ziggo.nl",
    "kpnmail.nl",
    "xs4all.nl",
    "sapo.pt",
    "uol.com.br",
    "bol.com.br",
    "docomo.ne.jp",
    "ezweb.ne.jp",
    "softbank.ne.jp",
    "qq.com",
    "163.com",
    "zoho.com",
];

/// Whether anybody may have a mailbox at a domain, which is in lower case.
pub fn is_shared_domain(domain: &str) -> bool {
    SHARED.iter().any(|known| if known.ends_with('.') { domain.starts_with(known) } else { domain == *known })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_told_from_companies() {
        for (domain, expected) in [
            ("gmail.com", true),
            ("outlook.de", true),
            ("gmx.net", true),
            ("acme.example", false),
            ("notgmail.com", false),
            ("mail.gmail.com.acme.example", false),
            ("", false),
        ] {
            assert_eq!(is_shared_domain(domain), expected, "{domain}");
        }
    }
}
