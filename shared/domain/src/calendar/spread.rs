//! Where in a day's hours a customer's messages leave.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::{CustomerId, TenantId};

/// A customer's place in a day's hours, the same every day: a fraction of their length, in 65,536ths.
///
/// Below fifteen sixteenths, so that a late sweep or a retry still falls into the same hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spread(u16);

impl Spread {
    /// The opening itself.
    #[cfg(test)]
    pub(crate) const START: Self = Self(0);

    /// The last place that any customer can have.
    pub const LAST: Self = Self(61_439);

    /// The place of a tenant's customer, by hash.
    pub fn of(tenant: &TenantId, customer: &CustomerId) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(tenant.as_str());
        // Not in any tenant id, so no two pairs read alike.
        hasher.update([0]);
        hasher.update(customer.as_str());
        let hash = hasher.finalize();
        let drawn = u64::from(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]));
        // Scaled down, not the remainder, which would favour the first places.
        Self(u16::try_from((drawn * (u64::from(Self::LAST.0) + 1)) >> 32).unwrap_or(0))
    }

    /// The instant at this place between two others, in whole seconds from the opening; never the end.
    pub fn within(self, opens: Timestamp, closes: Timestamp) -> Timestamp {
        let seconds = closes.as_second().saturating_sub(opens.as_second()).max(0);
        let place = i128::from(seconds) * i128::from(self.0) / 65_536;
        opens.saturating_add(SignedDuration::from_secs(i64::try_from(place).unwrap_or(0))).unwrap_or(opens)
    }
}
