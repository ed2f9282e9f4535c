//! `bench plugins`: what a stranger's plugin costs, in Rust and in Python, from its upload on.
//!
//! Both are the ones that `ourwater plugin new` begins, compiled here. They are compiled to machine
//! code in a process of this very program, which knows the command for that.

mod made;
mod many;
mod one;

use anyhow::Result;
use clap::Args;
use ourwater::kit::Language;
use serde_json::{Map, Value, json};

use crate::report;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Syncs that run at once
    #[arg(long, default_value_t = 200)]
    syncs: usize,
    /// Print one object
    #[arg(long)]
    json: bool,
}

/// Measures everything and prints.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let figures = runtime.block_on(measured(options))?;
    if options.json {
        println!("{}", Value::Object(figures));
    } else {
        print!("{}", report::table(&figures));
    }
    Ok(())
}

async fn measured(options: &Options) -> Result<Map<String, Value>> {
    let mut figures = Map::new();
    eprintln!("making the plugins …");
    for (language, word) in [(Language::Rust, "rust"), (Language::Python, "python")] {
        match made::component(language) {
            Ok(component) => {
                eprintln!("{word} …");
                let cost = one::cost(&component).await?;
                figures.insert(format!("ready_s_{word}"), json!(cost.ready_s));
                figures.insert(format!("cold_ms_{word}"), json!(cost.cold_ms));
                figures.insert(format!("get_ns_{word}"), json!(cost.get_ns));
                if language == Language::Rust {
                    let memory = one::memory(&component).await?;
                    figures.insert("idle_plugin_mib".to_owned(), json!(memory.idle_mib));
                    figures.insert("running_plugin_mib".to_owned(), json!(memory.running_mib));
                    let call_us = one::call_us(&made::empty()?).await?;
                    figures.insert("call_us_rust".to_owned(), json!(call_us));
                    eprintln!("{} syncs at once …", options.syncs);
                    for (page, name) in [
                        (many::PAGE, "concurrent_200_over_ideal"),
                        (many::LARGE_PAGE, "concurrent_200_few_pages_over_ideal"),
                    ] {
                        let over = many::over_ideal(&component, options.syncs, page).await?;
                        figures.insert(name.to_owned(), json!(over));
                    }
                }
            }
            Err(error) => eprintln!("not measured in {word}: {error:#}"),
        }
    }
    Ok(figures)
}
