//! Pages on which a payer pays at a provider: plain forms, which a browser opens without scripts.

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::{money, web};

const HTML: &str = "text/html; charset=utf-8";

/// What a page shows.
pub struct HostedPage<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// What is paid for, each with its amount in minor units.
    pub lines: Vec<(String, i64)>,
    /// What it comes to, in minor units.
    pub total_minor: i64,
    /// ISO 4217.
    pub currency: &'a str,
    /// Where the buttons post.
    pub action: &'a str,
    /// The buttons that pay: the value of `pay`, and what they say.
    pub pay: Vec<(String, String)>,
    /// Whether there is a way back.
    pub cancel: bool,
}

impl HostedPage<'_> {
    /// The page.
    pub fn answer(&self) -> Response<Bytes> {
        let amount = |minor: i64| format!("{} {}", money::text(minor, self.currency), self.currency);
        let lines: String =
            self.lines.iter().map(|(name, minor)| format!("<tr><td>{}<td>{}", escaped(name), amount(*minor))).collect();
        let pay: String = self
            .pay
            .iter()
            .map(|(value, text)| format!("<button name=pay value=\"{}\">{}</button> ", escaped(value), escaped(text)))
            .collect();
        let cancel = if self.cancel { "<button name=cancel value=1>Cancel</button>" } else { "" };
        let body = format!(
            "<h1>{provider}</h1><p>A stand-in of {provider} on this machine. No money moves.</p><table>{lines}<tr><th>Total<th>{total}</table>\
             <form method=post action=\"{action}\">{pay}{cancel}</form>",
            provider = escaped(self.provider),
            total = amount(self.total_minor),
            action = escaped(self.action),
        );
        page(StatusCode::OK, self.provider, &body)
    }
}

/// A page that says one thing.
pub fn notice(status: StatusCode, provider: &str, text: &str) -> Response<Bytes> {
    page(status, provider, &format!("<h1>{}</h1><p>{}</p>", escaped(provider), escaped(text)))
}

fn page(status: StatusCode, title: &str, body: &str) -> Response<Bytes> {
    let head = "<meta name=viewport content=\"width=device-width\"><style>body{font:1rem sans-serif;max-width:40rem;margin:2rem auto;\
                padding:0 1rem}td,th{padding:.25rem 1rem .25rem 0;text-align:left}button{font:inherit;padding:.5rem 1rem}</style>";
    let title = escaped(title);
    let page = format!(
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{title}</title>{head}</head><body>{body}</body></html>"
    );
    web::answer(status, HTML, page)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sellers_write_is_no_markup() {
        let page = HostedPage {
            provider: "Stripe",
            lines: vec![("<script>\"&".to_owned(), 1250)],
            total_minor: 1250,
            currency: "EUR",
            action: "/pay/1",
            pay: vec![("card".to_owned(), "Pay".to_owned())],
            cancel: true,
        };
        let text = String::from_utf8(page.answer().body().to_vec()).expect("text");
        assert!(text.contains("&lt;script&gt;&quot;&amp;") && !text.contains("<script>"), "{text}");
        assert!(text.contains("12.50 EUR") && text.contains("name=pay value=\"card\""), "{text}");
    }
}
