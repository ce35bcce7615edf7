//! What pages of the local stack have around them, and the choice of a seller on them.

use std::{collections::BTreeSet, fmt::Write};

use super::escape;

const STYLE: &str = include_str!("style.css");

/// What a page of the local stack begins with. It looks like the console, by the console's own styles.
pub(crate) fn head(title: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width, initial-scale=1'>\
         <meta name=color-scheme content='light dark'><title>{}</title><link rel=stylesheet href='{}'><style>{STYLE}</style></head>",
        escape(title),
        escape(&console::style_path()),
    )
}

/// The choices of a seller, with all of them first.
pub(super) fn options(tenants: &BTreeSet<&str>, chosen: Option<&str>) -> String {
    let mut options = String::from("<option value=''>All sellers</option>");
    for one in tenants {
        let selected = if Some(*one) == chosen { " selected" } else { "" };
        let _ = write!(options, "<option{selected}>{}</option>", escape(one));
    }
    options
}
