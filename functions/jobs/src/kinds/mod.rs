//! The kinds of jobs, a file each. One joins with a line in [`ALL`], one in `service::jobs::kinds::KINDS` and one in
//! `service::rights::JOBS`.

mod audit_book;
mod audit_export;
mod bulk;
mod import;
mod reconcile;
mod simulate;
mod training_book;
mod undo_bulk;

use crate::work::KindOfJob;

/// Every kind.
pub const ALL: &[&dyn KindOfJob] = &[
    &audit_book::AuditBook,
    &audit_export::ExportAudit,
    &bulk::Bulk,
    &import::Import,
    &reconcile::Reconcile,
    &simulate::Simulate,
    &training_book::TrainingBook,
    &undo_bulk::UndoBulk,
];

/// The kind of a name.
pub fn find(name: &str) -> Option<&'static dyn KindOfJob> {
    ALL.iter().copied().find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn every_kind_that_can_be_asked_for_is_done() {
        let done: Vec<&str> = ALL.iter().map(|kind| kind.name()).collect();
        let asked: Vec<&str> = service::jobs::kinds::KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(done, asked);
    }
}
