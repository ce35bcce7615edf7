//! Marks on pages, and the tree that says what they are. Lengths are thousandths of a point from the page's upper left corner.

use crate::{
    fonts::{ShapedText, Weight},
    letterhead::BrandColour,
};

/// What part of a document something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DocumentRole {
    /// A heading of a level, and its text.
    Heading(u16, String),
    Paragraph,
    /// A picture, in words.
    Figure(String),
    /// A table, and what it is called.
    Table(String),
    Head,
    Body,
    Foot,
    Row,
    ColumnTitle,
    RowTitle,
    Cell,
}

/// A node of the tree, by its position.
pub(crate) type NodeAt = usize;

/// A part of a document, and the parts that it has.
#[derive(Debug)]
pub(crate) struct DocumentNode {
    pub(crate) role: DocumentRole,
    pub(crate) children: Vec<NodeAt>,
}

/// What the parts of a document are, in the order in which they are read.
#[derive(Debug, Default)]
pub(crate) struct DocumentTree {
    pub(crate) nodes: Vec<DocumentNode>,
    pub(crate) roots: Vec<NodeAt>,
}

impl DocumentTree {
    pub(crate) fn add(&mut self, role: DocumentRole, parent: Option<NodeAt>) -> NodeAt {
        let at = self.nodes.len();
        self.nodes.push(DocumentNode { role, children: Vec::new() });
        match parent.and_then(|parent| self.nodes.get_mut(parent)) {
            Some(parent) => parent.children.push(at),
            None => self.roots.push(at),
        }
        at
    }
}

/// A rectangle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// Something that is drawn.
#[derive(Debug)]
pub(crate) enum Mark {
    Text { x: i32, baseline: i32, text: ShapedText, colour: BrandColour },
    Bar(Frame, BrandColour),
    Logo(Frame),
}

/// A mark, and what it is part of; decoration where it is part of nothing.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) of: Option<NodeAt>,
    pub(crate) mark: Mark,
}

/// A heading, and where it stands.
#[derive(Debug)]
pub(crate) struct Landmark {
    pub(crate) text: String,
    pub(crate) page: usize,
    pub(crate) y: i32,
}

/// A document cut into pages.
#[derive(Debug)]
pub(crate) struct DocumentPages {
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) pages: Vec<Vec<Piece>>,
    pub(crate) tree: DocumentTree,
    pub(crate) landmarks: Vec<Landmark>,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextStyle {
    pub(crate) weight: Weight,
    pub(crate) size: i32,
    /// From line to line.
    pub(crate) leading: i32,
    pub(crate) colour: BrandColour,
}

impl TextStyle {
    pub(crate) const fn new(weight: Weight, size: i32, leading: i32, colour: BrandColour) -> Self {
        Self { weight, size, leading, colour }
    }

    /// From the top of a line to its baseline, so that the text stands in its middle.
    pub(crate) fn ascent(&self) -> i32 {
        (self.leading + self.size * 7 / 10) / 2
    }
}
