//! Two more sellers, whose invoices nobody pushes: Dunlin reads them from QuickBooks and from Xero.

use anyhow::Context;
use http::StatusCode;
use serde_json::json;

use super::DAYS;
use crate::{
    stack::Stack,
    tenants::TenantIn,
    vendors::{COASTAL, Vendor, Vendors},
};

/// The day on which they connect their books.
pub const CONNECTED_ON: i64 = DAYS - 12;

/// A seller.
pub struct Company {
    /// Where its books are.
    source: &'static str,
    /// Its tenant.
    pub tenant: &'static str,
    name: &'static str,
    /// Country and time zone.
    place: [&'static str; 2],
    /// How its invoices come, after its name.
    pub how: &'static str,
}

/// Both.
pub const COMPANIES: [Company; 2] = [
    Company {
        source: "quickbooks",
        tenant: "demo-quickbooks",
        name: "Coastal Supplies",
        place: ["US", "America/New_York"],
        how: "whose books are read back from QuickBooks Online",
    },
    Company {
        source: "xero",
        tenant: "demo-xero",
        name: "Wattle & Co",
        place: ["AU", "Australia/Sydney"],
        how: "whose books are read back from Xero",
    },
];

/// What happens in the books, and whether Dunlin hears of it.
enum Then {
    /// So much is paid, minor units, and the vendor sends its webhook.
    Paid(i64),
    /// So much is paid, minor units, and the webhook gets lost: the next poll finds it.
    PaidUnheard(i64),
    /// It is voided.
    Voided,
}

/// By day, source and invoice number.
const STORY: &[(i64, &str, &str, Then)] = &[
    (CONNECTED_ON + 3, "quickbooks", "1002", Then::Paid(62_050)),
    (CONNECTED_ON + 4, "quickbooks", "1003", Then::PaidUnheard(15_000)),
    (CONNECTED_ON + 6, "quickbooks", "1005", Then::Voided),
    (CONNECTED_ON + 3, "xero", "INV-0002", Then::Paid(115_000)),
    (CONNECTED_ON + 7, "xero", "INV-0001", Then::PaidUnheard(41_000)),
];

/// What happens to them on a day.
///
/// # Errors
///
/// When the stack refuses what a vendor or an admin would send.
pub async fn play_day(stack: &Stack, day: i64) -> anyhow::Result<()> {
    if day == CONNECTED_ON {
        let vendors = stack.add_vendors().await?;
        for company in COMPANIES {
            connect(stack, &company, vendors.of(company.source)?)
                .await
                .with_context(|| format!("connecting {}", company.name))?;
        }
    }
    let Some(vendors) = stack.world().vendors.get() else { return Ok(()) };
    for (_, source, number, then) in STORY.iter().filter(|(on, ..)| *on == day) {
        play(stack, vendors, vendors.of(source)?, number, then).await.with_context(|| format!("{source} invoice {number}"))?;
    }
    Ok(())
}

async fn connect(stack: &Stack, company: &Company, vendor: Vendor<'_>) -> anyhow::Result<()> {
    let [country, time_zone] = company.place;
    let settings = json!({"name": company.name, "country": country, "time_zone": time_zone, "language": "en",
        "payment_details": format!("{}\nExample Bank\nAccount 0012 3456 78", company.name),
        // Polls six times within it: fewer than by default, so that the demo takes a minute.
        "freshness": {company.source: "PT12H"}});
    let tokens = vendor.double.issue_tokens(vendor.realm);
    let connection = json!({
        "source": vendor.source, "realm": vendor.realm, "base_url": vendor.double.base_url(),
        "tokens": {
            "access_token": tokens.access_token, "refresh_token": tokens.refresh_token, "expires_at": tokens.expires_at,
        },
    });
    let tenant = TenantIn {
        tenant: company.tenant.to_owned(),
        settings: settings.as_object().cloned().unwrap_or_default(),
        connections: vec![connection],
        ..TenantIn::default()
    };
    stack.create_tenant(tenant).await.map_err(|refusal| anyhow::anyhow!("{}: {}", refusal.status, refusal.body))?;
    Ok(())
}

async fn play(stack: &Stack, vendors: &Vendors, vendor: Vendor<'_>, number: &str, then: &Then) -> anyhow::Result<()> {
    let today = stack.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    match then {
        Then::Paid(minor) | Then::PaidUnheard(minor) => vendors.pay(vendor, number, *minor, today).map_err(anyhow::Error::msg)?,
        Then::Voided => {
            let (id, _) = vendors.invoice(vendor, number).context("the books do not have it")?;
            vendors.quickbooks.void_invoice(COASTAL, &id);
        }
    }
    if matches!(then, Then::PaidUnheard(_)) {
        vendor.double.notifications();
        return Ok(());
    }
    let status = stack.world().tell(vendor).await?;
    anyhow::ensure!(status == StatusCode::OK, "the webhook is answered {status}");
    Ok(())
}
