//! Programs that are taken for the compiler, and are none.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::harness::Place;

/// A program of these lines.
pub(super) fn script(place: &Place, lines: &str) -> PathBuf {
    let path = place.file("compiler", format!("#!/bin/sh\n{lines}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// One that begins, and goes on only when it is let go.
pub(super) struct Held {
    pub(super) program: PathBuf,
    begun: PathBuf,
    gate: PathBuf,
}

impl Held {
    pub(super) fn new(place: &Place) -> Self {
        let (begun, gate) = (place.path("begun"), place.path("gate"));
        let made = std::process::Command::new("mkfifo").arg(&gate).status().unwrap();
        assert!(made.success());
        let lines =
            format!("echo $$ >> {}\nread line < {}\nexit 7", begun.display(), gate.display());
        Self { program: script(place, &lines), begun, gate }
    }

    /// How many of it have begun.
    pub(super) fn begun(&self) -> usize {
        self.processes().len()
    }

    fn processes(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.begun).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub(super) async fn wait_for(&self, begun: usize) {
        while self.begun() < begun {
            tokio::task::yield_now().await;
        }
    }

    /// Opening waits for one that reads.
    pub(super) fn let_go(&mut self) {
        std::fs::write(&self.gate, "go\n").unwrap();
    }

    pub(super) async fn wait_until_gone(&self) {
        let is_there = |id: &String| {
            let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            // One that has ended and was not asked how is there in name only.
            !state.is_empty() && !state.contains(") Z ")
        };
        while self.processes().iter().any(is_there) {
            tokio::task::yield_now().await;
        }
    }
}
