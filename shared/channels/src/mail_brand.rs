//! The tenant as its customers see it in a mail: name, mark, colour, who it is, and how it signs.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::{BrandSettings, Settings};

use crate::plain::{html, plain};

/// The name by which a mail shows the mark that it carries.
const LOGO_IMAGE: &str = "logo";
/// Most pixels that the mark takes: it is shown smaller, never larger, than it is.
const LOGO_WIDTH_MAX: usize = 220;
const LOGO_HEIGHT_MAX: usize = 40;
/// The colour of the button where the tenant has none.
const COLOUR: &str = "#1a56b0";

/// The tenant, or one of its legal entities, as its customers see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// `tenant.name`, and what the message is signed with where nothing else is.
    pub name: String,
    /// The colour of the button, `#rrggbb`, dark enough that white letters can be read on it; the layout's own where there is none.
    pub colour: Option<String>,
    /// The mark, at the top in the place of the name.
    pub logo: Option<MailLogo>,
    /// Who the tenant is, line by line, at the foot.
    pub particulars: Option<String>,
    /// How the message is signed, line by line; with the name where nothing is said.
    pub signature: Option<String>,
    /// Most segments of a text message that the tenant pays for; as many as the channel takes where nothing is said.
    pub segments_max: Option<usize>,
}

/// Where the mark of a mail comes from: never from an address, so that nobody learns who looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoPlace {
    /// The mail carries it as a file, which it shows.
    Carried,
    /// It is part of the page, for whoever looks at the mail in a browser.
    InPage,
    /// There is none: the name stands there in letters.
    Nowhere,
}

/// A mark as a mail shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLogo {
    content_type: String,
    bytes: Vec<u8>,
    /// In pixels as shown.
    width: usize,
    height: usize,
    is_carried: bool,
}

impl MailLogo {
    /// The picture of a data URL as settings have it; `None` for what is no picture.
    fn of(url: &str, place: LogoPlace) -> Option<Self> {
        let is_carried = match place {
            LogoPlace::Carried => true,
            LogoPlace::InPage => false,
            LogoPlace::Nowhere => return None,
        };
        let (content_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
        let bytes = BASE64_STANDARD.decode(data).ok()?;
        let size = imagesize::blob_size(&bytes).ok()?;
        let (width, height) = fitted(size.width, size.height)?;
        Some(Self { content_type: content_type.to_owned(), bytes, width, height, is_carried })
    }

    /// The file that a mail carries to show it: the name by which it does, the content type and the content. `None` where the mark is part of
    /// the page.
    pub(crate) fn file(&self) -> Option<(&'static str, &str, &[u8])> {
        self.is_carried.then_some((LOGO_IMAGE, self.content_type.as_str(), self.bytes.as_slice()))
    }

    fn html(&self, name: &str) -> String {
        let src = if self.is_carried {
            format!("cid:{LOGO_IMAGE}")
        } else {
            format!("data:{};base64,{}", self.content_type, BASE64_STANDARD.encode(&self.bytes))
        };
        let Self { width, height, .. } = self;
        format!(
            "<img class=\"logo\" src=\"{}\" width=\"{width}\" height=\"{height}\" alt=\"{}\" style=\"display:block;width:{width}px;height:{height}px\">",
            html(&src),
            html(name),
        )
    }
}

/// How large a picture is shown: whole, as it is or smaller.
fn fitted(width: usize, height: usize) -> Option<(usize, usize)> {
    if width == 0 || height == 0 {
        return None;
    }
    let (low_width, low_height) = (width.min(LOGO_WIDTH_MAX), height.min(LOGO_HEIGHT_MAX));
    let of_width = height.saturating_mul(low_width) / width;
    Some(if of_width <= low_height {
        (low_width, of_width.max(1))
    } else {
        ((width.saturating_mul(low_height) / height).max(1), low_height)
    })
}

impl Brand {
    /// Under a name, and with nothing else of its own.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// A tenant's legal entity as the settings show it; the default one is empty.
    pub fn of(settings: &Settings, legal_entity: &str, place: LogoPlace) -> Self {
        let BrandSettings { colour, logo, particulars } = settings.brand_of(legal_entity);
        Self {
            name: settings.name_of(legal_entity).to_owned(),
            colour,
            logo: logo.as_deref().and_then(|url| MailLogo::of(url, place)),
            particulars,
            signature: settings.signing.signature.clone(),
            segments_max: Some(usize::from(settings.sms.segments_max)),
        }
    }

    /// The name on one line.
    pub(crate) fn plain_name(&self) -> String {
        plain(&self.name)
    }

    /// What stands at the top, as HTML.
    pub(crate) fn head(&self) -> String {
        let name = self.plain_name();
        self.logo.as_ref().map_or_else(|| html(&name), |logo| logo.html(&name))
    }

    /// The colour of the button. It becomes part of a style, where nothing is escaped.
    pub(crate) fn button_colour(&self) -> &str {
        let is_colour = |text: &&str| {
            text.len() == 7 && text.strip_prefix('#').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        self.colour.as_deref().filter(is_colour).unwrap_or(COLOUR)
    }

    /// Who the tenant is, line by line.
    pub(crate) fn particulars(&self) -> Vec<String> {
        lines(self.particulars.as_deref())
    }

    /// How the message is signed, where that is said.
    pub(crate) fn own_signature(&self) -> Vec<String> {
        lines(self.signature.as_deref())
    }

    /// How the message is signed.
    pub(crate) fn signature(&self) -> Vec<String> {
        let own = self.own_signature();
        if own.is_empty() { vec![self.plain_name()] } else { own }
    }
}

/// The lines of a text that say something.
fn lines(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default().lines().map(plain).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first bytes of a PNG, which say how large it is.
    fn png(width: u32, height: u32) -> String {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
        format!("data:image/png;base64,{}", BASE64_STANDARD.encode(bytes))
    }

    #[test]
    fn a_mark_is_shown_whole_and_never_larger_than_it_is() {
        for (width, height, shown) in [
            (120, 30, (120, 30)),
            (240, 48, (200, 40)),
            (480, 48, (220, 22)),
            (220, 40, (220, 40)),
            (64, 64, (40, 40)),
            (1, 1_000, (1, 40)),
            (100_000, 1, (220, 1)),
        ] {
            let logo = MailLogo::of(&png(width, height), LogoPlace::Carried).expect("a picture");
            assert_eq!((logo.width, logo.height), shown, "{width} × {height}");
        }
        assert_eq!(MailLogo::of(&png(0, 10), LogoPlace::Carried), None);
        for no_picture in ["", "data:image/png;base64,iVBORw0KGgo=", "data:image/png;base64,%", "https://acme.example/logo.png"] {
            assert_eq!(MailLogo::of(no_picture, LogoPlace::Carried), None, "{no_picture}");
        }
    }

    #[test]
    fn a_mark_comes_from_no_address() {
        let head = |place| Brand { logo: MailLogo::of(&png(120, 30), place), ..Brand::named("A & \"B\"") }.head();
        assert!(head(LogoPlace::Carried).contains("src=\"cid:logo\""), "{}", head(LogoPlace::Carried));
        assert!(head(LogoPlace::Carried).contains("alt=\"A &amp; &quot;B&quot;\""), "{}", head(LogoPlace::Carried));
        assert!(head(LogoPlace::InPage).contains(&format!("src=\"{}\"", png(120, 30))), "{}", head(LogoPlace::InPage));
        assert_eq!(head(LogoPlace::Nowhere), "A &amp; &quot;B&quot;");
    }

    #[test]
    fn no_colour_ends_a_style() {
        let of = |colour: &str| Brand { colour: Some(colour.to_owned()), ..Brand::named("A") }.button_colour().to_owned();
        assert_eq!(of("#0b5d4a"), "#0b5d4a");
        for bad in ["red", "#0b5d4", "#0b5d4a;}body{display:none", "#0b5d4\"", ""] {
            assert_eq!(of(bad), COLOUR, "{bad}");
        }
    }

    #[test]
    fn whoever_says_nothing_signs_with_the_name() {
        let signed = |text: Option<&str>| Brand { signature: text.map(str::to_owned), ..Brand::named("Acme") }.signature();
        assert_eq!(signed(None), ["Acme"]);
        assert_eq!(signed(Some(" \n")), ["Acme"]);
        assert_eq!(signed(Some("Anna Weber\r\n\nAcme\u{202e}")), ["Anna Weber", "Acme"]);
    }
}
