//! A plugin that misbehaves as its configuration asks, for the tests of the sandbox.

use ourwater_sdk::bindings::ourwater::datasource::{http, sql};
use ourwater_sdk::log::{self, Level};
use ourwater_sdk::schemars::{self, JsonSchema};
use ourwater_sdk::{
    Datasource, Datatype, Description, Duplicates, Failure, GetRequest, Items, Kind, Page, Paging,
    Readings, Remark, Result, Series, files, paging,
};
use serde::Deserialize;

/// What to do instead of giving a page.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Gives a page as it should.
    Nothing,
    /// Runs for ever.
    Loop,
    /// Sleeps for ever.
    Sleep,
    /// Allocates without end.
    Memory,
    /// Calls itself without end.
    Stack,
    /// Panics, with an escape sequence in its words.
    Panic,
    /// Ends the program.
    Exit,
    /// Writes lines without end, with escape sequences.
    LogFlood,
    /// Writes one line of 64 MiB.
    LogLine,
    /// Prints far more than is kept, then panics.
    PrintFlood,
    /// Reads a file nobody gave it.
    ReadOther,
    /// Sends a request.
    Http,
    /// Asks a database.
    Sql,
    /// Opens a socket, a folder and the environment.
    Wasi,
    /// Keeps handles.
    Handles,
    /// Gives its own cursor again, and says there is more.
    EqualCursor,
    /// Gives a cursor of 65 KiB.
    LongCursor,
    /// Gives values that are no numbers.
    NotFinite,
    /// Gives columns of different lengths.
    Unequal,
    /// Gives 24 MiB at once.
    Huge,
    /// Calls no cursor stale.
    StaleNothing,
    /// Gives resources where readings were asked for.
    OtherDatatype,
}

/// What to do.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Config {
    deed: Deed,
    /// Where a request is sent, with a credential, instead of where none may go.
    url: Option<String>,
}

/// The misbehaving datasource.
#[derive(Debug)]
pub struct Hostile;

impl Datasource for Hostile {
    type Config = Config;

    fn describe() -> Description {
        Description {
            name: "Hostile".to_owned(),
            version: "1".to_owned(),
            kind: Kind::Api,
            gets: vec![Datatype::Reading],
            pushes: Vec::new(),
            paging: Paging::Whole,
            duplicates: Duplicates::Overwrites,
            decimals: None,
            step: 1,
            schema: String::new(),
            asks: "{}".to_owned(),
            extra: String::new(),
        }
    }

    fn check(config: &Config) -> Result<Vec<Remark>> {
        acts(config)?;
        Ok(vec![Remark { field: "deed".to_owned(), text: "all well".to_owned() }])
    }

    fn get(config: &Config, request: &GetRequest) -> Result<Page> {
        acts(config)?;
        gives(config.deed, request)
    }
}

fn acts(config: &Config) -> Result<()> {
    match config.deed {
        Deed::Loop => forever(),
        Deed::Sleep => std::thread::sleep(std::time::Duration::from_secs(1_000_000)),
        Deed::Memory => fill_memory(),
        Deed::Stack => drop(deeper(0)),
        Deed::Panic => panic!("the \u{1b}[31mwell\u{1b}[0m is dry"),
        Deed::Exit => std::process::exit(3),
        Deed::LogFlood => flood_log(),
        Deed::LogLine => log::write(Level::Info, &"x".repeat(64 << 20)),
        Deed::PrintFlood => flood_output(),
        Deed::ReadOther => drop(files::read("/etc/passwd", 0, 100)?),
        Deed::Http => send(config.url.as_deref())?,
        Deed::Sql => drop(sql::query("main", "select 1", &[], 1)?),
        Deed::Wasi => reach_out()?,
        Deed::Handles => keep_handles(),
        _ => {}
    }
    Ok(())
}

fn gives(deed: Deed, request: &GetRequest) -> Result<Page> {
    let mut column = column(vec![0, 1000], vec![1.5, 2.5]);
    let (mut cursor, mut more) = ("end".to_owned(), false);
    match deed {
        Deed::EqualCursor => (cursor, more) = (request.cursor.clone().unwrap_or_default(), true),
        Deed::LongCursor => cursor = "c".repeat(65 << 10),
        Deed::NotFinite => column.values = vec![f64::NAN, f64::NEG_INFINITY],
        Deed::Unequal => column.values.truncate(1),
        Deed::Huge => column.values = vec![0.0; 3 << 20],
        Deed::StaleNothing => return Err(Failure::StaleCursor("none".to_owned())),
        Deed::OtherDatatype => return Ok(paging::page(Items::Resources(vec![]), cursor, false)),
        _ => {}
    }
    Ok(paging::page(Items::Readings(vec![column]), cursor, more))
}

fn column(times: Vec<i64>, values: Vec<f64>) -> Readings {
    let text = |text: &str| text.to_owned();
    let (resource, name) = (text("well 1"), text("level"));
    let series = Series { resource, name, property: text("depth"), unit: text("m") };
    let (qualities, notes, removed) = (vec![], vec![], vec![]);
    let (rows, updated) = (vec![], vec![]);
    Readings { series, times, values, qualities, notes, removed, rows, updated }
}

fn forever() {
    let mut count = 0_u64;
    loop {
        count = std::hint::black_box(count.wrapping_add(1));
    }
}

fn fill_memory() {
    let mut kept = Vec::new();
    loop {
        kept.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}

fn deeper(depth: u64) -> u64 {
    if std::hint::black_box(depth) == u64::MAX { 0 } else { deeper(depth + 1) + 1 }
}

fn flood_log() {
    loop {
        log::write(Level::Warn, "\u{1b}[2J\u{1b}[1;1Hyour password, please\r\n");
    }
}

fn flood_output() {
    for line in 0..10_000 {
        println!("line {line}");
    }
    panic!("at last");
}

fn send(url: Option<&str>) -> Result<()> {
    let request = http::Request {
        method: "GET".to_owned(),
        url: url.unwrap_or("https://user:secret@169.254.169.254/latest?key=secret").to_owned(),
        headers: Vec::new(),
        body: None,
        credential: url.map(|_| "access".to_owned()),
    };
    match http::send(&request) {
        Err(http::Broken::Denied(text)) => Err(Failure::Denied(text)),
        other => Err(Failure::Data(format!("{other:?}"))),
    }
}

/// Fails with what it could reach.
fn reach_out() -> Result<()> {
    let reached = [
        ("arguments", std::env::args().next().is_some()),
        ("environment", std::env::vars().next().is_some()),
        ("files", std::fs::read_dir("/").is_ok() || std::fs::read("/etc/passwd").is_ok()),
        ("tcp", std::net::TcpStream::connect("127.0.0.1:80").is_ok()),
        ("udp", std::net::UdpSocket::bind("127.0.0.1:0").is_ok()),
        ("names", std::net::ToSocketAddrs::to_socket_addrs("localhost:80").is_ok()),
        ("input", std::io::read_to_string(std::io::stdin()).is_ok_and(|text| !text.is_empty())),
    ];
    let reached: Vec<_> = reached.iter().filter(|(_, reached)| *reached).collect();
    if reached.is_empty() { Ok(()) } else { Err(Failure::Data(format!("{reached:?}"))) }
}

/// Pollables that are never dropped.
#[cfg(target_family = "wasm")]
fn keep_handles() {
    #[expect(unsafe_code, reason = "bypasses the standard library, which drops its handles")]
    mod clocks {
        #[link(wasm_import_module = "wasi:clocks/monotonic-clock@0.2.6")]
        unsafe extern "C" {
            #[link_name = "subscribe-duration"]
            pub(super) safe fn subscribe(nanoseconds: u64) -> i32;
        }
    }
    for _ in 0..1_000_000 {
        clocks::subscribe(1_000_000_000);
    }
}

#[cfg(not(target_family = "wasm"))]
fn keep_handles() {}

ourwater_sdk::export!(Hostile);
