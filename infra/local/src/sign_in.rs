//! The issuer of this stack as a console uses it: a page on which one chooses who to be, and the code that it is worth, once.
//!
//! | request | does |
//! |---|---|
//! | `GET /_local/issuer/authorize` | shows who one may be: each tenant's members, somebody in each role, an operator, or anybody by a subject |
//! | `POST /_local/issuer/authorize` | leads back to the console with a code |
//! | `POST /_local/issuer/token` | takes the code with the PKCE verifier of who began, once and within a minute, and gives an id token |

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode, header};
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    grants::{AuthorizeIn, Grant},
    lock,
    page::{escape, head},
    token::TokenIn,
    world::World,
};

/// How long a code is good.
const CODE_LASTS: SignedDuration = SignedDuration::from_secs(60);
/// What somebody may be in a tenant.
const ROLES: [&str; 4] = ["admin", "manager", "collector", "viewer"];

impl World {
    /// The client that the console is at this issuer: what its function is told.
    fn console_client(&self) -> &str {
        let own = self.template.functions.values().find_map(|function| function.env.get("OIDC_CLIENT_ID"));
        own.map_or("", String::as_str)
    }
}

/// Shows who one may be.
pub(crate) async fn choose(State(world): State<Arc<World>>, Query(asked): Query<AuthorizeIn>) -> Response {
    if let Some(flaw) = asked.flaw(world.console_client()) {
        return refused(flaw);
    }
    match people(&world).await {
        Ok(people) => Html(page(&asked, &people)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the tenants cannot be read: {error}")).into_response(),
    }
}

/// Whom one may be for one seller.
struct PeopleOfSeller {
    /// What the seller is called.
    seller: String,
    tenant: String,
    /// What the button says, and the person.
    people: Vec<(String, TokenIn)>,
}

async fn people(world: &World) -> store::Result<Vec<PeopleOfSeller>> {
    let store = world.store();
    let mut tenants = Vec::new();
    for row in store.tenants().await? {
        let tenant = row.tenant.to_string();
        let members = store.members(&row.tenant).await?.into_iter().filter(|member| member.removed_at.is_none());
        let mut people: Vec<(String, TokenIn)> = members
            .map(|member| {
                let label = format!("{} ({})", member.name.as_deref().unwrap_or(&member.subject), member.role);
                // A member is one by their subject: the issuer claims no tenant and no role.
                (label, TokenIn { sub: Some(member.subject), name: member.name, email: member.email, ..TokenIn::default() })
            })
            .collect();
        people.extend(ROLES.map(|role| {
            let (tenant, sub) = (Some(tenant.clone()), Some(format!("{tenant}-{role}")));
            let name = Some("Somebody".to_owned());
            (format!("Somebody ({role})"), TokenIn { tenant, role: Some(role.to_owned()), sub, name, email: None })
        }));
        let seller = store.settings(&row.tenant).await?.map_or_else(|| tenant.clone(), |settings| settings.value.name);
        tenants.push(PeopleOfSeller { seller, tenant, people });
    }
    Ok(tenants)
}

fn page(asked: &AuthorizeIn, tenants: &[PeopleOfSeller]) -> String {
    let hidden: String = asked.fields().iter().fold(String::new(), |mut html, (name, value)| {
        // A text takes what is written to it.
        let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
        html
    });
    let button = |label: &str, person: &TokenIn| {
        let person = [
            ("tenant", &person.tenant),
            ("role", &person.role),
            ("sub", &person.sub),
            ("email", &person.email),
            ("name", &person.name),
        ];
        let fields = person.iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).fold(
            String::new(),
            |mut html, (name, value)| {
                let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
                html
            },
        );
        format!("<form method=\"post\">{hidden}{fields}<button class=plain>{}</button></form>", escape(label))
    };
    let mut html = head("Who are you?");
    html.push_str(
        "<body class=local><header class=top><p class=brand>Dunlin <span class=tenant>local stack</span></p></header><main><h1>Who are you?</h1>\
         <p>This is the issuer of the local stack. Choose somebody, and the console takes you for that person.</p><div class=people>",
    );
    for PeopleOfSeller { seller, tenant, people } in tenants {
        let _ = write!(html, "<section><h2>{}</h2><p class=hint><code>{}</code></p>", escape(seller), escape(tenant));
        for (label, person) in people {
            html.push_str(&button(label, person));
        }
        html.push_str("</section>");
    }
    html.push_str("<section><h2>No seller's</h2>");
    let operator = TokenIn { role: Some("operator".to_owned()), sub: Some("operator-1".to_owned()), ..TokenIn::default() };
    html.push_str(&button("An operator", &operator));
    let _ = write!(
        html,
        "</section><form method=\"post\">{hidden}<h2>Anybody</h2><p class=field><label for=sub>Subject</label>\
         <input id=sub name=\"sub\" required maxlength=\"128\" autocomplete=off></p><p class=field><label for=email>Address, verified</label>\
         <input id=email name=\"email\" type=\"email\" autocomplete=off></p><p><button>Be this person</button></p></form></div></main></body></html>"
    );
    html
}

/// Gives a code for who was chosen.
pub(crate) async fn chosen(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let fields: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let own = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let asked = AuthorizeIn {
        response_type: own("response_type"),
        client_id: own("client_id"),
        redirect_uri: own("redirect_uri"),
        state: own("state"),
        nonce: own("nonce"),
        code_challenge: own("code_challenge"),
        code_challenge_method: own("code_challenge_method"),
    };
    if let Some(flaw) = asked.flaw(world.console_client()) {
        return refused(flaw);
    }
    let said = |name: &str| fields.get(name).filter(|value| !value.is_empty()).cloned();
    let person =
        TokenIn { tenant: said("tenant"), role: said("role"), sub: said("sub"), email: said("email"), name: said("name") };
    let Ok(id_token) = world.issue_id_token(&person, &asked.client_id, &asked.nonce) else { return wrong("server_error") };
    let code = world.new_id();
    let back = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("code", code.as_str()), ("state", asked.state.as_str())])
        .finish();
    let location = format!("{}?{back}", asked.redirect_uri);
    lock(&world.grants).insert(code, Grant { asked, id_token, at: world.clock.now() });
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// Exchanges a code for an id token.
pub(crate) async fn exchange(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let fields: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let said = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if said("grant_type") != "authorization_code" {
        return wrong("unsupported_grant_type");
    }
    // A public client names itself in the body, one with a secret by Basic; the stand-in looks at the name alone.
    let by_header = headers.contains_key(header::AUTHORIZATION);
    if !by_header && said("client_id") != world.console_client() {
        return wrong("invalid_client");
    }
    let Some(grant) = lock(&world.grants).remove(said("code")) else { return wrong("invalid_grant") };
    let Grant { asked, id_token, at } = grant;
    let is_late = world.clock.now().duration_since(at) > CODE_LASTS;
    let verifier = URL_SAFE_NO_PAD.encode(Sha256::digest(said("code_verifier").as_bytes()));
    if is_late || verifier != asked.code_challenge || said("redirect_uri") != asked.redirect_uri {
        return wrong("invalid_grant");
    }
    let said = json!({ "access_token": world.new_id(), "token_type": "Bearer", "expires_in": 60, "id_token": id_token });
    Json(said).into_response()
}

fn refused(flaw: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("the sign-in was not asked for as it should be: {flaw}")).into_response()
}

fn wrong(word: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": word }))).into_response()
}
