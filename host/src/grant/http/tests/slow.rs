//! Servers that take their time: at every stage it is the request's, and it ends.

use tokio::net::{TcpSocket, TcpStream};

use super::server::ok;
use super::*;

const SOON: Duration = Duration::from_millis(150);

fn hasty(origin: &str) -> Http {
    limited(&[origin], HttpLimits { request_time_max: SOON, ..HttpLimits::default() })
}

/// An address where connections are not taken: whoever listens there has no room for one more.
async fn crowded() -> (String, Vec<TcpStream>, tokio::net::TcpListener) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(SOON, TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    (format!("http://{address}"), waiting, listener)
}

#[tokio::test]
async fn connecting_has_its_time() {
    let (origin, _waiting, _listener) = crowded().await;
    let broken = hasty(&origin).send(post(&origin, "{}"), PATIENCE).await.unwrap_err();
    let Broken::Unsent { reason, .. } = &broken else { panic!("{broken:?}") };
    assert!(reason.contains("http_request_time_ms_max"), "{reason}");
    let limits = HttpLimits { connect_time_max: SOON, ..HttpLimits::default() };
    let broken = limited(&[&origin], limits).send(post(&origin, "{}"), PATIENCE).await;
    let Err(Broken::Unsent { reason, .. }) = broken else { panic!("{broken:?}") };
    assert!(reason.contains("http_connect_time_ms_max"), "{reason}");
}

#[tokio::test]
async fn the_greetings_of_tls_have_the_requests_time() {
    let server = Server::start([Act::Silence]).await;
    let origin = server.origin.replace("http:", "https:");
    let broken = hasty(&origin).send(post(&origin, "{}"), PATIENCE).await.unwrap_err();
    let Broken::Unsent { reason, .. } = &broken else { panic!("{broken:?}") };
    assert!(reason.contains("http_request_time_ms_max"), "{reason}");
}

#[tokio::test]
async fn an_answer_byte_by_byte_is_lost_when_the_time_is_up() {
    let status = b"HTTP/1.1 200 ".to_vec();
    let headers = b"HTTP/1.1 200 OK\r\nx-a: ".to_vec();
    let body = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec();
    for head in [status, headers, body] {
        let server = Server::start([Act::Drip(head)]).await;
        let broken = hasty(&server.origin).send(post(server.url("/"), "{}"), PATIENCE).await;
        let Err(Broken::Lost { reason, .. }) = broken else { panic!("{broken:?}") };
        assert!(reason.contains("http_request_time_ms_max"), "{reason}");
    }
}

#[tokio::test]
async fn an_answer_that_contradicts_itself_about_its_length_is_lost() {
    let twice = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\n12345";
    let server = Server::start([Act::Answer(twice.into()), Act::Answer(ok("never"))]).await;
    let broken = http(&[&server.origin]).send(post(server.url("/"), "{}"), PATIENCE).await;
    assert!(matches!(broken, Err(Broken::Lost { .. })), "{broken:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn chunks_without_end_are_too_many() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let server = Server::start([Act::Endless(head, b"5\r\nlevel\r\n".to_vec())]).await;
    let limits = HttpLimits { answer_bytes_max: 10_000, ..HttpLimits::default() };
    let broken = limited(&[&server.origin], limits).send(get(server.url("/")), PATIENCE).await;
    let Err(Broken::TooLarge(reason)) = broken else { panic!("{broken:?}") };
    assert!(reason.contains("http_answer_bytes_max"), "{reason}");
}
