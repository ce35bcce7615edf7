//! What a tenant's customers would be told in the days to come: [`decide`](crate::decide) and [`evolve`](crate::evolve) in turn, in the
//! order in which the sweep looks at customers, under the tenant's caps and its breaker. Pure: nothing is read, written or sent.
//!
//! Who holds what back for whom is tenant-wide: caps of hours and days, the breaker, and people whom several customers share. So all
//! customers go through time together, minute by minute where something is due. The facts of every customer are held, a few kilobytes
//! each, and do not grow with the days; what happens is kept as a [`Happening`] each until whoever runs it takes it: nothing is decided by it.
//!
//! | module | holds |
//! |---|---|
//! | [`assumed`] | what is supposed about payers and about the breaker |
//! | [`line`] | what would happen, a line each, and sums of lines |
//! | [`play`] | the customers and their way through time |
//! | `meter` | room under caps and breaker, as one sweep takes it |
//! | [`difference`] | who gets what earlier, later, more or less by another version, and why |

pub mod assumed;
pub mod difference;
pub mod line;
mod meter;
pub mod play;
#[cfg(test)]
mod tests;

pub use assumed::{Assumed, BreakerAssumed, Paying, usual_lag};
pub use difference::{Difference, Moved, Shift, differences};
pub use line::{DayWaits, Expected, Happening, HappeningSums, HappeningTally, sums};
pub use play::{OtherVersion, Simulated, Simulation, SimulationProgress, with_version};
