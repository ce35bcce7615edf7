//! Writes one document of each kind into a folder, to be looked at: `cargo run -p documents --example show_documents -- FOLDER`.

#[path = "../tests/documents/samples.rs"]
mod samples;

use std::{fs, path::Path};

use samples::{Hand, copy, logo, receipt, statement};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write to")?;
    let mut with_logo = receipt();
    with_logo.head.letterhead.logo = logo((360, 100));
    let sheets = [
        ("statement-en", statement(30).sheet(&Hand("en"))),
        ("statement-de", statement(3).sheet(&Hand("de"))),
        ("receipt-de", receipt().sheet(&Hand("de"))),
        ("receipt-with-logo-en", with_logo.sheet(&Hand("en"))),
        ("invoice-copy-fr", copy().sheet(&Hand("fr"))),
        ("invoice-copy-ja", copy().sheet(&Hand("ja"))),
        ("statement-ja", statement(30).sheet(&Hand("ja"))),
    ];
    for (name, sheet) in sheets {
        fs::write(Path::new(&folder).join(format!("{name}.pdf")), sheet.pdf()?)?;
    }
    Ok(())
}
