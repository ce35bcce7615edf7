//! CloudFormation's YAML as JSON: short tags become their long forms, so that one resolver reads both.

use anyhow::{Context, bail};
use serde_json::{Map, Value as Json};
use yaml_serde::Value as Yaml;

/// Reads a template's text.
///
/// # Errors
///
/// When it is not YAML, or has a key that is not text.
pub fn parse(text: &str) -> anyhow::Result<Json> {
    let yaml: Yaml = yaml_serde::from_str(text).context("the template is not valid YAML")?;
    long_form(yaml)
}

fn long_form(value: Yaml) -> anyhow::Result<Json> {
    Ok(match value {
        Yaml::Null => Json::Null,
        Yaml::Bool(value) => Json::Bool(value),
        Yaml::Number(number) => serde_json::to_value(&number).context("a number in the template cannot be read")?,
        Yaml::String(text) => Json::String(text),
        Yaml::Sequence(items) => Json::Array(items.into_iter().map(long_form).collect::<anyhow::Result<_>>()?),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(key_text(key)?, long_form(value)?);
            }
            Json::Object(map)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let argument = long_form(tagged.value)?;
            let (name, argument) = match tag.trim_start_matches('!') {
                "Ref" => ("Ref".to_owned(), argument),
                "Condition" => ("Condition".to_owned(), argument),
                "GetAtt" => ("Fn::GetAtt".to_owned(), split_attribute(argument)),
                other => (format!("Fn::{other}"), argument),
            };
            Json::Object(Map::from_iter([(name, argument)]))
        }
    })
}

fn split_attribute(argument: Json) -> Json {
    match argument {
        Json::String(text) => {
            let (resource, attribute) = text.split_once('.').unwrap_or((text.as_str(), ""));
            serde_json::json!([resource, attribute])
        }
        other => other,
    }
}

fn key_text(key: Yaml) -> anyhow::Result<String> {
    Ok(match key {
        Yaml::String(text) => text,
        Yaml::Bool(value) => value.to_string(),
        Yaml::Number(number) => number.to_string(),
        other => bail!("a key in the template is not text: {other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_become_long_forms() {
        let text = "a: !Ref X\nb: !GetAtt X.Arn\nc: !Sub '${X}-y'\nd: !If [Yes, !Ref A, !Ref AWS::NoValue]\ne: {v: 2012-10-17, on: on}\n";
        assert_eq!(
            parse(text).unwrap(),
            json!({
                "a": {"Ref": "X"}, "b": {"Fn::GetAtt": ["X", "Arn"]}, "c": {"Fn::Sub": "${X}-y"},
                "d": {"Fn::If": ["Yes", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}, "e": {"v": "2012-10-17", "on": "on"},
            })
        );
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        assert!(parse("a: 1\na: 2\n").is_err());
    }
}
