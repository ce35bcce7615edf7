//! What a template is filled with, from whatever serialises.

use minijinja::{Value, value::Serde};
use serde::Serialize;

/// A value of a template.
pub(crate) fn shown(what: &impl Serialize) -> Value {
    Value::from(Serde(what))
}

/// A choice of a form, as `choice` of `parts.html` shows it: each with a value and what it is called.
pub(crate) fn options<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let all: Vec<_> = all.into_iter().map(|(value, label)| serde_json::json!({ "value": value, "label": label })).collect();
    shown(&all)
}

/// The words of roles, the least first, up to somebody's own: nobody gives more than they have.
pub(crate) fn roles_up_to(own: Option<service::StaffRole>) -> Value {
    let roles = service::StaffRole::ALL.into_iter().filter(|role| Some(*role) <= own);
    options(roles.map(|role| (role.as_str(), role.as_str())))
}

/// A text as one part of an address.
pub(crate) fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use service::StaffRole;

    use super::*;

    #[test]
    fn nobody_is_offered_a_higher_role_than_their_own() {
        assert_eq!(roles_up_to(Some(StaffRole::Collector)).len(), Some(2));
        assert_eq!(roles_up_to(Some(StaffRole::Admin)).len(), Some(4));
        assert_eq!(roles_up_to(None).len(), Some(0));
    }

    #[test]
    fn a_text_with_anything_in_it_is_one_part_of_an_address() {
        assert_eq!(percent("auth0|kim/ü b"), "auth0%7Ckim%2F%C3%BC%20b");
        assert_eq!(percent("robin-1_x.y~z"), "robin-1_x.y~z");
    }
}
