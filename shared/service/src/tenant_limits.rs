//! How many of something a tenant may have, where only people's acts add to it: one table. What a source or a customer adds has bounds of its own, and
//! what is read a page at a time, by no decision, has none: notes, tasks, opt-outs, entries of the audit.

use store::{API_KEYS_MAX, MEMBERS_MAX, SUBSCRIPTIONS_MAX};

use crate::{Done, NotDone};

/// Something of which a tenant may have so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantLimit {
    /// Members.
    Members,
    /// Invitations.
    Invitations,
    /// Keys of machines.
    Keys,
    /// Subscriptions to events.
    Subscriptions,
    /// Absences of members.
    Absences,
    /// Workflows.
    Workflows,
    /// Drafts of workflows.
    Drafts,
    /// Versions of one workflow.
    WorkflowVersions,
    /// Texts of templates.
    Templates,
    /// Versions of one template.
    TemplateVersions,
    /// Jobs that are under way.
    Jobs,
}

/// A row of the table.
struct Bound {
    most: usize,
    /// Whose, in words.
    of: &'static str,
    /// What, in words.
    what: &'static str,
    /// What to do where there are as many.
    mend: &'static str,
}

impl TenantLimit {
    /// Each of them.
    pub const ALL: [Self; 11] = [
        Self::Members,
        Self::Invitations,
        Self::Keys,
        Self::Subscriptions,
        Self::Absences,
        Self::Workflows,
        Self::Drafts,
        Self::WorkflowVersions,
        Self::Templates,
        Self::TemplateVersions,
        Self::Jobs,
    ];

    fn bound(self) -> Bound {
        let tenant = |most, what, mend| Bound { most, of: "a tenant", what, mend };
        match self {
            Self::Members => {
                tenant(MEMBERS_MAX, "members, those that were removed included", "whoever was removed can be made a member again")
            }
            Self::Invitations => tenant(MEMBERS_MAX, "invitations", "take some back with DELETE /v1/invitations/{email}"),
            Self::Keys => tenant(
                API_KEYS_MAX,
                "keys, those that were revoked included",
                "give a key a new secret with POST /v1/keys/{id}/rotate instead of making another",
            ),
            Self::Subscriptions => tenant(SUBSCRIPTIONS_MAX, "subscriptions", "delete some with DELETE /v1/subscriptions/{id}"),
            Self::Absences => tenant(1_000, "absences", "end some that are over, with an empty PUT /v1/absences/{sub}"),
            Self::Workflows => tenant(
                200,
                "workflows, those out of use included",
                "publish the plan as the next version of one that is out of use",
            ),
            Self::Drafts => tenant(200, "drafts", "publish some, or throw them away with DELETE /v1/workflows/{id}/draft"),
            Self::WorkflowVersions => Bound {
                most: 5_000,
                of: "a workflow",
                what: "versions",
                mend: "publish it under another id, and take this one out of use",
            },
            Self::Templates => tenant(
                1_000,
                "texts of templates, each language and channel by itself",
                "put some away with DELETE /v1/templates/{id}/{language}/{channel}",
            ),
            Self::TemplateVersions => Bound {
                most: 2_000,
                of: "a template",
                what: "versions on one channel, those of all languages together",
                mend: "store it under another id",
            },
            Self::Jobs => tenant(10, "jobs under way", "wait for one, or cancel it with POST /v1/jobs/{id}/cancel"),
        }
    }

    /// How many there may be.
    pub fn most(self) -> usize {
        self.bound().most
    }

    /// What of whom there may be so many, in words: `a tenant has at most 200 drafts`.
    pub fn in_words(self) -> String {
        let Bound { most, of, what, .. } = self.bound();
        format!("{of} has at most {} {what}", grouped(most))
    }

    /// Lets one more be made where there are `known`.
    ///
    /// # Errors
    ///
    /// [`NotDone::Conflict`] where there are as many as may be; it says how many, and what to do.
    pub fn unless_full(self, known: usize) -> Done<()> {
        if known < self.most() {
            return Ok(());
        }
        Err(NotDone::Conflict(format!("{}, and there are as many: {}", self.in_words(), self.bound().mend)))
    }
}

/// A number as documents write it: `1,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    match digits.len().checked_sub(3).filter(|at| *at > 0) {
        Some(at) => format!("{},{}", &digits[..at], &digits[at..]),
        None => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_is_let_in_below_the_limit_alone() {
        for limit in TenantLimit::ALL {
            assert!(limit.unless_full(limit.most() - 1).is_ok(), "{limit:?}");
            for known in [limit.most(), limit.most() + 1] {
                let said = limit.unless_full(known).err().map(|error| error.to_string()).unwrap_or_default();
                assert!(said.contains(&grouped(limit.most())) && said.contains("as many: "), "{limit:?}: {said}");
            }
        }
        assert_eq!(TenantLimit::Keys.in_words(), "a tenant has at most 1,000 keys, those that were revoked included");
    }

    #[test]
    fn the_manual_has_each_limit() {
        const MANUAL: &str = include_str!("../../../docs/api.md");
        let section = MANUAL.split_once("## Limits\n").map_or("", |(_, section)| section);
        let table = section.split("\n\n").find(|part| part.starts_with("| What |")).unwrap_or_default();
        let rows: Vec<&str> = table.lines().skip(2).collect();
        let row = |limit: TenantLimit| {
            let Bound { most, of, what, .. } = limit.bound();
            format!("| {what} | {of} | {} |", grouped(most))
        };
        assert_eq!(rows, TenantLimit::ALL.map(row), "the first table of Limits in docs/api.md");
    }
}
