//! Pages as PDF. The only place where lengths are floats: those of points, never of money.

use std::{num::NonZeroU16, sync::LazyLock};

use krilla::{
    Document, SerializeSettings,
    color::rgb,
    configure::{Accessibility, ConfigurationBuilder, PdfVersion},
    destination::XyzDestination,
    geom::{PathBuilder, Point, Rect, Size, Transform},
    image::Image,
    metadata::{DateTime, Metadata},
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::Fill,
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind, TagTree},
    text::{Font, GlyphId, KrillaGlyph},
};

use crate::{
    fonts::{FONT_FILES, ShapedRun, units_per_em},
    letterhead::{BrandColour, Logo},
    page::{DocumentPages, DocumentRole, DocumentTree, Frame, Mark, NodeAt, Piece},
    sheet::DocumentSheet,
};

/// The most pixels that a logo may have: each takes some bytes of memory while it is drawn.
const PIXELS_MAX: u64 = 4_000_000;

/// Why a document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The writer of PDF refused it, in its own words.
    #[error("the document could not be written as PDF: {0}")]
    Refused(String),
}

static FACES: LazyLock<[Font; 3]> = LazyLock::new(|| {
    FONT_FILES.map(|file| Font::new(file.into(), 0).expect("the faces are files of this crate, and tests read them"))
});

/// A logo that can be drawn.
pub(crate) struct Picture {
    image: Image,
}

impl Picture {
    /// The picture of a logo; `None` where it cannot be read, or is larger than a logo is.
    pub(crate) fn of(logo: &Logo) -> Option<Self> {
        let data = logo.bytes().to_vec().into();
        let image = if logo.is_png() { Image::from_png(data, false) } else { Image::from_jpeg(data, false) }.ok()?;
        let (wide, high) = image.size();
        let pixels = u64::from(wide) * u64::from(high);
        (1..=PIXELS_MAX).contains(&pixels).then_some(Self { image })
    }

    /// Its width and height in pixels.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.image.size()
    }
}

/// Writes pages as a tagged PDF of the day that the sheet is of.
pub(crate) fn pdf(sheet: &DocumentSheet, pages: &DocumentPages, logo: Option<&Picture>) -> Result<Vec<u8>, DocumentError> {
    let refused = |why: &str| DocumentError::Refused(why.to_owned());
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .with_version(PdfVersion::Pdf17)
        .finish()
        .map_err(|_| refused("PDF 1.7 and PDF/UA-1 do not go together"))?;
    let mut document = Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let size = PageSettings::from_wh(points(pages.width), points(pages.height)).ok_or_else(|| refused("a page has no size"))?;
    let mut contents: Vec<Vec<Identifier>> = pages.tree.nodes.iter().map(|_| Vec::new()).collect();
    for pieces in &pages.pages {
        let mut page = document.start_page_with(size.clone());
        let mut surface = page.surface();
        for piece in pieces {
            let id = surface.start_tagged(content_of(piece));
            draw(&mut surface, &piece.mark, logo);
            surface.end_tagged();
            if let Some(node) = piece.of.and_then(|at| contents.get_mut(at)) {
                node.push(id);
            }
        }
        surface.finish();
        page.finish();
    }
    document.set_tag_tree(tagged(&pages.tree, contents, &sheet.language));
    let mut outline = Outline::new();
    for landmark in &pages.landmarks {
        let place = XyzDestination::new(landmark.page, Point::from_xy(0_f32, points(landmark.y)));
        outline.push_child(OutlineNode::new(landmark.text.clone(), place));
    }
    document.set_outline(outline);
    document.set_metadata(metadata(sheet, pages));
    document.finish().map_err(|error| DocumentError::Refused(error.to_string()))
}

fn metadata(sheet: &DocumentSheet, pages: &DocumentPages) -> Metadata {
    let day = sheet.as_of;
    let unsigned = |part: i8| part.unsigned_abs();
    let created = DateTime::new(day.year().unsigned_abs())
        .month(unsigned(day.month()))
        .day(unsigned(day.day()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    let title = pages.landmarks.first().map(|landmark| landmark.text.clone()).unwrap_or_default();
    Metadata::new()
        .title(if title.trim().is_empty() { "–".to_owned() } else { title })
        .authors(vec![crate::fonts::clean(&sheet.letterhead.name, 200)])
        .language(sheet.language.clone())
        .creator("Dunlin".to_owned())
        .creation_date(created)
}

fn content_of(piece: &Piece) -> ContentTag<'static> {
    match (piece.of, &piece.mark) {
        (Some(_), Mark::Text { .. }) => ContentTag::Span(SpanTag::empty()),
        (Some(_), Mark::Bar(..) | Mark::Logo(_)) => ContentTag::Other,
        (None, Mark::Text { .. }) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
        (None, Mark::Bar(..) | Mark::Logo(_)) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
    }
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, logo: Option<&Picture>) {
    match mark {
        Mark::Text { x, baseline, text, colour } => {
            surface.set_fill(Some(fill(*colour)));
            let mut x = *x;
            for run in &text.runs {
                let (at, face) = (Point::from_xy(points(x), points(*baseline)), FACES[run.typeface.at()].clone());
                surface.draw_glyphs(at, &glyphs(run), face, &text.text, points(text.size), false);
                x = x.saturating_add(run.width_until(usize::MAX, text.size));
            }
        }
        Mark::Bar(frame, colour) => {
            surface.set_fill(Some(fill(*colour)));
            let Frame { x, y, width, height } = *frame;
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(points(x), points(y), points(width), points(height)) {
                path.push_rect(rect);
            }
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Logo(frame) => {
            let size = Size::from_wh(points(frame.width), points(frame.height));
            if let (Some(logo), Some(size)) = (logo, size) {
                surface.push_transform(&Transform::from_translate(points(frame.x), points(frame.y)));
                surface.draw_image(logo.image.clone(), size);
                surface.pop();
            }
        }
    }
}

fn fill(colour: BrandColour) -> Fill {
    let [red, green, blue] = colour.rgb;
    Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }
}

/// Thousandths of a point as points.
#[expect(clippy::float_arithmetic, reason = "places on a page, not money")]
fn points(thousandths: i32) -> f32 {
    thousandths as f32 / 1000_f32
}

/// Glyphs with their lengths in parts of the size.
#[expect(clippy::float_arithmetic, reason = "widths of glyphs, not money")]
fn glyphs(run: &ShapedRun) -> Vec<KrillaGlyph> {
    let em = units_per_em(run.typeface) as f32;
    let part = |units: i32| units as f32 / em;
    run.glyphs
        .iter()
        .map(|glyph| {
            let id = GlyphId::new(glyph.id);
            KrillaGlyph::new(id, part(glyph.advance), part(glyph.right), part(glyph.up), 0_f32, glyph.of.clone(), None)
        })
        .collect()
}

/// The tree of tags. Each identifier has its one place: marks are tagged as parts of a node or as decoration.
fn tagged(tree: &DocumentTree, mut contents: Vec<Vec<Identifier>>, language: &str) -> TagTree {
    let mut root = TagTree::new().with_lang(Some(language.to_owned()));
    for at in &tree.roots {
        root.push(group(tree, *at, &mut contents));
    }
    root
}

fn group(tree: &DocumentTree, at: NodeAt, contents: &mut [Vec<Identifier>]) -> TagGroup {
    let node = &tree.nodes[at];
    let own = contents.get_mut(at).map(std::mem::take).unwrap_or_default();
    let mut children: Vec<Node> = own.into_iter().map(Node::from).collect();
    children.extend(node.children.iter().map(|child| Node::from(group(tree, *child, contents))));
    TagGroup::with_children(tag(&node.role), children)
}

fn tag(role: &DocumentRole) -> TagKind {
    match role {
        DocumentRole::Heading(level, text) => {
            let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
            Tag::Hn(level, Some(text.clone())).into()
        }
        DocumentRole::Paragraph => Tag::P.into(),
        DocumentRole::Figure(text) => Tag::Figure(Some(text.clone())).into(),
        DocumentRole::Table(text) => Tag::Table.with_summary(Some(text.clone())).into(),
        DocumentRole::Head => Tag::THead.into(),
        DocumentRole::Body => Tag::TBody.into(),
        DocumentRole::Foot => Tag::TFoot.into(),
        DocumentRole::Row => Tag::TR.into(),
        DocumentRole::ColumnTitle => Tag::TH(TableHeaderScope::Column).into(),
        DocumentRole::RowTitle => Tag::TH(TableHeaderScope::Row).into(),
        DocumentRole::Cell => Tag::TD.into(),
    }
}
