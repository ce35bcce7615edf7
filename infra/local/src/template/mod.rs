//! Reads `template.yaml`: what runs, what feeds it and with which variables, resolved to what this machine has.
//!
//! What a template gets wrong is wrong here too: a reference to nothing, an event source of an unknown kind, a rule to a queue
//! that nothing lets it send to, a bad rate are errors at start that name the resource.

mod events;
mod identity;
mod mails;
pub mod model;
mod resolve;
mod resources;
mod yaml;

use std::collections::BTreeMap;

use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value};

pub use identity::API_ID;
pub use model::Template;
use model::{Function, Place};
use resolve::{Scope, plain, truth};

/// Reads a template.
///
/// `is_known` says whether there is a crate of that name; `parameters` override the template's defaults.
///
/// # Errors
///
/// Names the resource and what is wrong with it.
pub fn load(
    text: &str,
    place: Place,
    parameters: &BTreeMap<String, String>,
    is_known: &dyn Fn(&str) -> bool,
) -> anyhow::Result<Template> {
    let source = yaml::parse(text)?;
    let resources = source.get("Resources").and_then(Value::as_object).context("the template has no Resources")?;
    let mut scope = base_scope(&source, &place, parameters)?;
    let resources = live_resources(resources, &scope)?;
    let names = function_names(&resources, is_known)?;
    for (logical, resource) in &resources {
        let kind = kind_of(resource);
        let name =
            physical_name(&scope, logical, kind, resource, &names).with_context(|| format!("resource {logical}: its name"))?;
        identity::declare(&mut scope, &place, logical, kind, &name);
        if kind == "AWS::Serverless::Function" {
            identity::declare(&mut scope, &place, &format!("{logical}Role"), "AWS::IAM::Role", &format!("{name}-role"));
        }
    }
    // SAM makes this one for HttpApi events that name no API.
    if !resources.contains_key("ServerlessHttpApi") {
        identity::declare(&mut scope, &place, "ServerlessHttpApi", "AWS::Serverless::HttpApi", "implicit");
    }
    let globals = source.pointer("/Globals/Function").cloned().unwrap_or_else(|| Value::Object(Map::new()));
    let mut loader = Loader { scope: &scope, place: &place, names: &names, globals, out: Template::default() };
    loader.out.place = place.clone();
    loader.out.buses.push("default".to_owned());
    let mut resolved = Vec::new();
    for (logical, resource) in &resources {
        let properties = resource.get("Properties").cloned().unwrap_or_else(|| Value::Object(Map::new()));
        let properties = scope
            .resolve(&properties)
            .with_context(|| format!("resource {logical}"))?
            .unwrap_or_else(|| Value::Object(Map::new()));
        resolved.push((logical.clone(), kind_of(resource).to_owned(), properties));
    }
    for (logical, kind, properties) in &resolved {
        loader.resource(logical, kind, properties).with_context(|| format!("resource {logical} ({kind})"))?;
    }
    for (logical, kind, properties) in &resolved {
        loader.wiring(logical, kind, properties, &resolved).with_context(|| format!("resource {logical} ({kind})"))?;
    }
    Ok(loader.out)
}

/// Reads resources once references are known: first what exists, then what feeds what.
pub(crate) struct Loader<'a> {
    scope: &'a Scope,
    place: &'a Place,
    /// Function names by logical id.
    names: &'a BTreeMap<String, String>,
    globals: Value,
    out: Template,
}

fn kind_of(resource: &Value) -> &str {
    resource.get("Type").and_then(Value::as_str).unwrap_or_default()
}

/// Where the issuer of tokens is, below the address of this machine's API.
pub const ISSUER_PATH: &str = "/_local/issuer";

/// The domain at which answers to mails are taken in on this machine.
pub const INBOUND_DOMAIN: &str = "answers.dunlin.example";

/// What parameters are on one machine, where a template has them and nobody says otherwise. A clock that stands still keeps all calls within
/// one minute, so that nobody is told to wait for the next.
fn local(place: &Place) -> [(&'static str, String); 5] {
    let issuer = format!("{}{ISSUER_PATH}", place.url);
    [
        ("StandIns", "loopback".to_owned()),
        ("JwtIssuer", issuer),
        ("CallsPerMinute", "1000000".to_owned()),
        ("InboundDomain", INBOUND_DOMAIN.to_owned()),
        ("NoticeTopicArn", place.arn("sns", "notices")),
    ]
}

fn base_scope(source: &Value, place: &Place, overrides: &BTreeMap<String, String>) -> anyhow::Result<Scope> {
    let mut scope = Scope { refs: identity::pseudo_parameters(place), ..Scope::default() };
    scope.mappings = source.get("Mappings").cloned().unwrap_or(Value::Null);
    let declared = source.get("Parameters").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(unknown) = overrides.keys().find(|name| !declared.contains_key(*name)) {
        bail!("there is no parameter {unknown}");
    }
    for (name, parameter) in &declared {
        let own = local(place).into_iter().find(|(parameter, _)| parameter == name).map(|(_, value)| value);
        let value = match (overrides.get(name).cloned().or(own), parameter.get("Default")) {
            (Some(value), _) => value,
            (None, Some(default)) => plain(default.clone()),
            (None, None) => bail!("parameter {name} has no default: give it a value with --parameter {name}=…"),
        };
        if let Some(allowed) = parameter.get("AllowedValues").and_then(Value::as_array)
            && !allowed.iter().any(|one| plain(one.clone()) == value)
        {
            bail!("parameter {name}: {value:?} is not one of its AllowedValues");
        }
        let is_list = parameter.get("Type").and_then(Value::as_str).is_some_and(|kind| kind.contains("List"));
        let value = if is_list {
            value.split(',').map(|item| Value::String(item.trim().to_owned())).collect()
        } else {
            Value::String(value)
        };
        scope.refs.insert(name.clone(), value);
    }
    // Conditions may use each other in any order.
    let mut open = source.get("Conditions").and_then(Value::as_object).cloned().unwrap_or_default();
    while !open.is_empty() {
        let before = open.len();
        let mut failed = None;
        for (name, expression) in open.clone() {
            match scope.resolve(&expression).and_then(|value| truth(&value.ok_or_else(|| anyhow!("AWS::NoValue"))?)) {
                Ok(value) => {
                    scope.conditions.insert(name.clone(), value);
                    open.remove(&name);
                }
                Err(error) => failed = Some((name, error)),
            }
        }
        if let Some((name, error)) = failed
            && open.len() == before
        {
            return Err(error.context(format!("condition {name}")));
        }
    }
    Ok(scope)
}

fn live_resources(resources: &Map<String, Value>, scope: &Scope) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut out = BTreeMap::new();
    for (logical, resource) in resources {
        anyhow::ensure!(!kind_of(resource).is_empty(), "resource {logical} has no Type");
        if let Some(condition) = resource.get("Condition").and_then(Value::as_str)
            && !*scope
                .conditions
                .get(condition)
                .with_context(|| format!("resource {logical}: there is no condition {condition}"))?
        {
            continue;
        }
        out.insert(logical.clone(), resource.clone());
    }
    Ok(out)
}

/// The crate that each function resource is built from.
fn function_names(
    resources: &BTreeMap<String, Value>,
    is_known: &dyn Fn(&str) -> bool,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut names = BTreeMap::new();
    for (logical, resource) in resources.iter().filter(|(_, resource)| kind_of(resource) == "AWS::Serverless::Function") {
        let last_segment =
            |text: &str| text.trim_end_matches('/').rsplit('/').next().unwrap_or_default().trim_end_matches(".zip").to_owned();
        let candidates = [
            resource.pointer("/Metadata/BuildProperties/Binary").and_then(Value::as_str).map(str::to_owned),
            resource.pointer("/Properties/CodeUri").and_then(Value::as_str).map(last_segment),
            Some(identity::kebab(logical).trim_end_matches("-function").to_owned()),
        ];
        let found = candidates.iter().flatten().find(|name| is_known(name)).cloned();
        let name = found.with_context(|| {
            let tried: Vec<&String> = candidates.iter().flatten().collect();
            format!("resource {logical}: there is no function crate for it (tried {tried:?})")
        })?;
        names.insert(logical.clone(), name);
    }
    Ok(names)
}

/// What the template names the resource, else a name from its logical id.
fn physical_name(
    scope: &Scope,
    logical: &str,
    kind: &str,
    resource: &Value,
    functions: &BTreeMap<String, String>,
) -> anyhow::Result<String> {
    let property = match kind {
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::SQS::Queue" => "QueueName",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::KMS::Alias" => "AliasName",
        "AWS::SES::EmailIdentity" => "EmailIdentity",
        "AWS::Serverless::Function" => return Ok(functions.get(logical).cloned().unwrap_or_default()),
        _ => "Name",
    };
    let given = resource.get("Properties").and_then(|properties| properties.get(property));
    Ok(match given.map(|value| scope.resolve(value)).transpose()?.flatten() {
        Some(value) => plain(value),
        None => identity::default_name(logical),
    })
}

/// Merges a function's section over the globals'.
fn merged<'a>(own: &'a Value, globals: &'a Value, key: &str) -> Option<&'a Value> {
    own.get(key).or_else(|| globals.get(key))
}

impl Loader<'_> {
    fn function(&mut self, logical: &str, properties: &Value) -> anyhow::Result<()> {
        let globals = self.scope.resolve(&self.globals).context("Globals.Function")?.unwrap_or_default();
        let mut env = BTreeMap::new();
        for section in [&globals, properties] {
            let variables = section.pointer("/Environment/Variables").and_then(Value::as_object);
            for (name, value) in variables.into_iter().flatten() {
                env.insert(name.clone(), self.localized(plain(value.clone())));
            }
        }
        let timeout = merged(properties, &globals, "Timeout").cloned().unwrap_or(Value::from(3));
        let invoke = merged(properties, &globals, "EventInvokeConfig");
        let destination = invoke.and_then(|config| config.pointer("/DestinationConfig/OnFailure/Destination"));
        let dlq = merged(properties, &globals, "DeadLetterQueue").and_then(|dlq| dlq.get("TargetArn"));
        let dead_letter = match (destination, dlq) {
            (Some(arn), _) => Some(model::DeadLetter::Destination(plain(arn.clone()))),
            (None, Some(arn)) => Some(model::DeadLetter::Queue(plain(arn.clone()))),
            (None, None) => None,
        };
        let retries = invoke.and_then(|config| config.get("MaximumRetryAttempts")).map(|value| plain(value.clone()));
        let name = self.names.get(logical).context("it has no crate")?.clone();
        let function = Function {
            arn: self.place.arn("lambda", &format!("function:{name}")),
            timeout_s: plain(timeout).parse().context("Timeout is not a number of seconds")?,
            env,
            async_retries: retries.map_or(Ok(2), |text| text.parse()).context("MaximumRetryAttempts")?,
            dead_letter,
            name: name.clone(),
        };
        anyhow::ensure!(self.out.functions.insert(name.clone(), function).is_none(), "two functions are named {name}");
        Ok(())
    }

    /// The API's public address is this machine's.
    fn localized(&self, text: String) -> String {
        let public = format!("https://{API_ID}.execute-api.{}.amazonaws.com", self.place.region);
        text.replace(&public, &self.place.url)
    }
}

#[cfg(test)]
mod tests;
