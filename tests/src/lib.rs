//! Black-box scenarios and benches: drivers and judges that the tests share.

pub mod company;
pub mod documents;
pub mod faults;
pub mod golden;
pub mod payment_schedules;
pub mod race;
pub mod release;
pub mod test_tenant;
