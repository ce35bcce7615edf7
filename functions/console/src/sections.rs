//! The sections of the console, as every page's navigation lists them.

use service::Operation;

/// A section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Home,
    Customers,
    Invoices,
    Tasks,
    Workflows,
    Templates,
    Reports,
    Connections,
    Settings,
    People,
    Privacy,
    Audit,
    Keys,
    Webhooks,
    /// A page of whoever is signed in, which no entry of the navigation leads to.
    Own,
}

impl Section {
    /// Those that the navigation lists, in its order.
    pub const LISTED: [Self; 14] = [
        Self::Home,
        Self::Customers,
        Self::Invoices,
        Self::Tasks,
        Self::Workflows,
        Self::Templates,
        Self::Reports,
        Self::Connections,
        Self::Settings,
        Self::People,
        Self::Privacy,
        Self::Audit,
        Self::Keys,
        Self::Webhooks,
    ];

    /// What people call it.
    pub fn label(self) -> &'static str {
        self.row().0
    }

    /// Where it is.
    pub fn path(self) -> &'static str {
        self.row().1
    }

    /// The letter that leads there after `g`.
    pub fn letter(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Home => ("Home", "/console", "h"),
            Self::Customers => ("Customers", "/console/customers", "c"),
            Self::Invoices => ("Invoices", "/console/invoices", "i"),
            Self::Tasks => ("Tasks", "/console/tasks", "t"),
            Self::Workflows => ("Workflows", "/console/workflows", "w"),
            Self::Templates => ("Templates", "/console/templates", "m"),
            Self::Reports => ("Reports", "/console/reports", "r"),
            Self::Connections => ("Connections", "/console/connections", "n"),
            Self::Settings => ("Settings", "/console/settings", "s"),
            Self::People => ("People", "/console/people", "p"),
            Self::Privacy => ("Privacy", "/console/privacy", "v"),
            Self::Audit => ("Audit", "/console/audit", "a"),
            Self::Keys => ("Keys", "/console/keys", "k"),
            Self::Webhooks => ("Webhooks", "/console/webhooks", "b"),
            Self::Own => ("You", "/console/you", "y"),
        }
    }
}

/// A section that there is a page of, and what somebody needs to see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedSection {
    pub section: Section,
    pub operation: Operation,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_sections_share_a_path_or_a_letter() {
        let all = Section::LISTED;
        assert_eq!(all.map(Section::path).into_iter().collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(all.map(Section::letter).into_iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(!all.contains(&Section::Own));
    }
}
