//! Codes that a payer's bank reads: their texts, and the codes as SVG. [`super::mail_code`] makes the one of a mail.
//!
//! - EPC: European Payments Council, *Quick Response Code: Guidelines to Enable Data Capture for the Initiation of an SCT*
//!   (EPC069-12), version 002: UTF-8, 331 bytes at most, error correction M, version 13 at most.
//! - Swiss: SIX, *Swiss Implementation Guidelines QR-bill* 2.3: UTF-8, 997 characters at most, structured addresses, error correction M,
//!   a Swiss cross of 7 mm on a code of 46 mm.

use domain::{Currency, Money, bank_account::is_qr_iban, basket::TRANSFER};
use qrcode::{Color, EcLevel, QrCode, render::svg};

use crate::{
    amount,
    asked::one_line,
    transfer::{
        PayeeAccount,
        account::{takes_epc_code, takes_swiss_code},
        reference::{ReferenceForm, TransferReference},
    },
};

/// Most bytes of an EPC code.
const EPC_BYTES_MAX: usize = 331;
/// Most characters of a Swiss code.
const SWISS_CHARS_MAX: usize = 997;
/// Most characters of words in place of a reference, in both.
const WORDS_CHARS_MAX: usize = 140;
/// Largest amount of both, in hundredths.
const AMOUNT_MINOR_MAX: i64 = 99_999_999_999;

/// A kind of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferCode {
    /// Of the European Payments Council.
    Epc,
    /// Of the Swiss QR-bill.
    Swiss,
}

/// What a payment names.
#[derive(Clone, Copy)]
enum Named<'n> {
    /// A reference of ours.
    Reference(&'n TransferReference),
    /// Words: the numbers of invoices.
    Words(&'n str),
}

/// Why there is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeFlaw {
    /// The account cannot be paid to with it.
    #[error("the account takes no such code: {0}")]
    Account(String),
    /// The amount cannot stand in it.
    #[error("the amount {0} is not from 0.01 to 999999999.99")]
    Amount(Money),
    /// It would say more than it can.
    #[error("the code would have {0} bytes or characters; shorten the names")]
    TooLong(usize),
}

impl TransferCode {
    /// The code that an account takes for a currency; `None` where there is none.
    pub fn of(account: &PayeeAccount, currency: Currency) -> Option<Self> {
        let iban = account.checked_iban().ok()?;
        if takes_swiss_code(&iban, currency) { Some(Self::Swiss) } else { takes_epc_code(&iban, currency).then_some(Self::Epc) }
    }

    /// What the code says.
    ///
    /// # Errors
    ///
    /// [`CodeFlaw`] for what it cannot say.
    pub fn text(self, account: &PayeeAccount, money: Money, reference: &TransferReference) -> Result<String, CodeFlaw> {
        self.said(account, money, Named::Reference(reference))
    }

    /// What the code says of a payment that names words in place of a reference, 140 characters at most.
    ///
    /// # Errors
    ///
    /// [`CodeFlaw`] for what it cannot say.
    pub fn text_naming(self, account: &PayeeAccount, money: Money, words: &str) -> Result<String, CodeFlaw> {
        let chars = words.chars().count();
        if chars > WORDS_CHARS_MAX { Err(CodeFlaw::TooLong(chars)) } else { self.said(account, money, Named::Words(words)) }
    }

    fn said(self, account: &PayeeAccount, money: Money, named: Named<'_>) -> Result<String, CodeFlaw> {
        let iban = account.checked_iban().map_err(CodeFlaw::Account)?;
        if !(1..=AMOUNT_MINOR_MAX).contains(&money.minor()) {
            return Err(CodeFlaw::Amount(money));
        }
        let amount = amount::to_major(TRANSFER, money, 2).map_err(|_| CodeFlaw::Amount(money))?;
        match self {
            Self::Epc => epc(account, &iban, (money, &amount), named),
            Self::Swiss => swiss(account, &iban, (money, &amount), named),
        }
    }

    /// The code as one SVG element that scales to its place. A Swiss one has its cross.
    ///
    /// # Errors
    ///
    /// [`CodeFlaw::TooLong`] for a text that fits no code.
    pub fn svg(self, text: &str) -> Result<String, CodeFlaw> {
        /// The pixels of a module. An even number, so that the cross stands in the middle.
        const MODULE: u32 = 92;
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| CodeFlaw::TooLong(text.len()))?;
        let image = code.render::<svg::Color<'_>>().module_dimensions(MODULE, MODULE).build();
        // The element goes into a page, which has one prolog of its own.
        let element = image.split_once("?>").map_or(image.as_str(), |(_, element)| element);
        let modules = u32::try_from(code.width()).map_err(|_| CodeFlaw::TooLong(text.len()))?;
        Ok(match self {
            Self::Epc => element.to_owned(),
            Self::Swiss => element.replace("</svg>", &format!("{}</svg>", swiss_cross(modules, MODULE))),
        })
    }

    /// The code as an image in black and white, of six pixels a module with a quiet zone of four modules: PNG. A Swiss one has its cross.
    ///
    /// # Errors
    ///
    /// [`CodeFlaw::TooLong`] for a text that fits no code.
    pub fn png(self, text: &str) -> Result<Vec<u8>, CodeFlaw> {
        const MODULE: usize = 6;
        const QUIET: usize = 4;
        let too_long = || CodeFlaw::TooLong(text.len());
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| too_long())?;
        let (modules, colours) = (code.width(), code.to_colors());
        let side = (modules + 2 * QUIET) * MODULE;
        let cross = (self == Self::Swiss).then(|| Cross::of(modules * MODULE, side));
        let module = |pixel: usize| (pixel / MODULE).checked_sub(QUIET).filter(|at| *at < modules);
        let of_code = |x: usize, y: usize| {
            let at = module(x).zip(module(y)).map(|(column, row)| row * modules + column);
            at.and_then(|at| colours.get(at)).is_some_and(|colour| *colour == Color::Dark)
        };
        let of_cross = |x: usize, y: usize| cross.as_ref().and_then(|cross| cross.is_dark(x, y));
        let is_dark = |x: usize, y: usize| of_cross(x, y).unwrap_or_else(|| of_code(x, y));
        // One bit a pixel, the leftmost first; white is set.
        let byte = |from: usize, y: usize| {
            (0..8).fold(0_u8, |bits, at| (bits << 1) | u8::from(from + at >= side || !is_dark(from + at, y)))
        };
        let pixels: Vec<u8> =
            (0..side).flat_map(|y| (0..side).step_by(8).map(move |x| (x, y))).map(|(x, y)| byte(x, y)).collect();
        let size = u32::try_from(side).map_err(|_| too_long())?;
        written(size, &pixels).map_err(|_| too_long())
    }
}

/// An image of one bit a pixel.
fn written(size: u32, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, size, size);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(out)
}

/// The Swiss cross in the middle of an image: 7 parts of the code's 46, drawn as [`swiss_cross`] draws it.
struct Cross {
    corner: usize,
    side: usize,
}

impl Cross {
    fn of(code: usize, image: usize) -> Self {
        let side = code * 7 / 46;
        Self { corner: (image - side) / 2, side }
    }

    /// Whether a pixel of it is dark; `None` where it is not.
    fn is_dark(&self, x: usize, y: usize) -> Option<bool> {
        let at = |pixel: usize| pixel.checked_sub(self.corner).filter(|at| *at < self.side);
        let (x, y) = at(x).zip(at(y))?;
        // In parts of 198, as the published drawing has them.
        let within = |pixel: usize, parts: usize| {
            let length = self.side * parts / 198;
            let from = (self.side - length) / 2;
            (from..from + length).contains(&pixel)
        };
        let is_arm = within(x, 110) && within(y, 33) || within(x, 33) && within(y, 110);
        Some(within(x, 184) && within(y, 184) && !is_arm)
    }
}

/// The Swiss cross in the middle of a code with a quiet zone of four modules: 7 parts of the code's 46.
fn swiss_cross(modules: u32, module: u32) -> String {
    let side = modules * module * 7 / 46;
    let corner = ((modules + 8) * module - side) / 2;
    // In parts of 198, as the published drawing has them.
    let part = |parts: u32| side * parts / 198;
    let (inset, inner) = (corner + part(7), part(184));
    let (arm, thick) = (part(110), part(33));
    let (arm_at, thick_at) = (corner + (side - arm) / 2, corner + (side - thick) / 2);
    format!(
        "<path fill=\"#fff\" d=\"M{corner} {corner}h{side}v{side}h-{side}z\"/>\
         <path d=\"M{inset} {inset}h{inner}v{inner}h-{inner}z\"/>\
         <path fill=\"#fff\" d=\"M{arm_at} {thick_at}h{arm}v{thick}h-{arm}zM{thick_at} {arm_at}h{thick}v{arm}h-{thick}z\"/>"
    )
}

/// `text` on one line, of at most `chars` characters.
fn line(text: &str, chars: usize) -> String {
    one_line(text).chars().take(chars).collect()
}

fn epc(account: &PayeeAccount, iban: &str, (money, amount): (Money, &str), named: Named<'_>) -> Result<String, CodeFlaw> {
    if !takes_epc_code(iban, money.currency()) {
        return Err(CodeFlaw::Account("it is for euros to an account in the Single Euro Payments Area".to_owned()));
    }
    let structured = match named {
        Named::Reference(reference) => reference.international(),
        Named::Words(_) => None,
    };
    let unstructured = match named {
        Named::Reference(_) if structured.is_some() => String::new(),
        Named::Reference(reference) => reference.shown(),
        Named::Words(words) => line(words, WORDS_CHARS_MAX),
    };
    let name = line(&account.name, 70);
    let bic = account.bic.as_deref().map(|bic| line(bic, 11)).unwrap_or_default();
    let amount = format!("EUR{amount}");
    let lines =
        ["BCD", "002", "1", "SCT", &bic, &name, iban, &amount, "", structured.as_deref().unwrap_or_default(), &unstructured];
    let text = lines.join("\n").trim_end_matches('\n').to_owned();
    if text.len() > EPC_BYTES_MAX { Err(CodeFlaw::TooLong(text.len())) } else { Ok(text) }
}

fn swiss(account: &PayeeAccount, iban: &str, (money, amount): (Money, &str), named: Named<'_>) -> Result<String, CodeFlaw> {
    if !takes_swiss_code(iban, money.currency()) {
        return Err(CodeFlaw::Account("it is for francs and euros to an account in Switzerland or Liechtenstein".to_owned()));
    }
    let (kind, reference, words) = match named {
        Named::Words(words) => ("NON", "", line(words, WORDS_CHARS_MAX)),
        Named::Reference(reference) => {
            let kind = match reference.form() {
                ReferenceForm::SwissQr => "QRR",
                ReferenceForm::CreditorReference => "SCOR",
                ReferenceForm::Belgian | ReferenceForm::Finnish => {
                    return Err(CodeFlaw::Account("a Swiss code carries no reference of that form".to_owned()));
                }
            };
            (kind, reference.electronic(), String::new())
        }
    };
    if is_qr_iban(iban) != (kind == "QRR") {
        return Err(CodeFlaw::Account("a QR-IBAN takes a QR reference, and no other account does".to_owned()));
    }
    let place = account.place.as_ref().ok_or_else(|| CodeFlaw::Account("its holder's address is missing".to_owned()))?;
    let creditor = [
        "S".to_owned(),
        line(&account.name, 70),
        line(&place.street, 70),
        line(&place.building, 16),
        line(&place.postal_code, 16),
        line(&place.town, 35),
        line(&place.country, 2),
    ];
    let nobody = || std::iter::repeat_n(String::new(), 7);
    let mut lines: Vec<String> = ["SPC", "0200", "1", iban].map(str::to_owned).to_vec();
    lines.extend(creditor);
    // The ultimate creditor is kept for later, and the debtor is whoever scans it.
    lines.extend(nobody());
    lines.extend([amount.to_owned(), money.currency().code().to_owned()]);
    lines.extend(nobody());
    lines.extend([kind, reference, &words, "EPD"].map(str::to_owned));
    let text = lines.join("\n");
    let chars = text.chars().count();
    if chars > SWISS_CHARS_MAX { Err(CodeFlaw::TooLong(chars)) } else { Ok(text) }
}
