//! Lists as pages show them: heads by which they are sorted, and the way to the next page.

use serde::Serialize;

use crate::request::ConsoleRequest;

/// The head of a column, as `parts.html` shows it with `head`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnHead {
    /// What it says.
    pub label: &'static str,
    /// Where the list is sorted by it; absent where it cannot be.
    pub address: Option<String>,
    /// `ascending`, `descending` or `none`, as `aria-sort` has it.
    pub order: &'static str,
    /// Whether amounts stand below it, at the right.
    pub is_money: bool,
}

impl ColumnHead {
    /// A column that the list is never sorted by.
    pub fn plain(label: &'static str) -> Self {
        Self { label, address: None, order: "none", is_money: false }
    }

    /// A column that the list is sorted by as `sort={by}`, and from its end as `sort=-{by}`. `sorted_by` is how it is sorted now.
    pub fn sorted(request: &ConsoleRequest, label: &'static str, by: &str, sorted_by: &str) -> Self {
        let from_end = format!("-{by}");
        let (order, next) = match sorted_by {
            sort if sort == by => ("ascending", from_end.as_str()),
            sort if sort == from_end => ("descending", by),
            _ => ("none", by),
        };
        let address = request.address_with(&[("sort", Some(next)), ("cursor", None)]);
        Self { label, address: Some(address), order, is_money: false }
    }

    /// The same above amounts.
    #[must_use]
    pub fn of_money(self) -> Self {
        Self { is_money: true, ..self }
    }
}

/// The ways to other pages of a list, as `parts.html` shows them with `pager`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PagerView {
    /// The first page; absent on that one.
    pub first: Option<String>,
    /// The next page; absent on the last one.
    pub next: Option<String>,
}

impl PagerView {
    /// Of a page that says where the next one begins.
    pub fn of(request: &ConsoleRequest, next: Option<&str>) -> Self {
        let first = request.query("cursor").map(|_| request.address_with(&[("cursor", None)]));
        Self { first, next: next.map(|next| request.address_with(&[("cursor", Some(next))])) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(query: &str) -> ConsoleRequest {
        let event =
            json!({"requestContext": {"http": {"method": "GET"}}, "rawPath": "/console/customers", "rawQueryString": query});
        ConsoleRequest::read(&event).unwrap().unwrap()
    }

    #[test]
    fn a_head_turns_the_order_round_and_begins_at_the_first_page() {
        let request = asked("sort=name&cursor=x");
        let name = ColumnHead::sorted(&request, "Name", "name", "name");
        assert_eq!((name.order, name.address.as_deref()), ("ascending", Some("/console/customers?sort=-name")));
        let owner = ColumnHead::sorted(&request, "Owner", "owner", "name").of_money();
        assert_eq!((owner.order, owner.address.as_deref()), ("none", Some("/console/customers?sort=owner")));
        assert!(owner.is_money && ColumnHead::plain("Reason").address.is_none());
        assert_eq!(ColumnHead::sorted(&request, "Name", "name", "-name").order, "descending");
    }

    #[test]
    fn a_pager_keeps_what_the_list_was_asked_for() {
        let pager = PagerView::of(&asked("q=acme"), Some("a b"));
        assert_eq!(pager, PagerView { first: None, next: Some("/console/customers?q=acme&cursor=a+b".to_owned()) });
        let last = PagerView::of(&asked("q=acme&cursor=x"), None);
        assert_eq!(last, PagerView { first: Some("/console/customers?q=acme".to_owned()), next: None });
    }
}
