//! Prints how often the rules agree with the readers of a file of labelled answers, by class and language.
//!
//! `cargo run -p answers --example measure` reads `tests/corpus/held_back.tsv`, or the file that is named, and with `--texts` shows the texts
//! of which another class is the strongest.

#[path = "../tests/corpus/figures.rs"]
mod figures;

use std::{env, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let (flags, files): (Vec<String>, Vec<String>) = env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let held_back = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/held_back.tsv");
    let path = files.first().map_or(held_back, PathBuf::from);
    if !path.exists() {
        println!("there is no {}; write it, or name another file", path.display());
        return ExitCode::FAILURE;
    }
    match figures::read(&path) {
        Ok(texts) => {
            let figures = figures::measure(&texts);
            print!("{}", figures.table());
            let misses = figures.missed.iter().map(|shown| format!("missed {shown}"));
            let wrongly = figures.stopped_wrongly.iter().map(|shown| format!("closed wrongly {shown}"));
            misses.chain(wrongly).for_each(|shown| println!("{shown}"));
            if flags.iter().any(|flag| flag == "--texts") {
                figures.others.iter().for_each(|shown| println!("{shown}"));
            }
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}
