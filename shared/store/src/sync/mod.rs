//! Books that are read back from accounting systems.

pub(crate) mod books;
pub(crate) mod listed;
pub(crate) mod reading;
