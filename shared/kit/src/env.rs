use std::collections::BTreeMap;

use anyhow::Context;

/// A function's variables, as `template.yaml` sets them.
#[derive(Clone, Debug, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// The variables of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_process() -> Self {
        Self(std::env::vars().collect())
    }

    /// Given variables.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// A variable that must be set and not empty.
    pub fn require(&self, name: &str) -> anyhow::Result<&str> {
        self.get(name)
            .with_context(|| format!("the variable {name} is not set; template.yaml sets it for every function that reads it"))
    }

    /// A variable that may be absent; empty counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Looks variables up by name, for whom this crate is not known to; empty counts as absent.
    pub fn lookup(&self) -> impl Fn(&str) -> Option<String> {
        move |name| self.get(name).map(str::to_owned)
    }

    /// A variable that must be set and read as a number or the like.
    pub fn parse<T: std::str::FromStr>(&self, name: &str) -> anyhow::Result<T>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.require(name)?.parse().with_context(|| format!("the variable {name} cannot be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_does_not_read_is_named() {
        let env = Env::from_pairs(
            [("A", "1"), ("EMPTY", ""), ("WORD", "many")].map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        assert_eq!((env.require("A").expect("it is set"), env.get("EMPTY"), env.get("B")), ("1", None, None));
        assert_eq!(env.parse::<u8>("A").expect("a number"), 1);
        for (name, says) in [
            ("B", "the variable B is not set"),
            ("EMPTY", "the variable EMPTY is not set"),
            ("WORD", "the variable WORD cannot be read"),
        ] {
            let error = env.parse::<u8>(name).expect_err("it is no number");
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
