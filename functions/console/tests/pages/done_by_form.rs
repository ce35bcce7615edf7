//! What a form did is what its row says: the entries of the audit that it made are held to the operation that the row names.
//!
//! Every form that a test posts goes through here, so that a page that does something else than its row says is seen by the page's own tests.

use console::rows;
use domain::TenantId;
use service::{Operation, Right};
use store::AuditEntry;
use testbed::api::Api;

/// Most entries that are compared.
const ENTRIES: u32 = 200;

/// What people of `acme` did, newest first.
pub(crate) async fn audited(world: &Api) -> Vec<AuditEntry> {
    let acme = TenantId::parse("acme").unwrap();
    world.store.audit(&acme, None, None, ENTRIES, None).await.unwrap().entries
}

/// The operation of the row that takes a form at a path; `None` of what is no row, as signing out.
fn operation_of(path: &str) -> Option<Operation> {
    let fits = |pattern: &str| {
        let (wanted, given): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
        wanted.len() == given.len() && wanted.iter().zip(&given).all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
    };
    let fitting = rows().into_iter().filter(|(method, pattern, _)| *method == "POST" && fits(pattern));
    fitting.min_by_key(|(_, pattern, _)| pattern.matches('{').count()).map(|(_, _, operation)| operation)
}

/// Whether everybody who may do one thing may do the other.
fn is_covered(did: Operation, row: Operation) -> bool {
    match (did.right(), row.right()) {
        (Right::Staff(did), Right::Staff(row)) => did <= row,
        (did, row) => did == row,
    }
}

/// What was done is the operation of the row, and besides at most what whoever may do that may do as well.
#[track_caller]
pub(crate) fn hold_to_row(path: &str, did: &[AuditEntry]) {
    let Some(row) = operation_of(path) else { return };
    if did.is_empty() {
        return;
    }
    let names: Vec<&str> = did.iter().map(|entry| entry.operation.as_str()).collect();
    assert!(names.contains(&row.as_str()), "POST {path} names {} in its row, and does {names:?}", row.as_str());
    for name in names {
        let other = Operation::read(name).unwrap_or_else(|| panic!("POST {path} does {name}, which is no operation"));
        assert!(is_covered(other, row), "POST {path} needs the right to {} alone, and does {name}", row.as_str());
    }
}

#[test]
fn what_a_role_above_may_do_is_not_covered() {
    assert!(is_covered(Operation::ListCustomers, Operation::ShowSettings));
    assert!(!is_covered(Operation::PutSettings, Operation::ListCustomers));
    assert_eq!(operation_of("/console/sign-out"), None);
}
