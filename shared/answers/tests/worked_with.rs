//! The answers that the rules were made with, and those that were written after them: no opt-out is missed, and hardly a harmless text
//! closes a channel.

#[path = "corpus/figures.rs"]
mod figures;

use std::{path::Path, sync::OnceLock};

use figures::{Figures, measure, read};

fn measured(file: &str) -> Figures {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(file);
    let figures = measure(&read(&path).unwrap_or_else(|why| panic!("{why}")));
    println!("{file}\n{}{}", figures.table(), figures.others.join("\n"));
    figures
}

/// Figures of the 400, and of those that were written after the rules.
fn both() -> &'static [Figures; 2] {
    static BOTH: OnceLock<[Figures; 2]> = OnceLock::new();
    BOTH.get_or_init(|| [measured("worked_with.tsv"), measured("written_after.tsv")])
}

#[test]
fn there_are_400_of_eight_languages_and_fifteen_classes() {
    let figures = &both()[0];
    assert_eq!(figures.all.texts, 400);
    assert_eq!((figures.by_class.len(), figures.by_language.len()), (15, 8));
}

#[test]
fn every_opt_out_closes_its_channel() {
    for figures in both() {
        assert!(figures.missed.is_empty(), "missed:\n{}", figures.missed.join("\n"));
        assert!(figures.stopped > 0);
    }
}

#[test]
fn at_most_one_harmless_text_of_a_hundred_closes_a_channel() {
    for figures in both() {
        let wrongly = figures.stopped_wrongly.len();
        assert!(wrongly * 100 <= figures.harmless, "{wrongly} of {}:\n{}", figures.harmless, figures.stopped_wrongly.join("\n"));
    }
}

#[test]
fn nearly_every_text_is_of_the_class_that_it_was_written_for() {
    for figures in both() {
        assert!(figures.all.first * 100 >= figures.all.texts * 95, "{}\n{}", figures.table(), figures.others.join("\n"));
        for (class, of) in figures.by_class.iter().filter(|(_, of)| of.texts > 10) {
            assert!(of.among * 10 >= of.texts * 9, "{}: {} of {}", class.as_str(), of.among, of.texts);
        }
    }
}
