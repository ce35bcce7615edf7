//! What stands around every page: the templates, the navigation, and the headers under which an answer leaves.

use base64::{Engine, engine::general_purpose::STANDARD};
use kit::causes;
use minijinja::{AutoEscape, Environment, Value, context};
use serde_json::{Value as Json, json};

use crate::{outcome::ConsolePage, sections::ListedSection, static_files::StaticFiles};

/// Those of every page; each page has its own beside its handler.
const TEMPLATES: [(&str, &str); 7] = [
    ("layout", include_str!("shell/layout.html")),
    ("bare", include_str!("shell/bare.html")),
    ("parts", include_str!("shell/parts.html")),
    ("trouble", include_str!("shell/trouble.html")),
    ("signed_out", include_str!("shell/signed_out.html")),
    ("tenant", include_str!("shell/tenant.html")),
    ("you", include_str!("shell/you.html")),
];
/// What a page may do: load our own styles and scripts, and post to us. Nothing is inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// What a document that somebody else wrote may do: look as it looks. Nothing runs, nothing is fetched, nothing is posted, and its origin is nobody's.
const DOCUMENT: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; \
                        base-uri 'none'";
/// The policy of what is no page.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// Who sees a page, as its top says it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownTo {
    /// What they are called.
    pub(crate) name: String,
    /// The tenant that they act for.
    pub(crate) tenant: String,
    /// What the tenant is called.
    pub(crate) tenant_name: String,
    /// As what.
    pub(crate) role: String,
    /// The sections that they may see.
    pub(crate) sections: Vec<ListedSection>,
}

/// What a page has around it.
pub(crate) struct Around {
    /// Who sees it; nobody of a page for whoever comes.
    pub(crate) to: Option<ShownTo>,
    /// What was done before it.
    pub(crate) said: Option<String>,
    /// The token of the session's forms.
    pub(crate) form_token: Option<String>,
}

/// The templates, compiled once.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    templates: Environment<'static>,
    files: StaticFiles,
}

impl Shell {
    /// With the templates of pages.
    ///
    /// # Errors
    ///
    /// When one does not compile.
    pub(crate) fn new(pages: &[(&'static str, &'static str)], files: StaticFiles) -> Result<Self, minijinja::Error> {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        for &(name, source) in TEMPLATES.iter().chain(pages) {
            templates.add_template(name, source)?;
        }
        Ok(Self { templates, files })
    }

    /// The answer for a page.
    pub(crate) fn page(&self, page: &ConsolePage, around: Around, cookies: &[String]) -> Json {
        match self.fill(page, around) {
            Ok(html) => answer(page.status, page_headers(), &html, cookies),
            Err(error) => {
                tracing::error!(error = causes(&error), template = page.template, "a page does not render");
                answer(
                    500,
                    page_headers(),
                    "<!doctype html><html lang=\"en\"><title>Error</title><p>This page cannot be shown.",
                    cookies,
                )
            }
        }
    }

    fn fill(&self, page: &ConsolePage, around: Around) -> Result<String, minijinja::Error> {
        let Around { to, said, form_token } = around;
        let [style, script, htmx] = self.files.paths();
        let nav: Vec<Value> = to.iter().flat_map(|to| &to.sections).map(|listed| entry(listed, page)).collect();
        let me = to.map(|to| context! { name => to.name, tenant => to.tenant, tenant_name => to.tenant_name, role => to.role });
        let own = context! {
            title => page.title.as_str(), section => page.section.label(), style, script, htmx, nav, me, said,
            hidden => Value::from_function(move || hidden(form_token.as_deref())),
        };
        self.templates.get_template(page.template)?.render(context! { ..own, ..page.values.clone() })
    }
}

fn entry(listed: &ListedSection, page: &ConsolePage) -> Value {
    let section = listed.section;
    context! {
        label => section.label(), path => section.path(), letter => section.letter(), is_current => section == page.section,
    }
}

/// The hidden fields of a form: the session's token, and a fresh text by which the form is carried out once.
fn hidden(form_token: Option<&str>) -> Value {
    let (token, once) = (form_token.unwrap_or_default(), crate::secrets::fresh().unwrap_or_default());
    // Both are letters, digits, - and _ alone.
    Value::from_safe_string(format!(
        "<input type=\"hidden\" name=\"form_token\" value=\"{token}\"><input type=\"hidden\" name=\"once\" value=\"{once}\">"
    ))
}

fn page_headers() -> Json {
    headers("text/html; charset=utf-8", POLICY)
}

fn headers(content_type: &str, policy: &str) -> Json {
    json!({
        "content-type": content_type,
        "content-security-policy": policy,
        // Other origins learn nothing of where somebody was, and our own forms say where they come from.
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "x-robots-tag": "noindex, nofollow",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cache-control": "no-store",
        "strict-transport-security": "max-age=31536000",
        "vary": "hx-request",
    })
}

/// That the page is elsewhere. htmx is told to go there whole.
pub(crate) fn see(to: &str, in_place: bool, cookies: &[String]) -> Json {
    let mut headers = headers("text/plain; charset=utf-8", NOTHING);
    if in_place {
        headers["hx-redirect"] = json!(to);
        return answer(200, headers, "", cookies);
    }
    headers["location"] = json!(to);
    answer(303, headers, "", cookies)
}

/// A document that somebody else wrote, for a frame of a page of ours.
pub(crate) fn document(html: &str) -> Json {
    let mut headers = headers("text/html; charset=utf-8", DOCUMENT);
    headers["x-frame-options"] = json!("SAMEORIGIN");
    headers["referrer-policy"] = json!("no-referrer");
    answer(200, headers, html, &[])
}

/// A file that a browser keeps.
pub(crate) fn download(content_type: &str, name: &str, body: &str) -> Json {
    answer(200, kept_as(content_type, name), body, &[])
}

/// The same of bytes that are no text.
pub(crate) fn download_bytes(content_type: &str, name: &str, body: &[u8]) -> Json {
    let mut answer = answer(200, kept_as(content_type, name), &STANDARD.encode(body), &[]);
    answer["isBase64Encoded"] = json!(true);
    answer
}

/// The headers of a file that a browser keeps under a name.
fn kept_as(content_type: &str, name: &str) -> Json {
    let mut headers = headers(content_type, NOTHING);
    let plain: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' }).collect();
    headers["content-disposition"] = json!(format!("attachment; filename=\"{plain}\""));
    headers
}

/// A file of ours, which never changes under its name.
pub(crate) fn lasting(content_type: &str, body: &str) -> Json {
    let mut headers = headers(content_type, NOTHING);
    headers["cache-control"] = json!("public, max-age=31536000, immutable");
    answer(200, headers, body, &[])
}

fn answer(status: u16, mut headers: Json, body: &str, cookies: &[String]) -> Json {
    if status == 405 {
        headers["allow"] = json!("GET, HEAD, POST");
    }
    json!({"statusCode": status, "headers": headers, "cookies": cookies, "body": body, "isBase64Encoded": false})
}
