//! Holding one AWS call of a function open, so that something else can happen at exactly that moment.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::faults::When;

/// A call that waits: placed by [`crate::Stack::hold`], and gone once it was let go or dropped.
#[derive(Debug)]
pub struct Hold(Arc<Point>);

/// What holder and call share.
#[derive(Debug)]
pub(crate) struct Point {
    call: u32,
    when: When,
    reached: Semaphore,
    released: Semaphore,
}

impl Hold {
    /// A hold at a call of an invocation, from 1, and the point that the call meets.
    pub(crate) fn new(call: u32, when: When) -> (Self, Arc<Point>) {
        let point = Arc::new(Point { call, when, reached: Semaphore::new(0), released: Semaphore::new(0) });
        (Self(Arc::clone(&point)), point)
    }

    /// Waits until the call is there.
    pub async fn reached(&self) {
        // The semaphore is never closed, so that waiting for it cannot fail.
        if let Ok(permit) = self.0.reached.acquire().await {
            permit.forget();
        }
    }

    /// Lets the call go on. Dropping the hold does so too.
    pub fn release(self) {}
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.released.close();
    }
}

impl Point {
    /// Waits for the holder if it holds this call at this moment of it.
    pub(crate) async fn pass(&self, call: u32, when: When) {
        if (call, when) == (self.call, self.when) && !self.released.is_closed() {
            self.reached.add_permits(1);
            // Closed when let go: that is the only way on.
            let _released = self.released.acquire().await;
        }
    }
}
