//! Connections to payment providers: credentials that an admin enters, sealed; rotated with overlap, so that webhooks that are signed with the
//! secret before are believed for some time.

use std::collections::BTreeMap;

use domain::TenantId;
use jiff::{Timestamp, ToSpan};
use payments::PaymentProvider;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    answer::{ApiResult, Fail, Precondition},
    app::App,
};

/// A payment provider that can be connected.
#[derive(Serialize, ToSchema)]
pub struct PaymentSourceOut {
    /// Its name in addresses: `pay-stripe`.
    source: &'static str,
    /// What `credentials` of `PUT /v1/connections/{source}` holds, by name.
    credentials: Vec<&'static str>,
    /// How can be paid by it.
    ways: Vec<String>,
    /// Where its webhooks go.
    webhook_path: String,
}

/// A credential that a provider shows.
struct CredentialForm {
    name: &'static str,
    /// What it begins with, one of these; nothing where that says nothing.
    begins: &'static [&'static str],
    /// Least and most characters behind that.
    length: (usize, usize),
    /// Characters besides letters and digits.
    besides: &'static str,
    /// What it is, for whoever enters it.
    what: &'static str,
}

const STRIPE: &[CredentialForm] = &[
    CredentialForm {
        name: "secret_key",
        begins: &["sk_live_", "sk_test_", "rk_live_", "rk_test_"],
        length: (8, 240),
        besides: "_",
        what: "the secret key or a restricted key of the account, sk_… or rk_…",
    },
    CredentialForm {
        name: "webhook_secret",
        begins: &["whsec_"],
        length: (8, 240),
        besides: "_+/=-",
        what: "the signing secret of the webhook endpoint, whsec_…",
    },
];
const PAYPAL: &[CredentialForm] = &[
    CredentialForm {
        name: "client_id",
        begins: &[],
        length: (16, 256),
        besides: "_-",
        what: "the client ID of the REST app: letters, digits, '-' and '_'",
    },
    CredentialForm {
        name: "client_secret",
        begins: &[],
        length: (16, 256),
        besides: "_-",
        what: "the secret of the REST app: letters, digits, '-' and '_'",
    },
    CredentialForm {
        name: "webhook_id",
        begins: &[],
        length: (8, 64),
        besides: "",
        what: "the ID of the webhook, letters and digits, as PayPal shows it beside its address",
    },
];
const GOCARDLESS: &[CredentialForm] = &[
    CredentialForm {
        name: "access_token",
        begins: &["live_", "sandbox_"],
        length: (8, 240),
        besides: "_-",
        what: "an access token with read and write access, live_… or sandbox_…",
    },
    CredentialForm {
        name: "webhook_secret",
        begins: &[],
        length: (16, 256),
        besides: "_-",
        what: "the secret of the webhook endpoint, as GoCardless shows it",
    },
];

/// What a connection is made with.
pub struct PaymentConnectionAsked {
    /// By name.
    pub credentials: Option<BTreeMap<String, String>>,
    /// Whether it is the provider's system for tests, where the credentials do not say so.
    pub is_test: Option<bool>,
    /// What stands for the provider's hosts, where the deployment allows stand-ins.
    pub base_url: Option<String>,
    /// How long the credentials before are still accepted with webhooks, in hours.
    pub overlap_hours: u16,
}

/// A connection as it was put.
pub struct PaymentConnectionPut {
    /// Its revision.
    pub rev: u64,
    /// Until when the credentials before are still accepted.
    pub previous_until: Option<Timestamp>,
}

/// The provider of a source that webhooks come by, such as `pay-stripe`.
pub fn provider_of(source: &str) -> Option<&'static dyn PaymentProvider> {
    payments::by_source(source).filter(|provider| !forms_of(*provider).is_empty())
}

/// Every provider that can be connected.
fn connectable() -> impl Iterator<Item = &'static dyn PaymentProvider> {
    payments::registry().iter().copied().filter(|provider| !forms_of(*provider).is_empty())
}

/// The source of each provider that can be connected.
pub fn payment_sources() -> impl Iterator<Item = &'static str> {
    connectable().map(|provider| provider.source())
}

/// Where a provider's webhooks go.
pub fn webhook_path(tenant: &TenantId, provider: &dyn PaymentProvider) -> String {
    format!("/webhooks/{tenant}/{}", provider.source())
}

/// Every provider that can be connected, for a tenant.
pub fn sources(tenant: &TenantId) -> Vec<PaymentSourceOut> {
    let shown = |provider: &'static dyn PaymentProvider| PaymentSourceOut {
        source: provider.source(),
        credentials: forms_of(provider).iter().map(|form| form.name).collect(),
        ways: ways(provider),
        webhook_path: webhook_path(tenant, provider),
    };
    connectable().map(shown).collect()
}

/// How can be paid by a provider. What only a customer can pay whom the provider knows is left out: nobody tells the provider of one.
pub fn ways(provider: &dyn PaymentProvider) -> Vec<String> {
    let offered = provider.capabilities().ways.iter().filter(|offered| !offered.needs_customer);
    offered.map(|offered| offered.way.as_str().to_owned()).collect()
}

/// Connects a provider, or gives its connection other credentials; `app` acts as whoever asks. What is wrong with `asked` is added to `flaws`.
///
/// # Errors
///
/// 400 with every flaw, also those that were known before; 412 where it is at another revision; those of KMS and of the table.
pub async fn put(
    app: &App,
    tenant: &TenantId,
    provider: &dyn PaymentProvider,
    asked: PaymentConnectionAsked,
    mut flaws: Vec<(String, String)>,
    condition: Precondition,
) -> ApiResult<PaymentConnectionPut> {
    let source = provider.source();
    let PaymentConnectionAsked { credentials, is_test, base_url, overlap_hours } = asked;
    let credentials = credentials.unwrap_or_default();
    flaws.extend(wrong_with(provider, &credentials));
    let says = says_it_is_test(&credentials);
    if let (Some(says), Some(given)) = (says, is_test)
        && says != given
    {
        let kind = if says { "tests" } else { "real payments" };
        flaws.push(("/is_test".to_owned(), format!("the key is one for {kind}; leave this out")));
    }
    if !flaws.is_empty() {
        return Err(Fail::fields(flaws));
    }
    let before = app.vault.connection(tenant, source).await?;
    let rev = before.as_ref().map_or(0, |before| before.rev);
    condition.check(rev)?;
    let mut config = before.map_or_else(|| json!({}), |before| before.config);
    if let Some(fields) = config.as_object_mut() {
        if let Some(is_test) = says.or(is_test) {
            fields.insert("is_test".to_owned(), Value::Bool(is_test));
        }
        if let Some(base) = base_url {
            fields.insert("base_url".to_owned(), Value::String(base));
        }
    }
    let now = app.clock.now();
    let until = (overlap_hours > 0).then(|| now.saturating_add(i64::from(overlap_hours).hours()).unwrap_or(now));
    let secret = json!(credentials).to_string();
    let rev = app.vault.put_connection(tenant, source, secret.as_bytes(), &config, until, Some(rev)).await?;
    let known = app.vault.connection(tenant, source).await?;
    Ok(PaymentConnectionPut { rev, previous_until: known.and_then(|known| known.secrets.previous).map(|(_, until)| until) })
}

fn forms_of(provider: &dyn PaymentProvider) -> &'static [CredentialForm] {
    match provider.name() {
        "stripe" => STRIPE,
        "paypal" => PAYPAL,
        "gocardless" => GOCARDLESS,
        _ => &[],
    }
}

/// What a key says of whether it is for tests; `None` where its form does not tell.
fn says_it_is_test(credentials: &BTreeMap<String, String>) -> Option<bool> {
    let key = credentials.get("secret_key").or_else(|| credentials.get("access_token"))?;
    let begins = |starts: &[&str]| starts.iter().any(|start| key.starts_with(start));
    if begins(&["sk_test_", "rk_test_", "sandbox_"]) {
        Some(true)
    } else if begins(&["sk_live_", "rk_live_", "live_"]) {
        Some(false)
    } else {
        None
    }
}

/// Everything that is wrong with credentials by their form. No detail repeats one.
fn wrong_with(provider: &dyn PaymentProvider, credentials: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let forms = forms_of(provider);
    let names: Vec<&str> = forms.iter().map(|form| form.name).collect();
    let mut flaws = Vec::new();
    for name in credentials.keys().filter(|name| !names.contains(&name.as_str())) {
        let pointer = format!("/credentials/{}", name.replace('~', "~0").replace('/', "~1"));
        flaws.push((pointer, format!("it is none of {}'s; give {}", provider.name(), names.join(", "))));
    }
    for form in forms {
        if !credentials.get(form.name).is_some_and(|given| form.fits(given)) {
            flaws.push((format!("/credentials/{}", form.name), format!("{}; copy it whole, without spaces", form.what)));
        }
    }
    flaws
}

impl CredentialForm {
    fn fits(&self, given: &str) -> bool {
        let rest = match self.begins {
            [] => Some(given),
            begins => begins.iter().find_map(|start| given.strip_prefix(start)),
        };
        let (least, most) = self.length;
        rest.is_some_and(|rest| {
            let is_plain = rest.chars().all(|c| c.is_ascii_alphanumeric() || self.besides.contains(c));
            is_plain && (least..=most).contains(&rest.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_with_webhooks_can_be_connected() {
        let tenant = TenantId::parse("acme").expect("a tenant");
        let all: Vec<&str> = sources(&tenant).into_iter().map(|source| source.source).collect();
        assert_eq!(all, ["pay-stripe", "pay-paypal", "pay-gocardless"]);
        assert_eq!(payment_sources().collect::<Vec<_>>(), all);
        let with_webhooks = payments::registry().iter().filter(|provider| provider.capabilities().webhooks.is_some());
        assert_eq!(with_webhooks.map(|provider| provider.source()).collect::<Vec<_>>(), all);
        assert!(provider_of("pay-transfer").is_none() && provider_of("stripe").is_none() && provider_of("pay-").is_none());
    }

    #[test]
    fn credentials_are_looked_at_by_their_form() {
        let filled = |text: &str, length: usize| format!("{text}{}", "x".repeat(length));
        let all: [(&str, &[&str], Vec<String>); 3] = [
            ("pay-stripe", &["secret_key", "webhook_secret"], vec![filled("sk_test_", 24), filled("whsec_", 24)]),
            (
                "pay-paypal",
                &["client_id", "client_secret", "webhook_id"],
                vec![filled("A", 79), filled("E-_", 60), "8PT597110X687430LKGECATA".to_owned()],
            ),
            ("pay-gocardless", &["access_token", "webhook_secret"], vec![filled("sandbox_", 40), filled("", 40)]),
        ];
        for (source, names, good) in all {
            let provider = provider_of(source).expect("a provider");
            let all: BTreeMap<String, String> = names.iter().map(|name| (*name).to_owned()).zip(good).collect();
            assert_eq!(wrong_with(provider, &all), [], "{source}");
            for name in names {
                let good = all.get(*name).expect("it is given");
                for bad in
                    ["", "x", "Bearer abc", &format!(" {good}"), &format!("{good}\n"), &good.repeat(20), &format!("{good}é")]
                {
                    let mut given = all.clone();
                    given.insert((*name).to_owned(), bad.to_owned());
                    let flaws = wrong_with(provider, &given);
                    let pointers: Vec<&str> = flaws.iter().map(|(pointer, _)| pointer.as_str()).collect();
                    assert_eq!(pointers, [format!("/credentials/{name}")], "{source} {name} {bad:?}");
                    assert!(bad.len() < 6 || !flaws.iter().any(|(_, detail)| detail.contains(bad)), "no detail repeats a secret");
                }
                let mut without = all.clone();
                without.remove(*name);
                assert_eq!(wrong_with(provider, &without).len(), 1);
            }
            let mut more = all.clone();
            more.insert("pass/word".to_owned(), "x".to_owned());
            assert_eq!(wrong_with(provider, &more)[0].0, "/credentials/pass~1word");
        }
    }
}
