//! Bank transfer with a structured reference of ours. Nobody is called and nothing is sent: the payer's bank carries the reference, the
//! books or the bank's statement bring it back.
//!
//! | file | what |
//! |---|---|
//! | [`reference`] | ISO 11649, Swiss QR reference, Belgian structured communication, Finnish reference number: made, read and checked |
//! | [`account`] | the payee's account, and which form of reference and code it takes |
//! | [`code`] | the texts of EPC and Swiss codes, and codes as SVG and PNG |

pub mod account;
pub mod code;
pub mod reference;

use bytes::Bytes;
use domain::{BankAccount, Money, WayOfPaying};
use http::Response;
use jiff::SignedDuration;

use crate::{
    AskedPayment, BegunPayment, CannotBegin, NextCall, NotBelieved, PaymentCapabilities, PaymentProvider, ProviderAccess,
    ProviderHeard, ProviderTrouble, UnreadableEvent, WayOffered, WebhookDelivery, WebhookTrust,
};

pub use account::{PayeeAccount, PostalPlace};
pub use code::{CodeFlaw, TransferCode};
pub use reference::{ReferenceFlaw, ReferenceForm, TransferReference};

/// The name of the provider.
pub const NAME: &str = domain::basket::TRANSFER;

/// The code of a transfer to an account that names words, such as the numbers of invoices: an image (PNG) for a mail, of which no payment was begun
/// that has a reference. `None` where the account takes no code for the currency, or it cannot say this.
pub fn mail_code(account: &BankAccount, money: Money, words: &str) -> Option<Vec<u8>> {
    let payee = PayeeAccount::taking_words(account)?;
    let kind = TransferCode::of(&payee, money.currency())?;
    kind.png(&kind.text_naming(&payee, money, words).ok()?).ok()
}

/// The payer's own bank.
pub struct BankTransfer;

/// How long an announced transfer keeps its amounts back: a week has four business days at least, and most banks need one.
const ON_ITS_WAY_FOR: SignedDuration = SignedDuration::from_hours(24 * 7);

const WAYS: [WayOffered; 1] = [WayOffered {
    way: WayOfPaying::Transfer,
    currencies: None,
    open_for: ON_ITS_WAY_FOR,
    pending_for: ON_ITS_WAY_FOR,
    needs_customer: false,
}];

impl PaymentProvider for BankTransfer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn source(&self) -> &'static str {
        "pay-transfer"
    }

    fn capabilities(&self) -> PaymentCapabilities {
        PaymentCapabilities {
            ways: &WAYS,
            redirects: false,
            captures: false,
            expires: false,
            lines_max: usize::MAX,
            hosts: &[],
            webhooks: None,
        }
    }

    fn begin(&self, _access: &ProviderAccess<'_>, asked: &AskedPayment<'_>) -> Result<NextCall, CannotBegin> {
        let (_, offered) = asked.check(NAME, &self.capabilities())?;
        let form = asked.account.map_or(Ok(ReferenceForm::CreditorReference), PayeeAccount::reference_form);
        let reference = TransferReference::of_basket(form.map_err(CannotBegin::Account)?, asked.basket);
        Ok(NextCall::Begun(BegunPayment {
            provider_id: reference.electronic().to_owned(),
            pay_url: None,
            expires_at: asked.begun_at + offered.open_for,
        }))
    }

    fn begun(
        &self,
        _access: &ProviderAccess<'_>,
        _asked: &AskedPayment<'_>,
        _answer: &Response<Bytes>,
    ) -> Result<NextCall, ProviderTrouble> {
        Err(ProviderTrouble::Unreadable("a transfer is begun without a call".to_owned()))
    }

    fn verify(&self, _delivery: &WebhookDelivery<'_>, _trust: &WebhookTrust<'_>) -> Result<(), NotBelieved> {
        Err(NotBelieved { status: 404, detail: "no webhooks come of transfers".to_owned() })
    }

    fn read(&self, _body: &[u8]) -> Result<ProviderHeard, UnreadableEvent> {
        Err(UnreadableEvent("no webhooks come of transfers".to_owned()))
    }
}
