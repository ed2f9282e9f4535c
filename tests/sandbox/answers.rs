//! Answers that are too large, not whole, or tell what a guest must not know.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::remote::{Act, ok};
use super::request::Request;
use super::row::{Row, data, denied, request};

const URL: &str = "http://127.0.0.1:{port}/";

pub(super) fn rows() -> Vec<Row> {
    [large(), untrue(), echoes()].into_iter().flatten().collect()
}

fn large() -> Vec<Row> {
    let over = || data(&["TooLarge", "answer: at most 1048576 bytes", "http_answer_bytes_max"]);
    vec![
        request("gzip-bomb", Request::to(URL, || vec![Act::Answer(gzip_bomb())]), over()),
        request(
            "endless-body",
            Request::to(URL, || {
                let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
                vec![Act::Endless(head, vec![b'0'; 4096])]
            }),
            over(),
        ),
        request(
            "endless-chunks",
            Request::to(URL, || {
                let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
                let chunk = [b"1000\r\n", &[b'0'; 0x1000][..], b"\r\n"].concat();
                vec![Act::Endless(head, chunk)]
            }),
            over(),
        ),
        request(
            "endless-headers",
            Request::to(URL, || {
                vec![Act::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x-a: 1\r\n".to_vec())]
            }),
            data(&["TooLarge", "answer headers: at most 128 (http_answer_headers_max)"]),
        ),
        request(
            "request-flood",
            Request {
                deed: "http-flood",
                ..Request::to(URL, || vec![Act::Answer(ok("", b"1")); 100])
            },
            denied(&["requests: at most 20 in one run (http_run_requests_max)"]),
        ),
    ]
}

/// What contradicts itself, or was not asked for.
fn untrue() -> Vec<Row> {
    vec![
        request(
            "two-lengths",
            Request::to(URL, || vec![Act::Answer(ok("content-length: 3\r\n", b"level"))]),
            data(&["Lost", "gave no whole answer"]),
        ),
        request(
            "length-and-chunks",
            Request::to(URL, || {
                let headers = "transfer-encoding: chunked\r\n";
                vec![Act::Answer(ok(headers, b"not a chunk\r\n"))]
            }),
            data(&["Lost", "gave no whole answer"]),
        ),
        request(
            "answer-to-nobody",
            Request {
                deed: "http-twice",
                connections: 2,
                ..Request::to(URL, || {
                    let two = [ok("", b"first"), ok("", b"smuggled")].concat();
                    vec![Act::Answer(two), Act::Answer(ok("", b"second"))]
                })
            },
            data(&["body: second"]),
        ),
        request(
            "no-http",
            Request::to(URL, || vec![Act::Answer(b"SSH-2.0-wells\r\n\r\n".to_vec())]),
            data(&["Lost", "gave no whole answer"]),
        ),
    ]
}

/// The secret that came with the request, and what another datasource was told.
fn echoes() -> Vec<Row> {
    vec![
        request(
            "connection-of-another",
            Request {
                datasources: 2,
                connections: 2,
                ..Request::to(URL, || {
                    vec![Act::Answer(ok("", b"first")), Act::Answer(ok("", b"second"))]
                })
            },
            data(&["body: second"]),
        ),
        request(
            "secret-echo-header",
            Request::to(URL, || vec![Act::Answer(ok("x-you-sent: Bearer canary-token\r\n", b"1"))]),
            data(&["x-you-sent", "Bearer [redacted]"]),
        ),
        request(
            "secret-echo-body",
            Request::to(URL, || {
                let body = br#"{"authorization": "Bearer canary-token", "in": "Y2FuYXJ5LXRva2Vu"}"#;
                vec![Act::Answer(ok("", body))]
            }),
            data(&[r#""Bearer [redacted]", "in": "[redacted]""#]),
        ),
    ]
}

fn gzip_bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    ok("content-encoding: gzip\r\n", &encoder.finish().unwrap())
}
