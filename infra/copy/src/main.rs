//! `cargo run -p copy --bin tenant`: one tenant out of a table, into another, compared, its lists rebuilt, deleted; and its objects out of a bucket, into
//! another, compared, deleted.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::PathBuf,
};

use anyhow::{Context, Result, bail};
use aws_config::BehaviorVersion;
use clap::{Parser, Subcommand};
use copy::{Arrival, ObjectsCopied, Place, Shelf};
use domain::TenantId;
use store::Rebuilt;

/// One tenant of Dunlin as a file of lines and a folder of objects, with the credentials and region that the AWS CLI uses.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The table: the stack's output `TableName`. Needed but for objects.
    #[arg(long)]
    table: Option<String>,
    /// The bucket: the stack's output `BucketName`. Needed for objects.
    #[arg(long)]
    bucket: Option<String>,
    /// The tenant's id.
    #[arg(long)]
    tenant: String,
    /// Another address of DynamoDB and S3.
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
    /// Takes the tenant's objects into a folder; run again, what is new or not whole.
    ExportObjects { folder: PathBuf },
    /// Puts a folder's objects into the bucket; run again, those that are not there yet.
    ImportObjects { folder: PathBuf },
    /// Names the objects that differ between the bucket and a folder; ends with 1 if there are any. Fetches every object.
    CompareObjects { folder: PathBuf },
    /// Deletes the tenant's objects from the bucket, where the folder is an export of what is there.
    DeleteObjects { folder: PathBuf },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let tenant = TenantId::parse(&arguments.tenant).ok().context("--tenant is no tenant's id")?;
    let mut config = aws_config::defaults(BehaviorVersion::latest());
    if let Some(url) = &arguments.endpoint_url {
        config = config.endpoint_url(url);
    }
    let config = config.load().await;
    let (table, bucket) = (arguments.table, arguments.bucket);
    let place = || -> Result<Place> {
        let table = table.clone().context("--table is missing: the stack's output TableName")?;
        Ok(Place { db: aws_sdk_dynamodb::Client::new(&config), table, tenant: tenant.clone() })
    };
    let shelf = || -> Result<Shelf> {
        let bucket = bucket.clone().context("--bucket is missing: the stack's output BucketName")?;
        // Bucket names in paths, not in host names: the same request works against any endpoint.
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        Ok(Shelf { s3: aws_sdk_s3::Client::from_conf(s3), bucket, tenant: tenant.clone() })
    };
    let open = |path: &PathBuf| -> Result<BufReader<File>> {
        Ok(BufReader::new(File::open(path).with_context(|| format!("{} cannot be read", path.display()))?))
    };
    match arguments.what {
        What::Export { file } => {
            let new = File::create_new(&file).with_context(|| format!("{} cannot be made anew", file.display()))?;
            let (place, mut out) = (place()?, BufWriter::new(new));
            let count = place.export(&mut out).await?;
            out.flush()?;
            println!("{count} items of {} are in {}", place.tenant, file.display());
        }
        What::Import { file, as_it_was } => {
            let place = place()?;
            let arrival = if as_it_was { Arrival::AsItWas } else { Arrival::Paused };
            let count = place.import(open(&file)?, arrival).await?;
            println!("{count} items of {} are in {}", place.tenant, place.table);
        }
        What::Compare { file } => {
            let found = place()?.compare(open(&file)?).await?;
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
            let place = place()?;
            let Rebuilt { right, written, deleted } = place.rebuild().await?;
            println!("{right} rows of {} were right, {written} were written, {deleted} deleted", place.tenant);
        }
        What::Delete { file } => {
            let place = place()?;
            let count = place.delete(open(&file)?).await?;
            println!("{count} items of {} are gone from {}", place.tenant, place.table);
        }
        What::ExportObjects { folder } => {
            let shelf = shelf()?;
            println!("{} are in {}", said(&shelf, shelf.export(&folder).await?), folder.display());
        }
        What::ImportObjects { folder } => {
            let shelf = shelf()?;
            println!("{} are in {}", said(&shelf, shelf.import(&folder).await?), shelf.bucket);
        }
        What::CompareObjects { folder } => {
            let found = shelf()?.compare(&folder).await?;
            for (what, keys) in
                [("bucket only", &found.bucket_only), ("folder only", &found.folder_only), ("changed", &found.changed)]
            {
                keys.iter().for_each(|key| println!("{what}: {key}"));
            }
            if !found.is_empty() {
                bail!("bucket and folder differ");
            }
            println!("bucket and folder are the same");
        }
        What::DeleteObjects { folder } => {
            let shelf = shelf()?;
            let count = shelf.delete(&folder).await?;
            println!("{count} objects of {} are gone from {}", shelf.tenant, shelf.bucket);
        }
    }
    Ok(())
}

/// What a run came to, in words.
fn said(shelf: &Shelf, came: ObjectsCopied) -> String {
    let ObjectsCopied { copied, there, bytes } = came;
    format!("{} objects of {} ({bytes} bytes, {copied} of them new)", copied + there, shelf.tenant)
}
