//! Books that are read back from accounting systems.

pub(crate) mod companies;
pub(crate) mod lease;
pub(crate) mod listed;
pub(crate) mod reading;
