//! Marks of lines: a shape and a dash for each series, so that they are told apart without colour.

use std::fmt::Write;

/// The dashes of a series' line.
pub(super) fn dashes(at: usize) -> &'static str {
    ["", "80 40", "20 30", "120 40 20 40", "60 20", "10 20"][at % 6]
}

/// The shape of a series' mark at a place, in a colour.
pub(super) fn mark(out: &mut String, at: usize, (x, y): (i64, i64), colour: &str) {
    const R: i64 = 32;
    let of = match at % 4 {
        0 => {
            let _ = write!(out, r#"<circle cx="{x}" cy="{y}" r="{R}" fill="{colour}"/>"#);
            return;
        }
        1 => [(x - R, y - R), (x + R, y - R), (x + R, y + R), (x - R, y + R)],
        2 => [(x, y - R - 8), (x + R + 8, y + R), (x - R - 8, y + R), (x - R - 8, y + R)],
        _ => [(x, y - R - 12), (x + R + 12, y), (x, y + R + 12), (x - R - 12, y)],
    };
    let points: Vec<String> = of.iter().map(|(x, y)| format!("{x},{y}")).collect();
    let _ = write!(out, r#"<polygon points="{}" fill="{colour}"/>"#, points.join(" "));
}
