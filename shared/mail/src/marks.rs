//! Marks of ours in a mail: in the addresses that it was sent to, in what it says that it answers, and in links that it quotes.

use crate::MailHead;

/// What the local part of an address for answers begins with.
const LOCAL_BEGINS: &str = "r+";
/// Most ids of other mails that are looked at.
const REFERENCES_MAX: usize = 100;
/// Most links that are looked at.
const LINKS_MAX: usize = 20;
/// What stands before the code of a portal link, as it is and as services write it that lead by an address of their own.
const BEFORE_CODE: [&str; 4] = ["/p/", "%2fp%2f", "/s/", "%2fs%2f"];

/// What an address of ours carries: the text between `r+` and the `@`. `None` for other addresses.
pub fn marks_of_recipient<'a>(recipient: &'a str, domain: &str) -> Option<&'a str> {
    let (local, at) = recipient.trim().rsplit_once('@')?;
    let begins = local.get(..LOCAL_BEGINS.len())?;
    let is_ours = at.eq_ignore_ascii_case(domain) && begins.eq_ignore_ascii_case(LOCAL_BEGINS);
    is_ours.then(|| &local[LOCAL_BEGINS.len()..])
}

/// What a mail answers: the local parts of the ids of `In-Reply-To` and `References` that end in a domain of ours, the newest first, each once.
pub fn references_at(head: &MailHead, domain: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let newest_first = ["in-reply-to", "references"].into_iter().flat_map(|name| {
        let mut ids: Vec<&str> = head.values(name).flat_map(|value| value.split(['<', '>', ' ', '\t', ','])).collect();
        ids.reverse();
        ids
    });
    for id in newest_first.filter(|id| id.contains('@')).take(REFERENCES_MAX) {
        if let Some((local, at)) = id.rsplit_once('@')
            && at.eq_ignore_ascii_case(domain)
            && !found.iter().any(|known| known == local)
        {
            found.push(local.to_owned());
        }
    }
    found
}

/// What stands in a text where the code of a portal link does, each once.
pub fn link_codes(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    // Letters and digits alone change places when they become lower case, so that places of the one are places of the other.
    let lower = text.to_ascii_lowercase();
    for before in BEFORE_CODE {
        let mut from = 0;
        while let Some(at) = lower[from..].find(before) {
            from += at + before.len();
            let rest = &text[from..];
            let code = &rest[..rest.bytes().take_while(u8::is_ascii_alphanumeric).count()];
            if !code.is_empty() && !found.contains(&code) {
                found.push(code);
            }
            if found.len() == LINKS_MAX {
                return found;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadMail;

    #[test]
    fn an_address_carries_a_mark() {
        for (address, mark) in [
            ("r+m1.l1.s@answers.example", Some("m1.l1.s")),
            ("R+M1.L1.S@Answers.Example", Some("M1.L1.S")),
            ("r+@answers.example", Some("")),
            ("r+m1.l1.s@other.example", None),
            ("acme@answers.example", None),
            ("r@answers.example", None),
            ("\u{e4}\u{e4}@answers.example", None),
            ("r+no domain", None),
        ] {
            assert_eq!(marks_of_recipient(address, "answers.example"), mark, "{address}");
        }
    }

    #[test]
    fn a_mail_names_what_it_answers_newest_first() {
        let mail = ReadMail::of(
            b"In-Reply-To: <m2.l.s@answers.example>\r\nReferences: <case_1@answers.example> <m1.l.s@Answers.example>\r\n <m2.l.s@answers.example> <x@y.example>\r\n\r\n",
        );
        assert_eq!(references_at(&mail.head, "answers.example"), ["m2.l.s", "m1.l.s", "case_1"]);
        assert_eq!(references_at(&mail.head, "y.example"), ["x"]);
        assert!(references_at(&mail.head, "other.example").is_empty());
    }

    #[test]
    fn codes_of_links_are_found_as_they_are_quoted() {
        let text = "> See https://pay.example/p/AAAAAAAAAAAAAAAAAAAAAA and <https://pay.example/p/AAAAAAAAAAAAAAAAAAAAAA?x=1>\n\
                    https://safelinks.example/?url=https%3A%2F%2Fpay.example%2Fp%2FBBBBBBBBBBBBBBBBBBBBBB&data=1 /p/ \u{130}/p/c\u{e4}";
        assert_eq!(link_codes(text), ["AAAAAAAAAAAAAAAAAAAAAA", "c", "BBBBBBBBBBBBBBBBBBBBBB"]);
        assert_eq!(link_codes(&(0..99).map(|n| format!("/p/{n} ")).collect::<String>()).len(), LINKS_MAX);
    }
}
