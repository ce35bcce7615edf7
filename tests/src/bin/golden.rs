//! Records what the golden stories come to: `cargo run -p tests --bin golden -- record [story…]`.

use std::collections::BTreeSet;

use tests::golden::{Shelf, changed, play_all};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    kit::metrics::silence();
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    anyhow::ensure!(command == "record", "golden -- record [story…]; without a story, all");
    let wanted: BTreeSet<String> = arguments.collect();
    let shelf = Shelf::default();
    let mut stories = shelf.stories()?;
    let unknown: Vec<&String> = wanted.iter().filter(|name| !stories.contains_key(*name)).collect();
    anyhow::ensure!(unknown.is_empty(), "there are no such stories: {unknown:?}");
    stories.retain(|name, _| wanted.is_empty() || wanted.contains(name));
    let count = stories.len();
    for (name, lines) in play_all(stories).await? {
        shelf.record(&name, &lines)?;
    }
    println!("{count} stories played");
    for flaw in changed::flaws(&shelf.outcomes()?, &shelf.now()?, &shelf.changed()?) {
        println!("{flaw}");
    }
    Ok(())
}
