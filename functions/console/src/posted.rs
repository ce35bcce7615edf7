//! The fields of a posted form, and what is wrong with them.

use std::collections::BTreeMap;

use serde::Serialize;

/// The fields of a form, by name.
#[derive(Clone, Copy, Debug)]
pub struct Posted<'a>(&'a [(String, String)]);

impl<'a> Posted<'a> {
    pub fn of(fields: &'a [(String, String)]) -> Self {
        Self(fields)
    }

    /// What was typed, without blanks around it; `None` for an empty field and for one that is not there.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The same, to own.
    pub fn owned(self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// Whether a box was ticked.
    pub fn is_ticked(self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// Everything under a name: of boxes that were ticked, and of lists in which several were chosen.
    pub fn all(self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// What was typed into every field, by name, so that a form that is shown again has it.
    pub fn typed(self) -> BTreeMap<&'a str, &'a str> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// What is wrong with a form: by field, and as a list. In a template, `flaws.fields.amount_minor` is the sentence at a field, and a pointer with
/// several parts is joined by points: `/to/email` is `flaws.fields["to.email"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FormFlaws {
    /// A sentence a field.
    pub fields: BTreeMap<String, String>,
    /// The same in the order in which they were found, each with the name of its field.
    pub all: Vec<(String, String)>,
}

impl FormFlaws {
    /// Of what `service` found: a JSON pointer and a sentence each.
    pub fn of(flaws: Vec<(String, String)>) -> Self {
        let named = |(pointer, sentence): (String, String)| (pointer.trim_start_matches('/').replace('/', "."), sentence);
        let all: Vec<(String, String)> = flaws.into_iter().map(named).collect();
        let mut fields = BTreeMap::new();
        for (name, sentence) in &all {
            fields.entry(name.clone()).or_insert_with(|| sentence.clone());
        }
        Self { fields, all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name() {
        let fields = [("a", " x "), ("b", ""), ("c", "1"), ("c", "2")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let posted = Posted::of(&fields);
        assert_eq!((posted.text("a"), posted.text("b"), posted.text("d")), (Some("x"), None, None));
        assert_eq!(posted.owned("a").as_deref(), Some("x"));
        assert_eq!(posted.all("c").collect::<Vec<_>>(), ["1", "2"]);
        assert!(posted.is_ticked("c") && !posted.is_ticked("b"));
        assert_eq!(posted.typed()["a"], " x ");
    }

    #[test]
    fn flaws_are_at_their_fields() {
        let flaws = [("/to/email", "no address"), ("/name", "too long"), ("/name", "again")];
        let flaws = FormFlaws::of(flaws.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec());
        assert_eq!(flaws.fields["to.email"], "no address");
        assert_eq!((flaws.fields["name"].as_str(), flaws.all.len()), ("too long", 3));
    }
}
