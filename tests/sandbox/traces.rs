//! What a process has of things that a guest could leave behind.

use std::time::{Duration, Instant};

/// How long what is given up may take to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the allocator keeps for later is no leak; a guest's memory that stayed would be more.
const MEMORY_SLACK_KIB: u64 = 48 * 1024;

/// Counted at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traces {
    tasks: usize,
    threads: u64,
    children: usize,
    memory_kib: u64,
}

impl Traces {
    /// Of this process and the runtime it is called on.
    pub(super) fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
        };
        Self {
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
            threads: number("Threads"),
            children: children(),
            memory_kib: number("VmRSS"),
        }
    }

    /// Waits until no more is there than then.
    pub(super) async fn vanish(&self) -> Self {
        let begun = Instant::now();
        loop {
            let now = Self::now();
            let memory_kib_max = self.memory_kib + MEMORY_SLACK_KIB;
            if now.tasks <= self.tasks
                && now.threads <= self.threads
                && now.children == 0
                && now.memory_kib <= memory_kib_max
            {
                return now;
            }
            assert!(begun.elapsed() < PATIENCE, "before {self:?}, now {now:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Processes whose parent is this one.
fn children() -> usize {
    let own = std::process::id().to_string();
    let folders = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let stat = folders.filter_map(|it| std::fs::read_to_string(it.path().join("stat")).ok());
    // The name may hold anything; state and parent follow its last parenthesis.
    let parent =
        |stat: &String| Some(stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.to_owned());
    stat.filter(|stat| parent(stat).is_some_and(|parent| parent == own)).count()
}
