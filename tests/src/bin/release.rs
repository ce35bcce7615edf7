//! Records what this release leaves for the next, once, before it is released: `cargo run -p tests --bin release`.

use tests::release::{Release, VERSION, record};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    kit::metrics::silence();
    let folder = Release::folder().join(VERSION);
    anyhow::ensure!(
        !folder.exists(),
        "{VERSION} is recorded already, in {}: raise `version` in Cargo.toml, or remove the folder if {VERSION} was never released",
        folder.display()
    );
    let release = record(VERSION).await?;
    release.write()?;
    println!("{}", serde_json::to_string_pretty(&release.outcome)?);
    println!("{} items, {} events for functions: {}", release.table.len(), release.left.given.len(), folder.display());
    Ok(())
}
