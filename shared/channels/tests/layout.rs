//! The mail's layout as it is checked in.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use std::{fs, path::Path};

#[test]
fn the_layout_is_what_mjml_makes_of_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let parsed = mrml::parse(fs::read_to_string(folder.join("layout.mjml")).unwrap()).unwrap();
    // Without its fonts: who opens a mail is nobody else's business.
    let options = mrml::prelude::render::RenderOptions { fonts: [].into(), ..Default::default() };
    let made = parsed.element.render(&options).unwrap();
    assert!(!made.contains("https://"), "the layout loads something from elsewhere");
    if fs::read_to_string(folder.join("layout.html")).unwrap_or_default() == made {
        return;
    }
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layout.html");
    fs::write(&fresh, made).unwrap();
    panic!(
        "the layout changed: look at it, and if it is meant, accept it by\n  cp {} shared/channels/src/layout.html",
        fresh.display()
    );
}
