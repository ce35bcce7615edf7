//! The kinds of jobs, and what each may be asked.

use serde_json::Value;

use super::{
    asked::{AuditBookAsked, BulkRunAsked, ExportAsked, ImportAsked, ReconcileAsked, SimulateAsked, TrainingBookAsked},
    checked::{WrongFields, checked},
};

/// A kind of job.
#[derive(Clone, Copy)]
pub struct JobKind {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub does: &'static str,
    /// What is wrong with what is asked of it.
    pub check: fn(&Value) -> WrongFields,
}

/// Every kind. `rights::JOBS` says who may start each.
pub const KINDS: &[JobKind] = &[
    JobKind {
        name: "audit_book",
        does: "Looks through the book before the first message: what it is missing, and the ramp that it calls for.",
        check: checked::<AuditBookAsked>,
    },
    JobKind {
        name: "audit_export",
        does: "Writes what people did into a file of JSON Lines, each with the hashes of its chain.",
        check: checked::<ExportAsked>,
    },
    JobKind {
        name: "bulk",
        does: "Does what POST /v1/bulk asked for, customer by customer; started again, it goes on where a job of it ended.",
        check: checked::<BulkRunAsked>,
    },
    JobKind {
        name: "import",
        does: "Takes customers, contacts, invoices or payments from a file, or says what is wrong with it.",
        check: checked::<ImportAsked>,
    },
    JobKind {
        name: "reconcile",
        does: "Compares what is open by customer and currency with a file, or in all with given totals.",
        check: checked::<ReconcileAsked>,
    },
    JobKind {
        name: "simulate",
        does: "Plays the days to come and says who would get what, by the present workflows or by another version of one.",
        check: checked::<SimulateAsked>,
    },
    JobKind {
        name: "training_book",
        does: "Fills the book of a training tenant with customers that nobody is.",
        check: checked::<TrainingBookAsked>,
    },
    JobKind {
        name: "undo_bulk",
        does: "Undoes an action in bulk, customer by customer, where POST /v1/bulk/{id}/undo asked for it.",
        check: checked::<BulkRunAsked>,
    },
];

/// The kind of a name.
pub fn find(name: &str) -> Option<&'static JobKind> {
    KINDS.iter().find(|kind| kind.name == name)
}
