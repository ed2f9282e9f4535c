//! What becomes of a request: an answer, or the truth about whether the server may have acted.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::AsyncWriteExt as _;

use super::server::{answer, nobody, ok};
use super::*;

async fn broken(http: &Http, request: Request) -> Broken {
    http.send(request, PATIENCE).await.unwrap_err()
}

#[tokio::test]
async fn a_request_arrives_as_it_was_asked_for_and_the_answer_comes_back() {
    let found = answer("404 Not Found", "x-a: 1\r\nx-a: 2\r\n", b"none");
    let server = Server::start([Act::Answer(found)]).await;
    let mut request = post(server.url("/wells?filter={\"limit\":1}#part"), "{}");
    request.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    let answer = http(&[&server.origin]).send(request, PATIENCE).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (404, b"none".as_slice()));
    let values: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "x-a").collect();
    assert_eq!(values.len(), 2);
    let seen = &server.seen()[0];
    assert!(seen.starts_with("POST /wells?filter={%22limit%22:1} HTTP/1.1\r\n"), "{seen}");
    let host = server.origin.trim_start_matches("http://");
    for line in [format!("host: {host}"), "content-type: application/json".to_owned()] {
        assert!(seen.contains(&format!("\r\n{line}\r\n")), "{seen}");
    }
    assert!(seen.ends_with("\r\n\r\n{}"), "{seen}");
}

#[tokio::test]
async fn a_redirect_is_handed_over_and_not_followed() {
    let away = answer("302 Found", "location: http://169.254.169.254/\r\n", b"");
    let server = Server::start([Act::Answer(away)]).await;
    let answer = http(&[&server.origin]).send(get(server.url("/")), PATIENCE).await.unwrap();
    assert_eq!(answer.status, 302);
    assert!(
        answer.headers.contains(&("location".to_owned(), "http://169.254.169.254/".to_owned()))
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn what_never_reached_a_server_is_unsent() {
    let refusing = nobody().await;
    let broken_off =
        broken(&http(&[&refusing]), post(format!("{refusing}/?key=canary"), "{}")).await;
    let Broken::Unsent { reason, .. } = &broken_off else { panic!("{broken_off:?}") };
    assert!(reason.contains(&refusing) && !reason.contains("canary"), "{reason}");
    let nameless = "http://does-not-exist.invalid";
    let network = scripted(here(), Vec::new());
    let origins = vec![nameless.parse().unwrap()];
    let unnamed = Http::new(network, origins, BTreeMap::new(), HttpLimits::default());
    assert!(matches!(broken(&unnamed, get(nameless)).await, Broken::Unsent { .. }));
}

#[tokio::test]
async fn without_tls_nothing_is_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let handshake_failure = vec![21, 3, 3, 0, 2, 2, 40];
    let greetings = [handshake_failure, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Vec::new()];
    let count = greetings.len();
    let serving = tokio::spawn(async move {
        for greeting in greetings {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(&greeting).await.unwrap();
        }
    });
    for _ in 0..count {
        let broken = broken(&http(&[&origin]), post(&origin, "{}")).await;
        assert!(matches!(broken, Broken::Unsent { .. }), "{broken:?}");
    }
    serving.await.unwrap();
}

#[tokio::test]
async fn what_was_sent_and_not_answered_whole_is_lost() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec();
    let chunk = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n".to_vec();
    let packed = answer("200 OK", "content-encoding: gzip\r\n", &gzip(b"half")[..15]);
    for bytes in [Vec::new(), b"SSH-2.0-x\r\n".to_vec(), cut, chunk, packed] {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let server = Server::start([Act::AnswerAndClose(bytes)]).await;
        let broken = broken(&http(&[&server.origin]), post(server.url("/"), "{}")).await;
        assert!(matches!(broken, Broken::Lost { .. }), "{shown:?}: {broken:?}");
        assert_eq!(server.seen().len(), 1, "never sent twice");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_ends_with_the_time_of_the_request_or_the_call() {
    let soon = Duration::from_millis(150);
    let server = Server::start([Act::Silence, Act::Silence]).await;
    let limits = HttpLimits { request_time_max: soon, ..HttpLimits::default() };
    let by_limit = (limited(&[&server.origin], limits), PATIENCE);
    for (http, at_most) in [by_limit, (http(&[&server.origin]), soon)] {
        let sending = http.send(post(server.url("/"), "{}"), at_most);
        let lost = tokio::time::timeout(PATIENCE / 2, sending).await.unwrap().unwrap_err();
        assert!(matches!(lost, Broken::Lost { .. }), "{lost:?}");
    }
    let secure = server.origin.replace("http:", "https:");
    let handshake = http(&[&secure]).send(post(secure, "{}"), soon).await.unwrap_err();
    assert!(matches!(handshake, Broken::Unsent { .. }), "{handshake:?}");
}

#[tokio::test]
async fn an_answer_is_unpacked_and_never_larger_than_allowed() {
    let packed = |bytes: &[u8]| answer("200 OK", "content-encoding: gzip\r\n", &gzip(bytes));
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let server = Server::start([
        Act::Answer(packed(b"the level")),
        Act::Answer(packed(&vec![b'0'; 5_000_000])),
        Act::Answer(ok(&"0".repeat(10_001))),
        Act::Endless(head, vec![b'0'; 1000]),
        Act::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x-a: 1\r\n".to_vec()),
    ])
    .await;
    let limits = HttpLimits { answer_bytes_max: 10_000, ..HttpLimits::default() };
    let http = limited(&[&server.origin], limits);
    let answer = http.send(get(server.url("/")), PATIENCE).await.unwrap();
    assert_eq!(answer.body, b"the level");
    let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.is_empty(), "{names:?}");
    for _ in 0..3 {
        let broken = broken(&http, get(server.url("/"))).await;
        let text = "answer: at most 10000 bytes".to_owned();
        assert!(matches!(&broken, Broken::TooLarge(it) if it.starts_with(&text)), "{broken:?}");
    }
    let headers = broken(&http, get(server.url("/"))).await;
    assert!(matches!(&headers, Broken::TooLarge(it) if it.contains("headers")), "{headers:?}");
}

#[tokio::test]
async fn a_connection_is_used_again_and_another_one_made_where_it_was_closed() {
    let server =
        Server::start([Act::Answer(ok("1")), Act::AnswerAndClose(ok("2")), Act::Answer(ok("3"))])
            .await;
    let http = http(&[&server.origin]);
    for _ in 0..2 {
        http.send(post(server.url("/"), "{}"), PATIENCE).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    while http.inner.session.lock().await.line.kept.as_ref().is_some_and(Connection::is_open) {
        tokio::task::yield_now().await;
    }
    let third = http.send(post(server.url("/"), "{}"), PATIENCE).await.unwrap();
    assert_eq!((third.body.as_slice(), server.connections()), (b"3".as_slice(), 2));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn another_grant_has_another_connection() {
    let server = Server::answering(&["1", "2"]).await;
    for _ in 0..2 {
        http(&[&server.origin]).send(get(server.url("/")), PATIENCE).await.unwrap();
    }
    assert_eq!(server.connections(), 2);
}

/// In a process of its own, since the environment is the process's: one whose proxies lead here.
#[test]
fn no_proxy_is_asked_whatever_the_environment_says() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let test = "a_request_arrives_as_it_was_asked_for_and_the_answer_comes_back";
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.arg(test);
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
    {
        child.env(name, &url);
    }
    let said = child.env_remove("no_proxy").env_remove("NO_PROXY").output().unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains("1 passed"), "{said:?}");
    let asked = proxy.accept().unwrap_err();
    assert_eq!(asked.kind(), std::io::ErrorKind::WouldBlock);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
