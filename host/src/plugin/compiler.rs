//! Turns a component into machine code: strangers' in a process of its own, which can be stopped.
//!
//! What a compiler needs for a component has no bound that could be seen before: a file of a megabyte
//! can cost it hours and all memory. So it runs as a child, this same program, whose first act is to
//! limit itself ([`child`]). It inherits nothing: no environment, no folder, and of what this
//! process opened three pipes alone, since what Rust opens is closed when another program starts. However it
//! ends there are words for it ([`end`]), and only of a clean end the machine code is taken.

mod child;
mod end;

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use wasmtime::{Engine, Precompiled};

use super::limits::Limits;
pub use child::{Order, compile};
pub use end::Error;

/// The command of this program that compiles.
pub const COMMAND: &str = "compile-plugin";

/// Of what the compiler says on its way out.
const SAID_BYTES_MAX: u64 = 8 * 1024;

/// Threads of the compiler. Each has stacks and arenas, so that the addresses it needs would
/// otherwise grow with the machine.
const THREADS: &str = "2";

/// Where components of strangers are compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compiler {
    /// In a process of this program, which must be this same version of `ourwater`.
    Process(PathBuf),
    /// In this process: for what is trusted.
    Here,
}

impl Compiler {
    /// A process of the program that runs. Only for `ourwater` itself: what else links this library,
    /// as tests do, does not know the command.
    pub fn of_this_program() -> std::io::Result<Self> {
        // Its own name may lead to another version by now; under this one it is always itself.
        #[cfg(target_os = "linux")]
        return Ok(Self::Process(PathBuf::from("/proc/self/exe")));
        #[cfg(not(target_os = "linux"))]
        std::env::current_exe().map(Self::Process)
    }

    /// The machine code of a component that was found valid.
    pub(super) async fn compile(
        &self,
        engine: &Engine,
        component: &[u8],
        limits: &Limits,
    ) -> Result<Vec<u8>, Error> {
        match self {
            Self::Here => {
                let (engine, component) = (engine.clone(), component.to_vec());
                let compile = move || engine.precompile_component(&component);
                let compiled = tokio::task::spawn_blocking(compile).await?;
                compiled.map_err(|error| Error::Refused(end::clean(&format!("{error:#}"))))
            }
            Self::Process(program) => in_process(program, component, limits).await,
        }
    }
}

async fn in_process(program: &Path, component: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let cannot = |source| Error::Start { program: program.to_owned(), source };
    let mut child = command(program, &Order::of(limits)).spawn().map_err(cannot)?;
    let talk = talk(&mut child, component, limits.compiled_bytes_max);
    let Ok(spoken) = timeout(limits.compile_wall_time_max, talk).await else {
        child.kill().await.map_err(Error::Pipe)?;
        return Err(Error::WallTime(limits.compile_wall_time_max));
    };
    let Spoken { compiled, said, status } = spoken.map_err(Error::Pipe)?;
    let Some(compiled) = compiled else {
        return Err(Error::TooLarge(limits.compiled_bytes_max));
    };
    end::judge(status, &said, limits)?;
    match Engine::detect_precompiled(&compiled) {
        Some(Precompiled::Component) => Ok(compiled),
        _ => Err(Error::NoCode),
    }
}

/// Dropped before its end, the child is killed; one whose parent is gone sees its output closed, and
/// ends. Its group is its own, so that it hears no Ctrl-C that is meant for a server.
fn command(program: &Path, order: &Order) -> Command {
    let mut command = Command::new(program);
    command
        .arg(COMMAND)
        .args(order.arguments())
        .env_clear()
        .env("RAYON_NUM_THREADS", THREADS)
        .env("MALLOC_ARENA_MAX", THREADS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.current_dir("/").process_group(0);
    command
}

struct Spoken {
    /// None where it was too much.
    compiled: Option<Vec<u8>>,
    said: Vec<u8>,
    status: ExitStatus,
}

/// All three pipes at once, since a full one stops the child.
async fn talk(
    child: &mut Child,
    component: &[u8],
    compiled_bytes_max: usize,
) -> std::io::Result<Spoken> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // Who does not read to the end has a reason, and says it.
            let _ = stdin.write_all(component).await;
        }
    };
    let most = u64::try_from(compiled_bytes_max).unwrap_or(u64::MAX);
    let ((), compiled, said) =
        tokio::join!(write, read(stdout, most.saturating_add(1)), read(stderr, SAID_BYTES_MAX));
    let compiled = Some(compiled?).filter(|it| it.len() <= compiled_bytes_max);
    Ok(Spoken { compiled, said: said?, status: child.wait().await? })
}

/// At most so many bytes; whoever writes more finds the pipe closed.
async fn read(pipe: Option<impl AsyncRead + Unpin>, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(bytes_max).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}
