//! A server on this machine that follows a script, request by request.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What is done with a request.
pub(crate) enum Act {
    /// Answered with these bytes.
    Answer(Vec<u8>),
    /// Answered with these bytes, and no further request is waited for.
    AnswerAndClose(Vec<u8>),
    /// Answered with these bytes, and then again and again with the second ones.
    Endless(Vec<u8>, Vec<u8>),
    /// Answered with these bytes, and then one by one with more of them, for ever.
    Drip(Vec<u8>),
    /// Never answered.
    Silence,
}

/// Dropping it ends it.
pub(crate) struct Server {
    pub(crate) origin: String,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (seen, connections) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicUsize>::default());
        let acts = Arc::new(Mutex::new(acts.into_iter().collect::<VecDeque<_>>()));
        let mut serving = JoinSet::new();
        let (noted, counted) = (Arc::clone(&seen), Arc::clone(&connections));
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                open.spawn(serve(stream, Arc::clone(&acts), Arc::clone(&noted)));
            }
        });
        Self { origin, seen, connections, _serving: serving }
    }

    /// Answers 200 with these bodies.
    pub(crate) async fn answering(bodies: &[&str]) -> Self {
        Self::start(bodies.iter().map(|body| Act::Answer(ok(body)))).await
    }

    /// The requests so far, as they came.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

pub(crate) fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", "", body.as_bytes())
}

pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A port of this machine on which nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn serve(
    mut stream: TcpStream,
    acts: Arc<Mutex<VecDeque<Act>>>,
    seen: Arc<Mutex<Vec<String>>>,
) {
    while let Some(request) = read(&mut stream).await {
        seen.lock().unwrap().push(request);
        let act = acts.lock().unwrap().pop_front();
        let done = match act {
            Some(Act::Answer(bytes)) => stream.write_all(&bytes).await.is_err(),
            Some(Act::AnswerAndClose(bytes)) => {
                // The client may have gone.
                let _ = stream.write_all(&bytes).await;
                true
            }
            Some(Act::Endless(head, again)) => {
                let mut gone = stream.write_all(&head).await.is_err();
                while !gone {
                    gone = stream.write_all(&again).await.is_err();
                }
                true
            }
            Some(Act::Drip(head)) => {
                let mut gone = stream.write_all(&head).await.is_err();
                while !gone {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    gone = stream.write_all(b"a").await.is_err();
                }
                true
            }
            Some(Act::Silence) => std::future::pending().await,
            None => true,
        };
        if done {
            return;
        }
    }
}

/// One request: its head and as much body as the head says.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(read @ 1..) => bytes.extend_from_slice(&piece[..read]),
            _ => return None,
        }
    }
}
