//! How the versions of a workflow are given out to cases: a share of them first, and running cases that follow.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::CaseId;

/// Of how many cases a share says how many take a version.
pub const SHARE_WHOLE: u8 = 100;

/// How the newest version of a workflow is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// The newest version.
    pub version: u32,
    /// Of a hundred cases, how many take it: 1 to 100. The others open at, and stay at, the version before.
    pub share: u8,
    /// Running cases follow from this version on, that is from it or one between it and the newest; `None` where they stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moves_from: Option<u32>,
}

impl Rollout {
    /// Whether a case is among those that take the newest version. A larger share takes all that a smaller one took.
    pub fn takes(&self, case: &CaseId) -> bool {
        place(case) < u64::from(self.share)
    }

    /// The version to which a case that runs at `pinned` moves; `None` for one that stays.
    pub fn moves(&self, case: &CaseId, pinned: u32) -> Option<u32> {
        let follows = self.moves_from.is_some_and(|from| from <= pinned && pinned < self.version);
        (follows && self.takes(case)).then_some(self.version)
    }
}

/// The place of a case among a hundred: from its id alone, the same for ever.
fn place(case: &CaseId) -> u64 {
    let hash = Sha256::digest(case.as_str().as_bytes());
    let number = hash.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    number % u64::from(SHARE_WHOLE)
}

/// Why a case goes by its version, where that is not simply the one that it was opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionChoice {
    /// The newest version.
    pub newest: u32,
    /// The share of cases that take the newest version.
    pub share: u8,
    /// The version that the case had before this decision, where its publishing moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u32>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn case(number: u32) -> CaseId {
        CaseId::derive(&["acme", &number.to_string()])
    }

    #[test]
    fn a_share_is_about_as_large_as_it_says() {
        for share in [1, 10, 50, 99, 100] {
            let rollout = Rollout { version: 2, share, moves_from: None };
            let taken = (0..10_000).filter(|number| rollout.takes(&case(*number))).count();
            let (least, most) = (usize::from(share).saturating_sub(2) * 100, (usize::from(share) + 2) * 100);
            assert!((least..=most).contains(&taken), "{share} of 100: {taken} of 10000");
        }
        assert!((0..1_000).all(|number| Rollout { version: 2, share: 100, moves_from: None }.takes(&case(number))));
    }

    #[test]
    fn cases_move_from_where_the_publishing_says() {
        let of = |moves_from| Rollout { version: 5, share: 100, moves_from };
        for (moves_from, pinned, expected) in [
            (None, 4, None),
            (Some(4), 4, Some(5)),
            (Some(4), 3, None),
            (Some(2), 3, Some(5)),
            (Some(2), 5, None),
            (Some(2), 6, None),
        ] {
            assert_eq!(of(moves_from).moves(&case(1), pinned), expected, "{moves_from:?} {pinned}");
        }
    }

    proptest! {
        #[test]
        fn a_larger_share_takes_all_that_a_smaller_one_took(number in any::<u32>(), small in 1_u8..=100, more in 0_u8..=99) {
            let large = small.saturating_add(more).min(SHARE_WHOLE);
            let of = |share| Rollout { version: 2, share, moves_from: Some(1) };
            let id = case(number);
            prop_assert!(!of(small).takes(&id) || of(large).takes(&id));
            prop_assert!(of(small).moves(&id, 1).is_none() || of(large).moves(&id, 1).is_some());
        }
    }
}
