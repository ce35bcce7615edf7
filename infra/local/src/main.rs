//! `cargo run`: the local stack.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Parser;
use jiff::Timestamp;
use local::{Options, Stack, demo};

/// Dunlin on one machine: every function, table, queue, bus and schedule of template.yaml, in one process.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Port on 127.0.0.1.
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Keep state in this directory across restarts.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Freeze the virtual clock at this instant; no demo.
    #[arg(long, value_name = "RFC3339")]
    now: Option<Timestamp>,
    /// Start without the demo.
    #[arg(long)]
    empty: bool,
    /// A value for a parameter of the template.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair)]
    parameters: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    kit::metrics::silence();
    kit::init_logging(&kit::Env::from_pairs([("LOG_LEVEL".to_owned(), "warn".to_owned())]));
    let is_new = arguments.data.as_ref().is_none_or(|directory| !directory.join("table.db").exists());
    let plays_demo = is_new && !arguments.empty && arguments.now.is_none();
    let first = plays_demo.then(|| demo::start_of_story(kit::Clock::system().now()));
    let stack = Stack::start(Options {
        port: arguments.port,
        data: arguments.data,
        now: arguments.now.or(first),
        parameters: BTreeMap::from_iter(arguments.parameters),
        ..Options::default()
    })
    .await?;
    if plays_demo {
        println!("Playing {} days of three small sellers on the virtual clock. This takes about a minute.", demo::DAYS);
        demo::play(&stack).await?;
    } else {
        stack.add_vendors().await?;
    }
    println!("ready {}", stack.url());
    if plays_demo {
        println!("{}", try_next(stack.url()));
    }
    tokio::signal::ctrl_c().await?;
    stack.stop().await;
    Ok(())
}

/// What to do next. Addresses with a query are quoted, and nothing is commented: zsh takes neither otherwise.
fn try_next(url: &str) -> String {
    format!(
        "\nOpen {url}/_local to see what was sent and why. In another terminal:\n\n  \
         What was sent, in JSON:\n    \
         curl \"{url}/_local/outbox?tenant=demo\"\n  \
         A day later:\n    \
         curl -d '{{\"advance\": \"P1D\"}}' {url}/_local/clock\n  \
         A tenant of your own, with the addresses and secrets of its webhooks:\n    \
         curl -d '{{\"tenant\": \"mine\"}}' {url}/_local/tenants\n\n\
         Stop with Ctrl-C."
    )
}
