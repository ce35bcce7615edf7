//! Texts cut into lines.

use crate::fonts::{Weight, advance, clean, width};

/// A text cut into at most `lines_max` lines no wider than `room`: between words, and inside one that is wider than a line. Lines but the last
/// end in the space that was cut at; where there is more than the lines take, the last ends in an ellipsis.
pub(crate) fn lines(text: &str, (weight, size): (Weight, i32), room: i32, lines_max: usize) -> Vec<String> {
    // No character but marks is narrower than this part of the size, so that no more than these can be shown.
    let narrowest = (size / 5).max(1);
    let chars_max = usize::try_from(room / narrowest).unwrap_or(0).saturating_mul(lines_max).max(8);
    let text = clean(text, chars_max);
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    let mut words = text.split_inclusive(' ');
    let mut next = words.next().map(str::to_owned);
    while let Some(word) = next.take() {
        let bare = width(word.trim_end_matches(' '), weight, size);
        if used + bare <= room {
            used += width(&word, weight, size);
            line.push_str(&word);
            next = words.next().map(str::to_owned);
        } else if line.is_empty() {
            let (head, tail) = split_at(&word, (weight, size), room);
            lines.push(head.to_owned());
            next = Some(tail.to_owned());
        } else {
            lines.push(std::mem::take(&mut line));
            used = 0;
            next = Some(word);
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    if lines.len() > lines_max {
        lines.truncate(lines_max);
        if let Some(last) = lines.last_mut() {
            while width(last, weight, size) + advance('…', weight, size) > room && last.pop().is_some() {}
            last.truncate(last.trim_end().len());
            last.push('…');
        }
    }
    lines
}

/// What no line of Japanese begins with: marks that end a phrase, and what belongs to the kana before.
const NEVER_FIRST: &str = "、。，．・：；？！）」』】〉》〕］｝ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ";

/// As much of a word as there is room for, at least a character, and the rest. Japanese has no spaces: a sentence of it is a word.
fn split_at(word: &str, (weight, size): (Weight, i32), room: i32) -> (&str, &str) {
    let (mut used, mut at) = (0_i32, 0);
    for c in word.chars() {
        used = used.saturating_add(advance(c, weight, size));
        if used > room && at > 0 {
            break;
        }
        at += c.len_utf8();
    }
    let (mut head, mut tail) = word.split_at(at);
    while tail.starts_with(|first: char| NEVER_FIRST.contains(first)) {
        match head.char_indices().next_back() {
            Some((before, _)) if before > 0 => (head, tail) = word.split_at(before),
            // Nothing but such marks: they are cut where there is room.
            _ => return word.split_at(at),
        }
    }
    (head, tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: (Weight, i32) = (Weight::Regular, 10_000);

    #[test]
    fn texts_are_cut_between_words_and_inside_long_ones() {
        let room = width("twelve chars", STYLE.0, STYLE.1);
        assert_eq!(lines("twelve chars more", STYLE, room, 3), ["twelve chars ", "more"]);
        assert_eq!(lines("", STYLE, room, 3), [""]);
        let long = "x".repeat(60);
        let cut = lines(&long, STYLE, room, 9);
        assert!(cut.len() > 3 && cut.concat() == long, "{cut:?}");
        assert!(cut.iter().all(|line| width(line, STYLE.0, STYLE.1) <= room));
    }

    #[test]
    fn no_line_of_japanese_begins_with_what_ends_a_phrase() {
        let room = 30_000;
        assert_eq!(lines("請求書。残高ー明細", STYLE, room, 9), ["請求", "書。残", "高ー明", "細"]);
        assert_eq!(lines("。。。。。", STYLE, room, 9), ["。。。", "。。"]);
        let long = "残高の明細をご確認ください。".repeat(9);
        let cut = lines(&long, STYLE, 95_000, 99);
        assert!(cut.len() > 9 && cut.concat() == long, "{cut:?}");
        assert!(cut.iter().all(|line| !line.starts_with('。') && width(line, STYLE.0, STYLE.1) <= 95_000), "{cut:?}");
    }

    #[test]
    fn what_is_too_much_ends_in_an_ellipsis() {
        for text in ["word ".repeat(5_000), "w".repeat(10_000), "i".repeat(10_000)] {
            let cut = lines(&text, STYLE, 100_000, 3);
            assert!(cut.len() <= 3 && cut.last().is_some_and(|last| last.ends_with('…')), "{cut:?}");
            assert!(cut.iter().all(|line| width(line.trim_end(), STYLE.0, STYLE.1) <= 100_000));
        }
        assert_eq!(lines("wide", STYLE, 1, 2).len(), 2);
    }
}
