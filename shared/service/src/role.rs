//! What a tenant's people are there for.

/// What one of a tenant's people is there for; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StaffRole {
    /// Reads.
    Viewer,
    /// Works on customers: agreements, tasks, opt-outs that somebody asks for.
    Collector,
    /// Decides how customers are chased: workflows, templates, kill switch, breaker.
    Manager,
    /// Sets the tenant up: settings, connections, members, keys of machines.
    Admin,
}

impl StaffRole {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Collector, Self::Manager, Self::Admin];

    /// The role of a word.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Its word, as tokens have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Collector => "collector",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }
}
