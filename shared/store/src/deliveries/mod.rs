//! Events that go to subscriptions of outside systems.
//!
//! A *lane* is what is delivered to one subscription in its order: the events of one customer. Each has a partition: the lane's own item, and
//! a delivery for each event. An event gets the next place in its lane when it is queued, in one transaction with the lane, so that whoever
//! queues the events of a customer in their order fixes the order in which they are delivered. The first that waits is found in the index
//! `chase`; what was delivered stays as the log, for 33 days, and costs the next look nothing.
//!
//! | file | holds |
//! |---|---|
//! | `one_delivery` | a delivery as it stands |
//! | `lanes` | queueing, taking a lane, trying, leaving it |
//! | `log` | looking through deliveries |
//! | `replay` | queueing again what is in the log |
//! | `health` | how a subscription fares |

pub(crate) mod health;
pub(crate) mod lanes;
pub(crate) mod log;
pub(crate) mod one_delivery;
pub(crate) mod replay;
