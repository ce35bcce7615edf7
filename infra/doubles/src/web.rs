//! Small things about requests and answers.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::Value;

pub const JSON: &str = "application/json; charset=utf-8";

/// An answer.
pub fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// A document.
pub fn json(status: StatusCode, body: &Value) -> Response<Bytes> {
    answer(status, JSON, body.to_string())
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}

/// A redirect; one to what is no address is a bad request.
pub fn redirect(url: &str) -> Response<Bytes> {
    let Ok(location) = HeaderValue::from_str(url) else { return empty(StatusCode::BAD_REQUEST) };
    let mut answer = empty(StatusCode::FOUND);
    answer.headers_mut().insert(header::LOCATION, location);
    answer
}

/// A header that is text.
pub fn header<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The token or key that a request is made with; empty where there is none.
pub fn bearer(request: &Request<Bytes>) -> &str {
    header(request, "authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default()
}

/// The parts of a request's path.
pub fn parts(request: &Request<Bytes>) -> Vec<&str> {
    request.uri().path().trim_matches('/').split('/').collect()
}

/// Parameters of an address or form.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub fn of(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    pub fn of_address(request: &Request<Bytes>) -> Self {
        Self::of(request.uri().query().unwrap_or_default().as_bytes())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A page of paper that says `title`: the least that readers of PDF take.
pub fn pdf(title: &str) -> Bytes {
    let safe: String = title.chars().filter(|letter| letter.is_ascii_alphanumeric() || " -.".contains(*letter)).collect();
    let text = format!("BT /F1 24 Tf 72 720 Td ({safe}) Tj ET");
    let font = "<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>";
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources{font}>>"),
        format!("<</Length {}>>stream\n{text}\nendstream", text.len()),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.push_str(&format!("{} 0 obj{object}endobj\n", index + 1));
    }
    let table = file.len();
    file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for offset in offsets {
        file.push_str(&format!("{offset:010} 00000 n \n"));
    }
    file.push_str(&format!("trailer<</Size {}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1));
    file.into()
}
