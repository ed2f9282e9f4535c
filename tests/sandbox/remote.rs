//! A server of this machine that answers as none should.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// Between the bytes of an answer that trickles.
const PAUSE: Duration = Duration::from_millis(20);

/// What is done with a request.
#[derive(Clone)]
pub(super) enum Act {
    /// Answered with these bytes.
    Answer(Vec<u8>),
    /// Answered with these bytes, then with the others again and again.
    Endless(Vec<u8>, Vec<u8>),
    /// Answered with these bytes, and with the others one after another.
    Trickle(Vec<u8>, Vec<u8>),
    /// Never answered.
    Silence,
}

/// Dropping it ends it.
pub(super) struct Remote {
    pub(super) port: u16,
    connections: Arc<AtomicUsize>,
    /// Who takes all the places there are.
    _crowd: Vec<TcpStream>,
    _serving: JoinSet<()>,
}

impl Remote {
    /// Does one thing after another; then it closes the connection.
    pub(super) async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&connections);
        let acts = Arc::new(Mutex::new(VecDeque::from(acts)));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                open.spawn(serve(stream, Arc::clone(&acts)));
            }
        });
        Self { port, connections, _crowd: Vec::new(), _serving: serving }
    }

    /// Takes no further connection: as many wait as may, and nobody accepts them.
    pub(super) async fn full() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut crowd = Vec::new();
        let waits = Duration::from_millis(200);
        while let Ok(joined) = tokio::time::timeout(waits, TcpStream::connect(address)).await {
            crowd.push(joined.unwrap());
        }
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let _kept = listener;
            std::future::pending::<()>().await;
        });
        Self { port: address.port(), connections: Arc::default(), _crowd: crowd, _serving: serving }
    }

    /// How many connections were made to it.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// 200, with headers of its own.
pub(super) fn ok(headers: &str, body: &[u8]) -> Vec<u8> {
    answer("200 OK", headers, body)
}

pub(super) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

async fn serve(mut stream: TcpStream, acts: Arc<Mutex<VecDeque<Act>>>) {
    while read(&mut stream).await {
        let act = acts.lock().unwrap().pop_front();
        let written = match act {
            Some(Act::Answer(bytes)) => stream.write_all(&bytes).await,
            Some(Act::Endless(head, again)) => {
                let mut written = stream.write_all(&head).await;
                while written.is_ok() {
                    written = stream.write_all(&again).await;
                }
                written
            }
            Some(Act::Trickle(head, rest)) => {
                let written = stream.write_all(&head).await;
                if written.is_ok() { trickle(&mut stream, &rest).await } else { written }
            }
            Some(Act::Silence) => std::future::pending().await,
            None => return,
        };
        if written.is_err() {
            return;
        }
    }
}

async fn trickle(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// One request without a body; false where none comes any more.
async fn read(stream: &mut TcpStream) -> bool {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece).await {
            Ok(read @ 1..) => bytes.extend_from_slice(&piece[..read]),
            _ => return false,
        }
        if bytes.ends_with(b"\r\n\r\n") {
            return true;
        }
    }
}
