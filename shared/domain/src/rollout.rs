//! How the versions of a workflow are given out to cases: a share of them first, and running cases that follow.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::CaseId;

/// Of how many cases a share says how many take a version.
pub const SHARE_WHOLE: u8 = 100;

/// How the newest version of a workflow is given out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// The newest version.
    pub version: u32,
    /// Of a hundred cases, how many take it: 1 to 100. The others open at, and stay at, the version before.
    pub share: u8,
    /// Which running cases move: those at the first version go on at the second. In the order of the publishings.
    pub moves: Vec<(u32, u32)>,
}

impl Rollout {
    /// Whether a case is among those that take the newest version. A larger share takes all that a smaller one took.
    pub fn takes(&self, case: &CaseId) -> bool {
        place(case) < u64::from(self.share)
    }

    /// The version at which a case goes on that runs at `pinned`: its own where no publishing moves it.
    pub fn target(&self, case: &CaseId, pinned: u32) -> u32 {
        let moved = |version: u32, (from, to): &(u32, u32)| {
            let goes = version == *from && (*to != self.version || self.takes(case));
            if goes { *to } else { version }
        };
        self.moves.iter().fold(pinned, moved)
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
            let rollout = Rollout { version: 2, share, moves: vec![] };
            let taken = (0..10_000).filter(|number| rollout.takes(&case(*number))).count();
            let (least, most) = (usize::from(share).saturating_sub(2) * 100, (usize::from(share) + 2) * 100);
            assert!((least..=most).contains(&taken), "{share} of 100: {taken} of 10000");
        }
        assert!((0..1_000).all(|number| Rollout { version: 2, share: 100, moves: vec![] }.takes(&case(number))));
    }

    #[test]
    fn cases_move_along_the_publishings_that_say_so() {
        for (moves, pinned, expected) in [
            (vec![], 4, 4),
            (vec![(4, 5)], 4, 5),
            (vec![(4, 5)], 3, 3),
            (vec![(2, 3), (3, 4), (4, 5)], 2, 5),
            (vec![(2, 3), (4, 5)], 2, 3),
            (vec![(2, 3), (4, 5)], 5, 5),
            // A version whose publishing moved nobody stands between.
            (vec![(1, 2)], 1, 2),
        ] {
            assert_eq!(Rollout { version: 5, share: 100, moves }.target(&case(1), pinned), expected, "{pinned}");
        }
    }

    proptest! {
        #[test]
        fn a_larger_share_takes_all_that_a_smaller_one_took(number in any::<u32>(), small in 1_u8..=100, more in 0_u8..=99) {
            let large = small.saturating_add(more).min(SHARE_WHOLE);
            let of = |share| Rollout { version: 2, share, moves: vec![(1, 2)] };
            let id = case(number);
            prop_assert!(!of(small).takes(&id) || of(large).takes(&id));
            prop_assert!(of(small).target(&id, 1) == 1 || of(large).target(&id, 1) == 2);
        }
    }
}
