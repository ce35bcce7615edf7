//! Ends a process after any of its calls: what it called for before is done, and nothing after that is.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::{box_error::BoxError, client::interceptors::context::BeforeSerializationInterceptorContextRef};

/// Lets so many calls through and no more.
#[derive(Clone, Debug)]
pub struct Death(Arc<AtomicUsize>);

impl Death {
    /// Dies before the call that follows so many.
    pub fn after(calls: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(calls)))
    }
}

impl Intercept for Death {
    fn name(&self) -> &'static str {
        "death"
    }
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Ok(()),
            Err(_) => Err("the process is dead".into()),
        }
    }
}
