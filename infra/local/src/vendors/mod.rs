//! The accounting systems beside the stack: one company at QuickBooks Online and one organisation at Xero, each a stand-in that
//! speaks its vendor's protocol. `/_local/vendors` shows their books, and lets somebody pay.

mod companies;
mod opening;
mod realms;
mod routes;

use std::sync::Arc;

use axum::{body::Body, extract::State};
use http::{Request, StatusCode};

use crate::{gateway, world::World};

pub use companies::{Vendor, Vendors};
pub use realms::{COASTAL, WATTLE};
pub use routes::{pay, show};

impl World {
    /// Delivers what happened in a vendor's books as its webhook; the answer's status.
    ///
    /// # Errors
    ///
    /// When the request cannot be made.
    pub async fn tell(self: &Arc<Self>, vendor: Vendor<'_>) -> anyhow::Result<StatusCode> {
        let delivery = vendor.double.delivery(&vendor.double.notifications());
        let mut request = Request::post(format!("/webhooks/app/{}", vendor.source)).header("host", "127.0.0.1");
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        let status = gateway::handle(State(Arc::clone(self)), request.body(Body::from(delivery.body))?).await.status();
        self.engine.wake.notify_one();
        Ok(status)
    }
}
