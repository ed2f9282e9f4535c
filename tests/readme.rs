//! The README's commands, typed as they stand there.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::harness::Place;

const README: &str = include_str!("../README.md");

/// Where the README finds its server.
const ADDRESS: &str = "localhost:8080";

const WELLS: &str = "well,date,depth (m)
Temple well,2026-06-01,6.91
Temple well,2026-06-08,7
Temple well,2026-06-15,8.05
School well,2026-06-01,12.3
School well,2026-06-08,12.55
";

/// A person at a terminal.
struct Terminal {
    place: Place,
    listen: String,
    variables: BTreeMap<String, String>,
    /// What was printed last.
    printed: String,
    background: Vec<Child>,
}

impl Terminal {
    fn open() -> Self {
        let place = Place::new();
        place.file("wells.csv", WELLS);
        // Free now, and the next to ask is most likely ours.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self {
            place,
            listen: format!("127.0.0.1:{port}"),
            variables: BTreeMap::new(),
            printed: String::new(),
            background: Vec::new(),
        }
    }

    fn type_in(&mut self, command: &str) {
        if let Some((name, what)) = command.split_once("=…") {
            let key = what.rsplit(' ').next().unwrap();
            self.variables.insert(name.to_owned(), self.answer()[key].as_str().unwrap().to_owned());
        } else if let Some(command) = command.strip_suffix(" &") {
            self.leave_running(command);
        } else {
            let typed = command.replace(ADDRESS, &self.listen);
            let ended = self.place.shell(&typed).envs(&self.variables).output().unwrap();
            assert!(ended.status.success(), "{typed}\n{ended:?}");
            self.printed = String::from_utf8(ended.stdout).unwrap();
            assert!(!self.printed.contains("\"error\""), "{typed}\n{}", self.printed);
        }
    }

    fn leave_running(&mut self, command: &str) {
        let mut shell = self.place.shell(&format!("exec {command}"));
        shell.env("OURWATER_LISTEN", &self.listen).stdout(Stdio::piped());
        let mut child = shell.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.background.push(child);
        assert!(line.contains(&self.listen), "{line}");
    }

    fn answer(&self) -> Value {
        serde_json::from_str(&self.printed).unwrap_or_else(|_| panic!("no JSON: {}", self.printed))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        for child in &mut self.background {
            // It may have ended by itself, which the story would have noticed.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The commands of a section, each whole.
fn commands(heading: &str) -> Vec<String> {
    let (_, section) = README.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let text = blocks.collect::<String>().replace("\\\n", " ");
    text.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_strangers_own_file_gets_in_by_command_and_by_curl() {
    let mut terminal = Terminal::open();
    for command in commands("A first sync of your own file") {
        terminal.type_in(&command);
    }
    assert_eq!(terminal.printed.lines().count(), 1 + 5, "{}", terminal.printed);
    for command in commands("The same over HTTP") {
        terminal.type_in(&command);
    }
    let run = terminal.answer();
    assert_eq!((&run["state"], &run["counts"]["created"]), (&"completed".into(), &5.into()));
}

#[test]
fn the_first_command_is_the_demo() {
    let command = commands("Two commands").remove(0);
    let (_, arguments) = command.split_once("cargo run --release -- ").unwrap();
    let ended = Place::new().run(&arguments.split(' ').collect::<Vec<_>>());
    assert_eq!(ended.code, 0, "{ended:?}");
}
