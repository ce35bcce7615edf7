//! Records what this release leaves for the next, once, before it is released: `cargo run -p tests --bin release`.

use std::path::Path;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    kit::metrics::silence();
    let version = env!("CARGO_PKG_VERSION");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/releases").join(version);
    anyhow::ensure!(
        !folder.exists(),
        "{version} is recorded already, in {}: raise `version` in Cargo.toml, or remove the folder if {version} was never released",
        folder.display()
    );
    let release = tests::release::record(version).await?;
    release.write(&folder)?;
    println!("{}", serde_json::to_string_pretty(&release.outcome)?);
    println!("{} items, {} events for functions: {}", release.table.len(), release.left.given.len(), folder.display());
    Ok(())
}
