//! What a buyer does in a browser: opens the page behind the link of a mail, reads its forms, and sends them.

use anyhow::Context;
use http::Method;

use super::caller::{Answer, Caller};

/// Characters of a link's code.
const CODE_CHARS: usize = 22;
/// What parts the fields of a form that has a file.
const BOUNDARY: &str = "a-part-of-the-form";

/// Somebody who came by a link.
pub struct Visitor<'a> {
    caller: &'a Caller,
    /// The address of the customer's page.
    link: String,
    /// What the browser keeps after a code was entered.
    cookie: Option<String>,
}

/// A plan that is wished for.
pub struct WishedParts {
    /// The invoice's number.
    pub number: &'static str,
    /// How many parts, a month apart.
    pub parts: i64,
    /// The day of the first.
    pub first_on: String,
}

impl<'a> Visitor<'a> {
    /// Whoever reads a mail; `None` where it has no link.
    pub fn of(caller: &'a Caller, mail: &str) -> Option<Self> {
        Some(Self { caller, link: link_in(mail)?, cookie: None })
    }

    /// Sends the form of paying one invoice, with an amount as it is typed, else the one that the form has. Answers where it leads: to the
    /// provider's page, or to that of the transfer.
    ///
    /// # Errors
    ///
    /// When the form does not have the invoice, or is refused.
    pub async fn pay(&self, form_at: &str, number: &str, amount: Option<String>, way: &str) -> anyhow::Result<String> {
        let page = self.read(form_at).await?;
        let invoice = choice(&page, "pay", number)?;
        let named = format!("amount_{invoice}");
        let amount = amount.map_or_else(|| value(&page, &named).map(str::to_owned), Ok)?;
        let mut form = vec![("way", way), ("pay", invoice), (named.as_str(), amount.as_str())];
        for hidden in ["form", "in", "to"] {
            form.push((hidden, value(&page, hidden)?));
        }
        self.send("/pay", &form).await?.leads_to()
    }

    /// The reference on the page of a transfer.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn reference(&self, transfer_at: &str) -> anyhow::Result<String> {
        let page = self.read(transfer_at).await?;
        let mut words = page.split(|letter: char| !letter.is_ascii_alphanumeric());
        let found = words.find(|word| word.starts_with("RF") && word.len() > 20);
        found.map(str::to_owned).context("the page of the transfer has no reference")
    }

    /// Promises an amount of one invoice by a day.
    ///
    /// # Errors
    ///
    /// When the form does not have the invoice, or is refused.
    pub async fn promise(&self, number: &str, amount: &str, pays_on: &str) -> anyhow::Result<()> {
        let page = self.read("/promise").await?;
        let invoice = choice(&page, "invoice", number)?;
        let form = [("invoice", invoice), ("amount", amount), ("pays_on", pays_on), ("way", "transfer")];
        self.send("/promise", &form).await?.leads_to()?;
        Ok(())
    }

    /// Contests an amount of an invoice. Answers the dispute's id.
    ///
    /// # Errors
    ///
    /// When the statement does not have the invoice, or the form is refused.
    pub async fn dispute(&self, number: &str, amount: &str, reason: &str, words: &str) -> anyhow::Result<String> {
        let page = self.read("").await?;
        let invoice = address(&page, number)?;
        let form = [("reason", reason), ("amount", amount), ("words", words)];
        made(&self.send(&format!("{invoice}/dispute"), &form).await?.leads_to()?)
    }

    /// Adds a photo to a dispute: the browser puts it where the form says, and the page that comes then attaches it.
    ///
    /// # Errors
    ///
    /// When either step is refused.
    pub async fn add_photo(&self, dispute: &str, photo: &[u8]) -> anyhow::Result<()> {
        let page = self.read(&format!("/files/{dispute}")).await?;
        let (_, form) = page.split_once("<form method=\"post\" action=\"").context("the page has no form for a file")?;
        let (url, form) = form.split_once('"').context("the form for a file has no address")?;
        let mut body = String::new();
        for field in form.split("<input type=\"hidden\" name=\"").skip(1) {
            let (name, rest) = field.split_once("\" value=\"").context("a field of the form for a file has no value")?;
            let (value, _) = rest.split_once('"').context("a value of the form for a file has no end")?;
            body.push_str(&format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
        }
        body.push_str(&format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"board.png\"\r\n\r\n"));
        let body = [body.as_bytes(), photo, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
        let headers = vec![("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))];
        let put = self.caller.call(Method::POST, url, headers, body).await?.leads_to()?;
        let (attach, _) = put.split_once('?').context("the file is not told of")?;
        self.send(attach, &[]).await?.leads_to()?;
        Ok(())
    }

    /// Asks for a code before a plan.
    ///
    /// # Errors
    ///
    /// When the form is refused.
    pub async fn ask_code(&self) -> anyhow::Result<()> {
        self.send("/code", &[("to", "plan")]).await?.leads_to()?;
        Ok(())
    }

    /// Enters the code of a mail.
    ///
    /// # Errors
    ///
    /// When the mail has none, or it is the wrong one.
    pub async fn enter_code(&mut self, mail: &str) -> anyhow::Result<()> {
        let code = code_in(mail).context("the mail has no code")?;
        let entered = self.send("/code/enter", &[("to", "plan"), ("code", code)]).await?;
        let kept = entered.cookie.context("the code was not taken")?;
        self.cookie = Some(kept.split(';').next().unwrap_or_default().to_owned());
        Ok(())
    }

    /// Looks at the parts, and agrees to them. Answers the plan's id.
    ///
    /// # Errors
    ///
    /// When the form does not have the invoice, or a step is refused.
    pub async fn agree(&self, wish: &WishedParts) -> anyhow::Result<String> {
        let page = self.read("/plan").await?;
        let (invoice, parts) = (choice(&page, "invoice", wish.number)?, wish.parts.to_string());
        let wished =
            [("invoice", invoice), ("parts", parts.as_str()), ("first_on", wish.first_on.as_str()), ("rhythm", "monthly")];
        let mut look = wished.to_vec();
        look.push(("act", "look"));
        let shown = plain(&self.send("/plan", &look).await?.text());
        let mut agree = wished.to_vec();
        agree.extend([("act", "agree"), ("seen", value(&shown, "seen")?)]);
        made(&self.send("/plan", &agree).await?.leads_to()?)
    }

    /// A page, with what HTML writes for characters undone.
    async fn read(&self, at: &str) -> anyhow::Result<String> {
        let answer = self.caller.call(Method::GET, &self.address(at), self.headers(), "").await?;
        Ok(plain(&answer.text()))
    }

    /// A form as a browser sends it.
    async fn send(&self, at: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let mut headers = self.headers();
        headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.caller.call(Method::POST, &self.address(at), headers, body).await
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let cookie = self.cookie.iter().map(|cookie| ("cookie", cookie.clone()));
        cookie.chain([("sec-fetch-site", "same-origin".to_owned())]).collect()
    }

    /// An address: a whole one, one of the host, or one behind the link.
    fn address(&self, at: &str) -> String {
        if at.starts_with("http") {
            return at.to_owned();
        }
        let host = self.link.split("/p/").next().unwrap_or_default();
        if at.starts_with("/p/") { format!("{host}{at}") } else { format!("{}{at}", self.link) }
    }
}

/// The link to the customer's page that a mail has.
fn link_in(mail: &str) -> Option<String> {
    mail.split(|letter: char| letter.is_whitespace() || "<>()".contains(letter)).find_map(|word| {
        let (host, rest) = word.split_once("/p/")?;
        let code: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let is_stop_link = rest.contains("/opt-out");
        (host.starts_with("http") && code.len() == CODE_CHARS && !is_stop_link).then(|| format!("{host}/p/{code}"))
    })
}

/// The six digits that a mail has.
fn code_in(mail: &str) -> Option<&str> {
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    mail.split(|letter: char| !letter.is_ascii_alphanumeric()).find(is_code)
}

/// The value of the first field of a name.
fn value<'p>(page: &'p str, name: &str) -> anyhow::Result<&'p str> {
    let mark = format!("name=\"{name}\" value=\"");
    let found = page.split_once(mark.as_str()).and_then(|(_, rest)| rest.split_once('"'));
    found.map(|(value, _)| value).with_context(|| format!("the page has no field {name}"))
}

/// The value by which a form offers an invoice.
fn choice<'p>(page: &'p str, name: &str, number: &str) -> anyhow::Result<&'p str> {
    let mark = format!("name=\"{name}\" value=\"");
    let mut offered = page.split(mark.as_str()).skip(1);
    let found = offered.find_map(|rest| {
        let (value, rest) = rest.split_once('"')?;
        let (shown, _) = rest.split_once("<bdi>")?.1.split_once('<')?;
        (shown == number).then_some(value)
    });
    found.with_context(|| format!("the form does not offer invoice {number}"))
}

/// Where the page of an invoice is.
fn address<'p>(page: &'p str, number: &str) -> anyhow::Result<&'p str> {
    let mark = format!("\">{number}</a>");
    let before = page.split_once(mark.as_str()).and_then(|(before, _)| before.rsplit_once("href=\""));
    before.map(|(_, address)| address).with_context(|| format!("the statement does not lead to invoice {number}"))
}

/// The id of what a form made, as the address of its page has it.
fn made(location: &str) -> anyhow::Result<String> {
    let found = location.split_once("made=").map(|(_, id)| id.to_owned());
    found.with_context(|| format!("{location} names nothing that was made"))
}

/// A page without what HTML writes for characters.
fn plain(page: &str) -> String {
    [("&#x2f;", "/"), ("&#x27;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
        .iter()
        .fold(page.to_owned(), |page, (written, character)| page.replace(written, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_has_a_link_and_perhaps_a_code() {
        let stop = "Stop: http://127.0.0.1:8787/p/0123456789abcdefABCDEF-x_y/opt-out?l=en";
        let mail = format!("{stop}\nYour statement:\nhttp://127.0.0.1:8787/p/0123456789abcdefABCDEF\nCode: 123456.");
        assert_eq!(link_in(&mail).as_deref(), Some("http://127.0.0.1:8787/p/0123456789abcdefABCDEF"));
        assert_eq!((code_in(&mail), link_in(stop), code_in(stop)), (Some("123456"), None, None));
    }

    #[test]
    fn forms_offer_invoices_by_their_numbers() {
        let page = plain(
            "<a href=\"&#x2f;p&#x2f;x&#x2f;invoices&#x2f;inv_1\">2001</a><input name=\"form\" value=\"\">\
             <input name=\"pay\" value=\"inv_1\" checked> <span><bdi>2001</bdi></span>\
             <input name=\"pay\" value=\"inv_2\"> <span><bdi>2031</bdi></span>",
        );
        assert_eq!((choice(&page, "pay", "2031").unwrap(), value(&page, "form").unwrap()), ("inv_2", ""));
        assert_eq!(address(&page, "2001").unwrap(), "/p/x/invoices/inv_1");
        assert!(choice(&page, "pay", "2").is_err() && value(&page, "in").is_err() && address(&page, "2031").is_err());
        assert_eq!(made("/p/x/plan?made=agr_1").unwrap(), "agr_1");
        assert!(made("/p/x/plan").is_err());
    }
}
