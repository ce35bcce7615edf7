//! Golden stories: what customers go through, as data, and what the whole machine makes of each, a fact a line. The folder
//! `tests/golden` holds both; its README says how a story is written and when a changed line is right.

pub mod changed;
pub mod normalise;
pub mod play;
pub mod story;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use tokio::{sync::Semaphore, task::JoinSet};

use story::Story;

/// Stories that are played at once, each on a stack of its own.
const AT_ONCE: usize = 2;

/// The folder of the stories and their outcomes.
#[derive(Clone, Debug)]
pub struct Shelf(PathBuf);

impl Default for Shelf {
    fn default() -> Self {
        Self(Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"))
    }
}

impl Shelf {
    /// Every story by its file's name.
    ///
    /// # Errors
    ///
    /// Names the file that does not read.
    pub fn stories(&self) -> anyhow::Result<BTreeMap<String, Story>> {
        let read = |(name, path): (String, PathBuf)| {
            let text = fs::read_to_string(&path)?;
            let story = serde_json::from_str(&text).with_context(|| format!("{} is no story", path.display()))?;
            Ok((name, story))
        };
        files(&self.0.join("stories"), "json")?.into_iter().map(read).collect()
    }

    /// What the stories came to when they were first recorded.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub fn outcomes(&self) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
        texts(&self.0.join("outcomes"))
    }

    /// What they come to now, where that differs.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub fn now(&self) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
        texts(&self.0.join("now"))
    }

    /// The text that explains each difference.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn changed(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.0.join("changed.md"))?)
    }

    /// Records what a story came to: for good where it is new, else beside what it first came to, where it differs.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub fn record(&self, name: &str, lines: &[String]) -> anyhow::Result<()> {
        let path = |folder: &str| self.0.join(folder).join(format!("{name}.txt"));
        let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let first = fs::read_to_string(path("outcomes")).ok();
        match first {
            None => fs::write(path("outcomes"), text)?,
            Some(first) if first == text => {
                if path("now").exists() {
                    fs::remove_file(path("now"))?;
                }
            }
            Some(_) => {
                fs::create_dir_all(self.0.join("now"))?;
                fs::write(path("now"), text)?;
            }
        }
        Ok(())
    }
}

/// Plays stories, a few at once: what each came to, by name.
///
/// # Errors
///
/// Names the story that could not be told to its end.
pub async fn play_all(stories: BTreeMap<String, Story>) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut playing = JoinSet::new();
    for (name, story) in stories {
        let room = Arc::clone(&room);
        playing.spawn(async move {
            let _place = room.acquire_owned().await?;
            let lines = play::play(&story).await.with_context(|| format!("story {name}"))?;
            anyhow::Ok((name, lines))
        });
    }
    let mut all = BTreeMap::new();
    while let Some(one) = playing.join_next().await {
        let (name, lines) = one??;
        all.insert(name, lines);
    }
    Ok(all)
}

fn files(folder: &Path, extension: &str) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.extension().is_some_and(|own| own == extension) {
            found.insert(name, path);
        }
    }
    Ok(found)
}

fn texts(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let read = |(name, path): (String, PathBuf)| Ok((name, fs::read_to_string(path)?.lines().map(str::to_owned).collect()));
    files(folder, "txt")?.into_iter().map(read).collect()
}
