//! `cargo run -p copy --bin tenant`: one tenant out of a table, into another, compared, its lists rebuilt, deleted.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::PathBuf,
};

use anyhow::{Context, Result, bail};
use aws_config::BehaviorVersion;
use clap::{Parser, Subcommand};
use copy::{Arrival, Place};
use domain::TenantId;
use store::Rebuilt;

/// One tenant of Dunlin as a file of lines, with the credentials and region that the AWS CLI uses.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The table: the stack's output `TableName`.
    #[arg(long)]
    table: String,
    /// The tenant's id.
    #[arg(long)]
    tenant: String,
    /// Another address of DynamoDB.
    #[arg(long)]
    endpoint_url: Option<String>,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Writes the tenant's items into a new file. Reads the whole table.
    Export { file: PathBuf },
    /// Puts a file into a table that does not have the tenant, with its kill switch on.
    Import {
        file: PathBuf,
        /// Leaves the kill switch as it was: only where the tenant runs nowhere else and nothing was sent since the export.
        #[arg(long)]
        as_it_was: bool,
    },
    /// Names the items that differ between the table and a file; ends with 1 if there are any.
    Compare { file: PathBuf },
    /// Sets the tenant's rows of lists right, from its other items. Reads the whole table; everything else may go on meanwhile.
    Rebuild,
    /// Deletes the tenant from the table, where the file is an export of what is there.
    Delete { file: PathBuf },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let tenant = TenantId::parse(&arguments.tenant).ok().context("--tenant is no tenant's id")?;
    let mut config = aws_config::defaults(BehaviorVersion::latest());
    if let Some(url) = &arguments.endpoint_url {
        config = config.endpoint_url(url);
    }
    let db = aws_sdk_dynamodb::Client::new(&config.load().await);
    let place = Place { db, table: arguments.table, tenant };
    let open = |path: &PathBuf| -> Result<BufReader<File>> {
        Ok(BufReader::new(File::open(path).with_context(|| format!("{} cannot be read", path.display()))?))
    };
    match arguments.what {
        What::Export { file } => {
            let new = File::create_new(&file).with_context(|| format!("{} cannot be made anew", file.display()))?;
            let mut out = BufWriter::new(new);
            let count = place.export(&mut out).await?;
            out.flush()?;
            println!("{count} items of {} are in {}", place.tenant, file.display());
        }
        What::Import { file, as_it_was } => {
            let arrival = if as_it_was { Arrival::AsItWas } else { Arrival::Paused };
            let count = place.import(open(&file)?, arrival).await?;
            println!("{count} items of {} are in {}", place.tenant, place.table);
        }
        What::Compare { file } => {
            let found = place.compare(open(&file)?).await?;
            for (what, keys) in [("table only", &found.table_only), ("file only", &found.file_only), ("changed", &found.changed)]
            {
                keys.iter().for_each(|key| println!("{what}: {key}"));
            }
            if !found.is_empty() {
                bail!("table and file differ");
            }
            println!("table and file are the same");
        }
        What::Rebuild => {
            let Rebuilt { right, written, deleted } = place.rebuild().await?;
            println!("{right} rows of {} were right, {written} were written, {deleted} deleted", place.tenant);
        }
        What::Delete { file } => {
            let count = place.delete(open(&file)?).await?;
            println!("{count} items of {} are gone from {}", place.tenant, place.table);
        }
    }
    Ok(())
}
