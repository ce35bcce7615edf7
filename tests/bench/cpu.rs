//! What the kernel says a thread or process has used.

use std::{fs, time::Duration};

use anyhow::Context;

/// The thread that asks.
pub fn own_thread() -> anyhow::Result<u32> {
    let link = fs::read_link("/proc/thread-self").context("this bench reads /proc, as Linux has it")?;
    let name = link.file_name().and_then(|name| name.to_str()).context("a thread has a number")?;
    Ok(name.parse()?)
}

/// Time on a processor, user and system, of one thread of this process.
pub fn of_thread(thread: u32) -> Duration {
    run_time(&format!("/proc/self/task/{thread}/schedstat"))
}

/// Time on a processor of every thread that this process has now.
pub fn of_process() -> Duration {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    threads.map(|thread| run_time(&thread.path().join("schedstat").to_string_lossy())).sum()
}

/// The first figure of a `schedstat` is nanoseconds on a processor.
fn run_time(path: &str) -> Duration {
    let text = fs::read_to_string(path).unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0))
}

/// A line of this process's `status`, in KiB: `VmHWM`, `VmRSS`.
pub fn status_kib(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
