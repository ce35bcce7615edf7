//! Colours that people tell apart whose eyes see fewer of them.

/// Series side by side: of Okabe and Ito's palette, those with contrast to white and to black.
const APART: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
/// Series in an order, such as age: from light to dark, after cividis, which looks alike to most kinds of colour blindness;
/// the darkest is lighter than there, so that it is seen on a dark page.
const IN_ORDER: [&str; 6] = ["#fde737", "#cbba69", "#98907a", "#6a6b73", "#46587d", "#2b5797"];

/// The colour of a series of several that have no order.
pub(super) fn apart(at: usize) -> &'static str {
    APART[at % APART.len()]
}

/// The colour of a series of so many that are in order.
pub(super) fn in_order(at: usize, of: usize) -> &'static str {
    let last = IN_ORDER.len() - 1;
    IN_ORDER[if of < 2 { last - 1 } else { (at * last / (of - 1)).min(last) }]
}
