//! What a payer reads on the form of paying, and what they send.

use std::collections::BTreeMap;

use super::evidence::ByInvoice;

/// The form of paying, as it is shown.
#[derive(Clone, Debug, Default)]
pub struct PayPage {
    /// What tells it from others.
    pub form: String,
    /// The ways that it offers.
    pub ways: Vec<String>,
    /// What it offers: by number the invoice's id, and how much, minor units.
    pub offered: BTreeMap<String, (String, i64)>,
}

impl PayPage {
    /// Reads a page.
    pub fn read(page: &str) -> Self {
        let until_quote = |text: &str| text.split('"').next().unwrap_or_default().to_owned();
        let ways = page.split("name=\"way\" value=\"").skip(1).map(until_quote).collect();
        let form = page.split("name=\"form\" value=\"").nth(1).map(until_quote).unwrap_or_default();
        let offered = page.split("name=\"pay\" value=\"").skip(1).filter_map(|rest| {
            let id = until_quote(rest);
            let number = rest.split("<bdi>").nth(1)?.split('<').next()?.to_owned();
            let amount = rest.split(&format!("name=\"amount_{id}\" value=\"")).nth(1).map(until_quote)?;
            Some((number, (id, minor(&amount))))
        });
        Self { form, ways, offered: offered.collect() }
    }

    /// The body of the form that pays these amounts in this way. `form` tells it from others.
    pub fn body(&self, form: &str, way: &str, lines: &ByInvoice) -> String {
        let mut body = format!("form={form}&in=EUR&to=&way={way}");
        for (number, amount) in lines {
            if let Some((id, _)) = self.offered.get(number) {
                body.push_str(&format!("&pay={id}&amount_{id}={}.{:02}", amount / 100, amount % 100));
            }
        }
        body
    }
}

/// An amount as it is written in English, with two decimals, in minor units.
pub fn minor(text: &str) -> i64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// What a mail asks for, by its subject: `€1,750.00: F-1=€1,250.00; F-2=€500.00;`.
pub fn asked_for(subject: &str) -> Option<(i64, ByInvoice)> {
    let (total, rest) = subject.split_once(": ")?;
    let of = rest.split(';').filter_map(|part| part.split_once('='));
    Some((minor(total), of.map(|(number, amount)| (number.trim().to_owned(), minor(amount))).collect()))
}

/// The subject that says so, as a template.
pub const SUBJECT: &str =
    "{{ exposure.total | money }}: {% for invoice in invoices %}{{ invoice.number }}={{ invoice.due_now | money }}; {% endfor %}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_and_a_subject_are_read() {
        let page = r#"<input type="hidden" name="form" value="abc"><input type="checkbox" name="pay" value="inv_1" checked> <span><bdi>F-1</bdi></span>
            <input type="text" id="a-inv_1" name="amount_inv_1" value="1250.01"><input type="radio" name="way" value="stripe:card" checked>"#;
        let page = PayPage::read(page);
        assert_eq!((page.form.as_str(), page.ways.as_slice()), ("abc", ["stripe:card".to_owned()].as_slice()));
        assert_eq!(page.offered["F-1"], ("inv_1".to_owned(), 125_001));
        let lines = ByInvoice::from([("F-1".to_owned(), 5_007)]);
        assert_eq!(page.body("x", "stripe:card", &lines), "form=x&in=EUR&to=&way=stripe:card&pay=inv_1&amount_inv_1=50.07");
        let (total, of) = asked_for("€1,750.00: F-1=€1,250.00; F-2=€500.00; ").expect("a subject");
        assert_eq!((total, of["F-1"], of["F-2"]), (175_000, 125_000, 50_000));
    }
}
