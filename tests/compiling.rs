//! A stranger's component is compiled in a process of its own: the result is the same, and however
//! that process ends there are words for it, and nothing is kept.

mod bomb;
mod script;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ourwater::plugin::{Compiler, Limits, Plugins, Settings, builtin, compiler};

use crate::harness::{Place, program};
use script::script;

/// Something that compiles in no time, and is no plugin.
const TINY: &[u8] = b"\0asm\x0d\0\x01\0";

/// The bytes of a built-in plugin, from outside as it were.
pub(crate) fn csv() -> Vec<u8> {
    builtin().iter().find(|(name, _)| *name == "csv").unwrap().1.to_vec()
}

fn plugins(place: &Place, compiler: Compiler, limits: Limits) -> Plugins {
    Plugins::new(Settings { cache: place.path("compiled"), limits, compiler }).unwrap()
}

fn by(program: &Path) -> Compiler {
    Compiler::Process(program.to_owned())
}

/// What was kept of compiling.
fn kept(place: &Place) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place.path("compiled")).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|path| path.file_name().unwrap() != "key").collect()
}

/// How a component fails to compile.
async fn failure(program: &Path, limits: Limits, component: &[u8]) -> String {
    let place = Place::new();
    let error = plugins(&place, by(program), limits).load(component).await.unwrap_err();
    assert!(kept(&place).is_empty(), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_component_compiles_in_a_process_of_its_own_to_the_very_same() {
    let (here, there) = (Place::new(), Place::new());
    let mut reports = Vec::new();
    let mut codes = Vec::new();
    for (place, compiler) in [(&here, Compiler::Here), (&there, by(program()))] {
        let plugins = plugins(place, compiler, Limits::default());
        let mut report = plugins.inspect(&csv()).await.unwrap().report;
        assert!(report.compile_ms.take().is_some());
        let mut again = plugins.inspect(&csv()).await.unwrap().report;
        // What was kept is measured with its seal.
        assert!(again.compiled_bytes.abs_diff(report.compiled_bytes) <= 32);
        again.compiled_bytes = report.compiled_bytes;
        assert_eq!(again, report);
        reports.push(report);
        let [file] = <[PathBuf; 1]>::try_from(kept(place)).unwrap();
        let code = std::fs::read(file).unwrap();
        // What it is sealed with, each under its own key.
        codes.push(code[..code.len() - 32].to_vec());
    }
    assert_eq!(reports[0], reports[1]);
    assert!(codes[0] == codes[1]);
}

#[tokio::test]
async fn each_limit_ends_it_by_its_name() {
    let second = Duration::from_secs(1);
    let bomb = bomb::branches(20_000);
    let cpu = Limits { compile_cpu_time_max: second, ..Limits::default() };
    assert_eq!(
        failure(program(), cpu, &bomb).await,
        "compiling: at most 1s of processor time (compile_cpu_time_ms_max), and the component needs \
         more; split its largest functions"
    );
    let memory = Limits { compile_memory_bytes_max: 64 << 20, ..Limits::default() };
    assert_eq!(
        failure(program(), memory, &csv()).await,
        "compiling: at most 64 MiB of memory (compile_memory_bytes_max), and the component needs more"
    );
    let output = Limits { compiled_bytes_max: 1 << 10, ..Limits::default() };
    assert_eq!(
        failure(program(), output, TINY).await,
        "machine code: at most 1 KiB (compiled_bytes_max), and the component compiles to more"
    );
    let place = Place::new();
    let wall = Limits { compile_wall_time_max: Duration::from_millis(100), ..Limits::default() };
    let silent = script(&place, "exec tail -f /dev/null");
    assert_eq!(
        failure(&silent, wall, TINY).await,
        "compiling: at most 100ms (compile_wall_time_ms_max), and it took longer; is the machine busy? \
         try again"
    );
}

#[tokio::test]
async fn every_other_end_has_words_too() {
    let place = Place::new();
    let missing = place.path("missing");
    let cases = [
        (
            "kill -9 $$",
            "the compiler was killed by signal 9; try again, or with a smaller component",
        ),
        (
            "echo it is out of ink >&2; exit 7",
            "the compiler failed with code 7; it said: it is out of ink",
        ),
        (
            "echo memory allocation of 9 bytes failed >&2; kill -6 $$",
            "compiling: at most 768 MiB of memory (compile_memory_bytes_max), and the component \
             needs more",
        ),
        ("echo garbage", "the compiler gave no machine code: it must be this same ourwater"),
        ("cat", "the compiler gave no machine code: it must be this same ourwater"),
        ("exit 0", "the compiler gave no machine code: it must be this same ourwater"),
        (
            "exec cat /dev/zero",
            "machine code: at most 256 MiB (compiled_bytes_max), and the component compiles to more",
        ),
        ("cat /dev/zero >&2; exit 1", "the compiler failed with code 1"),
    ];
    for (lines, expected) in cases {
        let told = failure(&script(&place, lines), Limits::default(), TINY).await;
        assert!(told.starts_with(expected) && told.len() < 2000, "{lines}: {told}");
    }
    let told = failure(&missing, Limits::default(), TINY).await;
    let start = format!("the compiler's program, {}, cannot be started: ", missing.display());
    assert!(told.starts_with(&start), "{told}");
}

#[tokio::test]
async fn what_does_not_compile_is_told_without_folders_of_this_machine() {
    let told = failure(program(), Limits::default(), b"\0asm\x0d\0\x01\0\xff").await;
    assert!(told.starts_with("the component does not compile: "), "{told}");
    assert!(!told.contains('/'), "{told}");
}

#[tokio::test]
async fn the_process_inherits_nothing_that_this_one_opened() {
    let place = Place::new();
    let (variables, files) = (place.path("variables"), place.path("files"));
    let _open = std::fs::File::create(place.path("ours")).unwrap();
    let lines = format!(
        "/bin/cat /proc/$$/environ > {}\n/bin/ls -l /proc/$$/fd > {}\nexit 1",
        variables.display(),
        files.display()
    );
    failure(&script(&place, &lines), Limits::default(), TINY).await;
    let read = |path| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(&variables), "MALLOC_ARENA_MAX=2\0RAYON_NUM_THREADS=2\0");
    let files = read(&files);
    assert!(files.contains("pipe:") && !files.contains("ours"), "{files}");
}

#[tokio::test]
async fn a_second_upload_waits_its_turn_and_a_plugin_that_was_compiled_does_not() {
    let place = Place::new();
    let first = plugins(&place, Compiler::Here, Limits::default()).load(&csv()).await.unwrap();
    let mut held = script::Held::new(&place);
    let plugins = plugins(&place, by(&held.program), Limits::default());
    let other = [TINY, b"\0\x02\x01a"].concat();
    let uploads = async { tokio::join!(plugins.load(TINY), plugins.load(&other)) };
    let beside = async {
        held.wait_for(1).await;
        let found = plugins.find(first.digest()).await.unwrap();
        assert!(found.is_some() && plugins.load(&csv()).await.is_ok());
        assert_eq!(held.begun(), 1);
        held.let_go();
        held.wait_for(2).await;
        held.let_go();
    };
    let ((one, other), ()) = tokio::join!(uploads, beside);
    for ended in [one, other] {
        assert_eq!(ended.unwrap_err().to_string(), "the compiler failed with code 7");
    }
}

#[tokio::test]
async fn an_upload_that_is_given_up_takes_its_process_along() {
    let place = Place::new();
    let held = script::Held::new(&place);
    let plugins = plugins(&place, by(&held.program), Limits::default());
    tokio::select! {
        _ = plugins.load(TINY) => panic!("it cannot have ended"),
        () = held.wait_for(1) => {}
    }
    held.wait_until_gone().await;
}

/// Compiles in a process that this story holds itself, as the program would.
fn child(limits: [u64; 3], component: &[u8]) -> std::process::Child {
    let mut command = Command::new(program());
    command.arg(compiler::COMMAND).args(limits.map(|it| it.to_string()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(component).unwrap();
    child
}

#[test]
fn a_process_whose_parent_is_gone_ends_long_before_its_limits() {
    let bomb = bomb::branches(20_000);
    let hour = 3600;
    let begun = Instant::now();
    let mut child = child([hour, 4 << 30, 64 << 20], &bomb);
    drop((child.stdout.take(), child.stderr.take()));
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(70));
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_bomb_that_passes_the_scan_is_stopped_within_its_limits() {
    let limits = Limits { compile_cpu_time_max: Duration::from_secs(2), ..Limits::default() };
    let place = Place::new();
    let plugins = plugins(&place, by(program()), limits);
    for (what, module) in
        [("statements", bomb::statements(120_000)), ("branches", bomb::branches(20_000))]
    {
        let begun = Instant::now();
        let ended = plugins.inspect(&bomb::beside(&csv(), &module)).await;
        println!(
            "{what}: {:?}, {:?}",
            begun.elapsed(),
            ended.as_ref().err().map(ToString::to_string)
        );
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
