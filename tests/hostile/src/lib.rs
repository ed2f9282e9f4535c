//! A plugin that misbehaves as its configuration asks, for the tests of the sandbox.

use ourwater_sdk::bindings::ourwater::datasource::{http, sql};
use ourwater_sdk::log::{self, Level};
use ourwater_sdk::schemars::{self, JsonSchema};
use ourwater_sdk::{
    Batch, Datasource, Datatype, Description, Duplicates, Failure, GetRequest, Items, Kind, Page,
    Paging, Readings, Receipt, Remark, Result, Series, files, paging,
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
    /// Writes one line of 24 MiB.
    LogLine,
    /// Writes lines of 8 MiB without end.
    LogLines,
    /// Fails with words that take a terminal over.
    Escapes,
    /// Asks for a megabyte of randomness at once.
    Random,
    /// Asks for randomness without end.
    RandomFlood,
    /// Prints far more than is kept, then panics.
    PrintFlood,
    /// Reads a file nobody gave it.
    ReadOther,
    /// Sends a request.
    Http,
    /// Sends a request twice, and tells the second answer.
    HttpTwice,
    /// Sends a request, and another one to where the answer leads.
    HttpFollow,
    /// Sends requests without end.
    HttpFlood,
    /// Asks a database.
    Sql,
    /// Opens a socket, a folder and the environment.
    Wasi,
    /// Keeps handles.
    Handles,
    /// Gives its own cursor again, and says there is more.
    EqualCursor,
    /// Gives pages without anything, for ever.
    EmptyPages,
    /// Gives pages of one reading, for ever.
    TinyPages,
    /// Gives a cursor of 65 KiB.
    LongCursor,
    /// Gives values that are no numbers.
    NotFinite,
    /// Gives times before and after all years there are.
    FarTimes,
    /// Says it took more than it was handed.
    Receipt,
    /// Gives columns of different lengths.
    Unequal,
    /// Gives 24 MiB at once.
    Huge,
    /// Calls no cursor stale.
    StaleNothing,
    /// Gives resources where readings were asked for.
    OtherDatatype,
}

/// Clears the screen, and asks for what nobody should tell.
const LURE: &str = "\u{1b}[2J\u{1b}[1;1Hyour password, please\r\n";

/// What to do.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Config {
    deed: Deed,
    /// Where a request is sent, with a credential, instead of where none may go.
    url: Option<String>,
    /// Instead of GET.
    method: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
}

/// The misbehaving datasource.
#[derive(Debug)]
pub struct Hostile;

impl Datasource for Hostile {
    type Config = Config;

    fn describe() -> Description {
        Description {
            name: "hostile".to_owned(),
            version: "1".to_owned(),
            kind: Kind::Api,
            gets: vec![Datatype::Reading],
            pushes: vec![Datatype::Reading],
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

    fn push(config: &Config, _batch: &Batch) -> Result<Receipt> {
        acts(config)?;
        Ok(Receipt {
            created: 7,
            updated: 0,
            unchanged: 0,
            ids: Vec::new(),
            refused: Vec::new(),
            conflicting: Vec::new(),
            unknown: Vec::new(),
            untried: Vec::new(),
            stopped: None,
        })
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
        Deed::LogFlood => flood_log_with(LURE),
        Deed::LogLine => log::write(Level::Info, &"x".repeat(24 << 20)),
        Deed::LogLines => flood_log_with(&"x".repeat(8 << 20)),
        Deed::Escapes => return Err(Failure::Data(format!("\u{1b}]0;root\u{7}{LURE}"))),
        Deed::Random => random(1 << 20),
        Deed::RandomFlood => flood_random(),
        Deed::PrintFlood => flood_output(),
        Deed::ReadOther => drop(files::read("/etc/passwd", 0, 100)?),
        Deed::Http => return Err(told(&send(config, config.url.as_deref()))),
        Deed::HttpTwice => {
            drop(send(config, config.url.as_deref()));
            return Err(told(&send(config, config.url.as_deref())));
        }
        Deed::HttpFollow => return Err(told(&follow(config))),
        Deed::HttpFlood => return Err(told(&flood_server(config))),
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
        Deed::EmptyPages => {
            return Ok(paging::page(Items::Readings(vec![]), next(request), true));
        }
        Deed::TinyPages => {
            (cursor, more) = (next(request), true);
            let at = cursor.parse().unwrap_or_default();
            (column.times, column.values) = (vec![at], vec![1.5]);
        }
        Deed::FarTimes => column.times = vec![i64::MIN, i64::MAX],
        Deed::NotFinite => column.values = vec![f64::NAN, f64::NEG_INFINITY],
        Deed::Unequal => column.values.truncate(1),
        Deed::Huge => column.values = vec![0.0; 3 << 20],
        Deed::StaleNothing => return Err(Failure::StaleCursor("none".to_owned())),
        Deed::OtherDatatype => return Ok(paging::page(Items::Resources(vec![]), cursor, false)),
        _ => {}
    }
    Ok(paging::page(Items::Readings(vec![column]), cursor, more))
}

/// The cursor after the request's.
fn next(request: &GetRequest) -> String {
    let at = request.cursor.as_deref().and_then(|cursor| cursor.parse::<u64>().ok());
    at.map_or(1, |at| at + 1).to_string()
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

fn flood_log_with(line: &str) {
    loop {
        log::write(Level::Warn, line);
    }
}

fn flood_output() {
    for line in 0..10_000 {
        println!("line {line}");
    }
    panic!("at last");
}

type Answer = std::result::Result<http::Response, http::Broken>;

fn send(config: &Config, url: Option<&str>) -> Answer {
    http::send(&http::Request {
        method: config.method.clone().unwrap_or_else(|| "GET".to_owned()),
        url: url.unwrap_or("https://user:secret@169.254.169.254/latest?key=secret").to_owned(),
        headers: config.headers.clone(),
        body: None,
        credential: url.map(|_| "access".to_owned()),
    })
}

fn follow(config: &Config) -> Answer {
    let answer = send(config, config.url.as_deref())?;
    let location = answer.headers.iter().find(|(name, _)| name == "location");
    send(config, location.map(|(_, url)| url.as_str()))
}

fn flood_server(config: &Config) -> Answer {
    loop {
        send(config, config.url.as_deref())?;
    }
}

fn told(answer: &Answer) -> Failure {
    match answer {
        Err(http::Broken::Denied(text)) => Failure::Denied(text.clone()),
        Err(broken) => Failure::Data(format!("{broken:?}")),
        Ok(http::Response { status, headers, body }) => {
            let body = String::from_utf8_lossy(body);
            Failure::Data(format!("status: {status}, headers: {headers:?}, body: {body}"))
        }
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

#[cfg(target_family = "wasm")]
fn random(bytes: u64) {
    #[expect(unsafe_code, reason = "the standard library asks for a few bytes at a time")]
    mod random {
        #[link(wasm_import_module = "wasi:random/random@0.2.6")]
        unsafe extern "C" {
            #[link_name = "get-random-bytes"]
            pub(super) safe fn bytes(length: u64, list: *mut [usize; 2]);
        }
    }
    let mut list = [0; 2];
    random::bytes(bytes, &raw mut list);
}

#[cfg(not(target_family = "wasm"))]
fn random(_bytes: u64) {}

fn flood_random() {
    loop {
        random(32);
    }
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
