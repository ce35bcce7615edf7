//! Columns of plain text that stand one below the other, also where letters of two widths are in them: Japanese ones are as wide as two Latin ones.

use unicode_width::UnicodeWidthStr;

/// Widest that a column is made for its longest cell; what is longer stands out.
const WIDEST: usize = 40;

/// How wide a column is that has these cells.
pub fn widest<'t>(cells: impl Iterator<Item = &'t str>) -> usize {
    cells.map(UnicodeWidthStr::width).max().unwrap_or(0).min(WIDEST)
}

/// A cell at the left of its column.
pub fn at_left(text: &str, width: usize) -> String {
    format!("{text}{}", rest(text, width))
}

/// A cell at the right of its column.
pub fn at_right(text: &str, width: usize) -> String {
    format!("{}{text}", rest(text, width))
}

fn rest(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.width()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_two_widths_stand_below_one_another() {
        let cells = ["請求書", "A-1"];
        let width = widest(cells.into_iter());
        assert_eq!(width, 6);
        assert_eq!(cells.map(|cell| at_left(cell, width)), ["請求書", "A-1   "]);
        assert_eq!(cells.map(|cell| at_right(cell, width)), ["請求書", "   A-1"]);
        // The yen of Japanese amounts is a wide one, and spaces that do not break are narrow.
        assert_eq!([widest(["￥500"].into_iter()), widest(["1\u{202f}250,00\u{a0}€"].into_iter())], [5, 10]);
        assert_eq!([widest([].into_iter()), widest(["x".repeat(90).as_str()].into_iter())], [0, WIDEST]);
        assert_eq!(at_left("longer", 3), "longer");
    }
}
