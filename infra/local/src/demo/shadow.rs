//! A seller that only looks on: its tenant is in shadow mode, so that everything is decided and written, and nothing leaves.

use serde_json::json;

use super::{
    DAYS,
    player::Player,
    scenario::{Bill, Buyer, Source},
};
use crate::{stack::Stack, tenants::TenantIn};

/// Its tenant.
pub const TENANT: &str = "demo-shadow";
/// What comes after its name.
pub const HOW: &str = "which is in shadow mode";
/// The day on which it begins.
const BEGINS_ON: i64 = DAYS - 14;

const fn buyer(id: &'static str, name: &'static str, person: &'static str, email: &'static str) -> Buyer {
    let (place, language, currency) = (("GB", Some("ENG")), "en", "GBP");
    Buyer { id, name, person, email, phone: None, executive: None, place, language, currency, source: Source::Canonical }
}

/// Who buys from it.
static BUYERS: [Buyer; 3] = [
    buyer("J-1", "Severn Boatyard", "Gwen Parry", "accounts@severn.example"),
    buyer("J-2", "Mill Lane Joinery", "Owen Clarke", "office@milllane.example"),
    buyer("J-3", "Chalk Farm Bakery", "Rosa Webb", "rosa@chalkfarm.example"),
];

const fn bill(buyer: &'static str, number: &'static str, total_minor: i64, on: i64) -> Bill {
    Bill { buyer, number, total_minor, on, terms: 30, parts: 1, then: &[] }
}

/// What it billed, by days from the one on which it begins.
static BILLS: [Bill; 4] = [
    bill("J-1", "JT-301", 64_000, -45),
    bill("J-1", "JT-312", 18_000, -24),
    bill("J-2", "JT-305", 210_500, -36),
    bill("J-3", "JT-318", 9_950, -10),
];

/// What happens to it on a day: it begins, and sends what is open in its books.
///
/// # Errors
///
/// When the stack refuses the tenant or a document.
pub async fn play_day(stack: &Stack, day: i64) -> anyhow::Result<()> {
    if day != BEGINS_ON {
        return Ok(());
    }
    let settings = json!({"name": "Juniper Tools", "country": "GB", "time_zone": "Europe/London", "language": "en", "mode": "shadow",
        "payment_details": "Juniper Tools\nExample Bank\nAccount 0012 3456 78"});
    let settings = settings.as_object().cloned().unwrap_or_default();
    let wish = TenantIn { tenant: TENANT.to_owned(), settings, ..TenantIn::default() };
    let created = stack.create_tenant(wish).await.map_err(|refusal| anyhow::anyhow!("{}: {}", refusal.status, refusal.body))?;
    let mut player = Player::new(stack, created.get("webhooks").cloned().unwrap_or_default());
    for bill in &BILLS {
        for buyer in BUYERS.iter().filter(|buyer| buyer.id == bill.buyer) {
            player.send(buyer, bill).await?;
        }
    }
    Ok(())
}
