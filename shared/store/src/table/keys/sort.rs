//! What sort keys say of items.

use super::{AGREEMENTS, BY_HAND, OWNER};

/// What a sort key says that an item holds, as far as anybody asks who does not know it from the partition.
pub(crate) enum Sort {
    Settings,
    TemplateBody,
    Profile,
    ByHand,
    Invoice,
    Payment,
    Agreement,
    Owner,
    Head,
    Record,
    Task,
    Address,
    Hint,
    Other,
}

impl Sort {
    pub(crate) fn of(sk: &str) -> Self {
        match sk.split_once('#').map_or(sk, |(kind, _)| kind) {
            "SETTINGS" => Self::Settings,
            "TPV" => Self::TemplateBody,
            "PROFILE" if sk == "PROFILE" => Self::Profile,
            "PROFILE" if sk == BY_HAND => Self::ByHand,
            "PROFILE" if sk.starts_with(AGREEMENTS) => Self::Agreement,
            "OWNER" if sk == OWNER => Self::Owner,
            "INV" => Self::Invoice,
            "PAY" => Self::Payment,
            "HEAD" => Self::Head,
            "COV" | "DEC" => Self::Record,
            "TSK" => Self::Task,
            "ADR" => Self::Address,
            "HINT" => Self::Hint,
            _ => Self::Other,
        }
    }
}
