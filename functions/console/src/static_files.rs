//! The few files beside the pages: styles and scripts, each under a name that holds a hash of it, so that a browser keeps it for good.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};

/// Name, form and content.
const FILES: [(&str, &str, &str, &str); 3] = [
    (
        "console",
        "css",
        "text/css; charset=utf-8",
        concat!(include_str!("static/style.css"), include_str!("static/flow.css"), include_str!("static/setup.css")),
    ),
    (
        "console",
        "js",
        "text/javascript; charset=utf-8",
        concat!(include_str!("static/console.js"), include_str!("static/live_preview.js"), include_str!("static/setup.js")),
    ),
    // htmx 2.0.11 as it is published, under the licence beside it.
    ("htmx", "js", "text/javascript; charset=utf-8", include_str!("static/htmx-2.0.11.min.js")),
];
/// Where they are.
const FOLDER: &str = "/console/static/";

/// A file.
#[derive(Clone, Debug)]
pub(crate) struct StaticFile {
    /// Its path, with the hash in it.
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static str,
}

/// The files.
#[derive(Clone, Debug)]
pub(crate) struct StaticFiles([StaticFile; 3]);

impl StaticFiles {
    pub(crate) fn new() -> Self {
        Self(FILES.map(|(name, form, content_type, body)| {
            let mut hash = String::new();
            for byte in digest(&SHA256, body.as_bytes()).as_ref().iter().take(8) {
                // A text takes what is written to it.
                let _ = write!(hash, "{byte:02x}");
            }
            StaticFile { path: format!("{FOLDER}{name}.{hash}.{form}"), content_type, body }
        }))
    }

    /// The file at a path.
    pub(crate) fn at(&self, path: &str) -> Option<&StaticFile> {
        self.0.iter().find(|file| file.path == path)
    }

    /// The paths of the styles, our script and htmx.
    pub(crate) fn paths(&self) -> [&str; 3] {
        self.0.each_ref().map(|file| file.path.as_str())
    }
}

/// Whether a path is below the folder of files.
pub(crate) fn is_file(path: &str) -> bool {
    path.starts_with(FOLDER)
}
