//! The answers that the rules were made with: no opt-out is missed, and hardly a harmless text closes a channel.

#[path = "corpus/figures.rs"]
mod figures;

use std::path::Path;

use figures::{Figures, Labelled, measure, read};

fn corpus() -> Vec<Labelled> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/worked_with.tsv");
    read(&path).unwrap_or_else(|why| panic!("{why}"))
}

fn measured() -> Figures {
    let figures = measure(&corpus());
    println!("{}{}", figures.table(), figures.others.join("\n"));
    figures
}

#[test]
fn there_are_400_of_eight_languages_and_fifteen_classes() {
    let figures = measured();
    assert_eq!(figures.all.texts, 400);
    assert_eq!((figures.by_class.len(), figures.by_language.len()), (15, 8));
}

#[test]
fn every_opt_out_closes_its_channel() {
    let figures = measured();
    assert!(figures.missed.is_empty(), "missed:\n{}", figures.missed.join("\n"));
    assert!(figures.stopped > 0);
}

#[test]
fn at_most_one_harmless_text_of_a_hundred_closes_a_channel() {
    let figures = measured();
    let wrongly = figures.stopped_wrongly.len();
    assert!(wrongly * 100 <= figures.harmless, "{wrongly} of {}:\n{}", figures.harmless, figures.stopped_wrongly.join("\n"));
}

#[test]
fn nearly_every_text_is_of_the_class_that_it_was_written_for() {
    let figures = measured();
    assert!(figures.all.first * 100 >= figures.all.texts * 95, "{}\n{}", figures.table(), figures.others.join("\n"));
    for (class, of) in &figures.by_class {
        assert!(of.among * 10 >= of.texts * 9, "{}: {} of {}", class.as_str(), of.among, of.texts);
    }
}
