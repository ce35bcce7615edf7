//! What a machine's key opens: groups of operations.

/// A group of operations that a machine's key opens. Every operation of a tenant's people is in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyScope {
    /// Whatever only reads.
    Read,
    /// Proposals, which people accept or refuse: all that an assistant needs beside reading.
    Propose,
    /// Work on customers: agreements, orders, tasks, addresses.
    Customers,
    /// Messages to customers: written by people, or sent by a sender of one's own.
    Messages,
    /// How customers are chased: workflows, templates, kill switch, breaker.
    Workflows,
    /// What the tenant is set up with: settings, connections.
    Settings,
    /// Who is a member.
    Members,
    /// Keys of machines.
    Keys,
}

impl KeyScope {
    /// Every scope.
    pub const ALL: [Self; 8] =
        [Self::Read, Self::Propose, Self::Customers, Self::Messages, Self::Workflows, Self::Settings, Self::Members, Self::Keys];

    /// The scope of a word.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Propose => "propose",
            Self::Customers => "write:customers",
            Self::Messages => "write:messages",
            Self::Workflows => "write:workflows",
            Self::Settings => "write:settings",
            Self::Members => "write:members",
            Self::Keys => "write:keys",
        }
    }
}
