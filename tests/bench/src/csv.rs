//! `bench csv`: every way of moving one file, round after round, and the figures they give.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::child::{What, measure};
use crate::data::{self, Order};
use crate::{peers, report, sqlite};

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How many readings
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// What the rows are sorted by
    #[arg(long, value_enum, default_value_t = Order::Well)]
    order: Order,
    /// Import ten times as many, too, for the memory it takes
    #[arg(long)]
    tenfold: bool,
    /// Print one object
    #[arg(long)]
    json: bool,
    /// Measure other programs, too, as far as `PyPI` gives them
    #[arg(long)]
    peers: bool,
    /// How often each is measured; the least counts, of memory the most
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

/// Measures everything, checks that each moved exactly the rows, and prints.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut bench = Bench::new(options)?;
    for round in 1..=options.runs {
        eprintln!("round {round} of {} …", options.runs);
        bench.round()?;
    }
    if options.tenfold {
        eprintln!("ten times as many rows …");
        bench.tenfold()?;
    }
    let mut figures = bench.figures();
    if options.peers {
        figures.extend(peers::measure(bench.folder.path(), &bench.csv, options.rows));
    }
    if options.json {
        println!("{}", Value::Object(figures));
    } else {
        print!("{}", report::table(&figures));
    }
    Ok(())
}

struct Bench<'a> {
    options: &'a Options,
    folder: TempDir,
    csv: PathBuf,
    other_order: PathBuf,
    /// What each gave, round after round.
    measured: BTreeMap<&'static str, Vec<Value>>,
}

impl<'a> Bench<'a> {
    fn new(options: &'a Options) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let csv = folder.path().join("rows.csv");
        let other_order = folder.path().join("other.csv");
        data::write(&csv, options.rows, options.order)?;
        data::write(&other_order, options.rows, options.order.other())?;
        Ok(Self { options, folder, csv, other_order, measured: BTreeMap::new() })
    }

    fn round(&mut self) -> Result<()> {
        let (csv, rows) = (self.csv.clone(), self.options.rows);
        let database = self.fresh(&csv)?;
        self.whole("import", What::Import, &database, &csv, rows)?;
        self.whole("reimport", What::Reimport, &database, &csv, rows)?;
        let database = self.fresh(&csv)?;
        self.whole("native", What::Native, &database, &csv, rows)?;
        let database = self.fresh(&csv)?;
        self.whole("store", What::Store, &database, &csv, rows)?;
        let other = self.other_order.clone();
        let database = self.fresh(&other)?;
        self.whole("other_order", What::Import, &database, &other, rows)?;
        self.part("adapter_native", What::AdapterNative, &csv)?;
        self.part("adapter_wasm", What::AdapterWasm, &csv)?;
        // By time, a small page would bring every series again, which is no matter of the sandbox.
        let by_well = if self.options.order == Order::Well { &csv } else { &other };
        let overheads = measure(What::Overheads, &self.database(), by_well)?;
        self.keep("overheads", overheads);
        self.sqlite()
    }

    fn sqlite(&mut self) -> Result<()> {
        let database = self.clean()?;
        if let Some(measured) = sqlite::import(&database, &self.csv)? {
            check("sqlite3 .import", "stored", &measured, self.options.rows)?;
            self.keep("sqlite", measured);
        }
        Ok(())
    }

    fn tenfold(&mut self) -> Result<()> {
        let (csv, rows) = (self.folder.path().join("tenfold.csv"), self.options.rows * 10);
        data::write(&csv, rows, self.options.order)?;
        let database = self.fresh(&csv)?;
        self.whole("tenfold", What::Import, &database, &csv, rows)?;
        Ok(fs::remove_file(csv)?)
    }

    /// A whole import: all rows moved, and all are in the database.
    fn whole(
        &mut self,
        name: &'static str,
        what: What,
        database: &Path,
        csv: &Path,
        rows: u64,
    ) -> Result<()> {
        let measured = measure(what, database, csv)?;
        check(name, "rows", &measured, rows)?;
        check(name, "stored", &measured, rows)?;
        self.keep(name, measured);
        Ok(())
    }

    fn part(&mut self, name: &'static str, what: What, csv: &Path) -> Result<()> {
        let measured = measure(what, &self.database(), csv)?;
        check(name, "rows", &measured, self.options.rows)?;
        self.keep(name, measured);
        Ok(())
    }

    fn keep(&mut self, name: &'static str, measured: Value) {
        self.measured.entry(name).or_default().push(measured);
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("bench.db")
    }

    /// A database that knows of the file and has no reading.
    fn fresh(&self, csv: &Path) -> Result<PathBuf> {
        let database = self.clean()?;
        measure(What::Prepare, &database, csv)?;
        Ok(database)
    }

    /// Where a database may be made.
    fn clean(&self) -> Result<PathBuf> {
        let database = self.database();
        for ending in ["db", "db-wal", "db-shm", "db.lock"] {
            let file = database.with_extension(ending);
            if file.exists() {
                fs::remove_file(file)?;
            }
        }
        Ok(database)
    }

    /// The least of a figure, over all rounds.
    fn least(&self, name: &str, figure: &str) -> Option<f64> {
        let all = self.measured.get(name)?.iter();
        all.filter_map(|measured| measured[figure].as_f64()).reduce(f64::min)
    }

    /// The most memory, over all rounds: here the least would flatter.
    fn peak_mib(&self, name: &str) -> Option<f64> {
        let all = self.measured.get(name)?.iter();
        all.filter_map(|measured| measured["peak_mib"].as_f64()).reduce(f64::max)
    }

    fn figures(&self) -> Map<String, Value> {
        let least = |name, figure| self.least(name, figure);
        let over = |one: Option<f64>, other: Option<f64>| Some(one? / other?);
        let wall = |name| least(name, "wall_s");
        let ns_a_row = |name| Some(least(name, "cpu_ns")? / self.options.rows as f64);
        let (by_well, by_time) = match self.options.order {
            Order::Well => (wall("import"), wall("other_order")),
            Order::Time => (wall("other_order"), wall("import")),
        };
        let figures = json!({
            "rows": self.options.rows,
            "runs": self.options.runs,
            "wall_s": wall("import"),
            "process_s": least("import", "process_s"),
            "cpu_s": least("import", "cpu_s"),
            "peak_mib": self.peak_mib("import"),
            "peak_mib_10x": self.peak_mib("tenfold"),
            "wall_s_10x": wall("tenfold"),
            "native_wall_s": wall("native"),
            "native_cpu_s": least("native", "cpu_s"),
            "store_wall_s": wall("store"),
            "sqlite_import_wall_s": wall("sqlite"),
            "reimport_wall_s": wall("reimport"),
            "cpu_over_native": over(least("import", "cpu_s"), least("native", "cpu_s")),
            "wall_over_store": over(wall("import"), wall("store")),
            "wall_over_sqlite_import": over(least("import", "process_s"), wall("sqlite")),
            "reimport_over_import": over(wall("reimport"), wall("import")),
            "time_order_over_well_order": over(by_time, by_well),
            "adapter_ns_native": ns_a_row("adapter_native"),
            "adapter_ns_wasm": ns_a_row("adapter_wasm"),
            "component_load_ms": least("overheads", "component_load_ms"),
            "first_call_ms": least("overheads", "first_call_ms"),
            "page_overhead_us": least("overheads", "page_overhead_us"),
        });
        figures.as_object().cloned().unwrap_or_default()
    }
}

fn check(name: &str, figure: &str, measured: &Value, rows: u64) -> Result<()> {
    let found = measured[figure].as_u64().with_context(|| format!("{name} gave no {figure}"))?;
    ensure!(found == rows, "{name}: {figure} is {found}, not {rows}");
    Ok(())
}
