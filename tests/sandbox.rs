//! Whatever a stranger uploads and its plugin does: it ends in words, in time, and leaves nothing
//! behind; the same process serves a good plugin all the while as before.

mod answers;
mod calls;
mod made;
mod memory;
mod pages;
mod reach;
mod remote;
mod request;
mod row;
mod slow;
mod traces;
mod uploads;
mod values;
mod world;

use std::time::Duration;

use row::Row;
use traces::Traces;
use world::World;

/// A machine that does other things too may take so much longer for a call of the good plugin.
const SLACK: u32 = 10;

/// And so much more whatever it took before.
const ALLOWANCE: Duration = Duration::from_millis(500);

fn table() -> Vec<Row> {
    let guests = [uploads::rows(), calls::rows(), values::rows(), memory::rows(), pages::rows()];
    let servers = [reach::rows(), slow::rows(), answers::rows()];
    guests.into_iter().chain(servers).flatten().collect()
}

/// In a process of its own, since it counts what is left of it.
#[test]
fn whatever_a_stranger_does_ends_in_words_and_the_next_plugin_is_served_as_before() {
    const ALONE: &str = "OURWATER_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return hold();
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "--nocapture", "--test-threads=1"]).env(ALONE, "1");
    child.arg(concat!(
        "sandbox::",
        "whatever_a_stranger_does_ends_in_words_and_the_next_plugin_is_served_as_before"
    ));
    let said = child.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success() && out.contains("1 passed"), "{out}\n{err}");
    print!("{out}");
}

fn hold() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(Duration::from_millis(100))
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (table, world) = (table(), World::new().await);
        let usual = world.serve().await;
        let before = Traces::now();
        let most = usual * SLACK + ALLOWANCE;
        let mut wrong = Vec::new();
        for row in &table {
            let outcome = world.outcome(&row.deed).await;
            let served = world.serve().await;
            println!("{:<24} then {served:>10.1?}  {outcome:?}", row.name);
            wrong.extend(row.judge(&outcome).err());
            if served > most {
                wrong.push(format!("{}: {served:?} after it, {usual:?} before", row.name));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        println!("usual {usual:?}; before {before:?}; after {:?}", before.vanish().await);
    });
}
