//! What a closed day leaves of a shard's customers, as Parquet in the bucket. A shard that is summed again writes the same files again.

use domain::TenantId;
use figures::CustomerFigures;
use files::Bucket;
use jiff::civil::Date;
use snapshots::{SnapshotError, SnapshotPart};

/// Rows after which a file ends: of them an invocation holds no more.
const ROWS_MAX: usize = 25_000;
/// Files of a shard at most: their numbers tell shards apart.
const FILES_MAX: u32 = 1_000;
/// What the files are.
const PARQUET: &str = "application/vnd.apache.parquet";

/// The files of one shard and day in the making.
pub(crate) struct DaySnapshot<'a> {
    bucket: &'a Bucket,
    tenant: &'a TenantId,
    day: Date,
    first: u32,
    written: u32,
    part: SnapshotPart,
    /// Whether a customer's numbers fit into no file: then the day has none of this shard from there on.
    is_given_up: bool,
}

impl<'a> DaySnapshot<'a> {
    pub(crate) fn of(bucket: &'a Bucket, tenant: &'a TenantId, day: Date, shard: u8) -> Self {
        let first = u32::from(shard) * FILES_MAX;
        Self { bucket, tenant, day, first, written: 0, part: SnapshotPart::default(), is_given_up: false }
    }

    /// Adds a customer.
    ///
    /// # Errors
    ///
    /// Those of the bucket: the tick ends there, and the next one sums the shard again.
    pub(crate) async fn add(&mut self, figures: &CustomerFigures) -> anyhow::Result<()> {
        if self.is_given_up {
            return Ok(());
        }
        match self.part.add(figures) {
            Ok(()) => {}
            Err(error @ SnapshotError::TooLarge { .. }) => {
                // Trying again comes to the same, and the day is closed all the same.
                let error = kit::causes(&error);
                tracing::error!(tenant.id = %self.tenant, day = %self.day, error, "a day leaves no snapshot of some customers");
                self.is_given_up = true;
                return Ok(());
            }
            Err(error @ SnapshotError::Parquet(_)) => return Err(error.into()),
        }
        if self.part.rows() >= ROWS_MAX && self.written + 1 < FILES_MAX {
            self.write().await?;
        }
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    ///
    /// As of [`Self::add`].
    pub(crate) async fn finish(mut self) -> anyhow::Result<()> {
        if !self.is_given_up && self.part.rows() > 0 {
            self.write().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> anyhow::Result<()> {
        let part = std::mem::take(&mut self.part);
        // Long tables take their time, and whoever shares the thread has other work.
        let files = tokio::task::spawn_blocking(move || part.files()).await??;
        // Where nothing was contested there is nothing to ask: a file without rows would cost and say nothing.
        for file in files.into_iter().filter(|file| file.rows > 0) {
            let key = file.table.key(self.day, self.tenant, self.first + self.written);
            self.bucket.put(&key, PARQUET, file.bytes).await?;
        }
        self.written += 1;
        Ok(())
    }
}
