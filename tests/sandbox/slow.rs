//! Servers that take their time, at each stage of an answer.

use super::remote::{Act, ok};
use super::request::{Request, Server};
use super::row::{Row, data, request};

const URL: &str = "http://127.0.0.1:{port}/";

pub(super) fn rows() -> Vec<Row> {
    let unsent = || data(&["Unsent", "cannot be connected to in time"]);
    let lost = || data(&["Lost", "gave no whole answer in time"]);
    vec![
        request(
            "slow-connect",
            Request { server: Server::Full, open: true, ..Request::never(URL) },
            unsent(),
        ),
        request(
            "slow-handshake",
            Request::to("https://127.0.0.1:{port}/", || vec![Act::Silence]),
            unsent(),
        ),
        request("slow-answer", Request::to(URL, || vec![Act::Silence]), lost()),
        request(
            "slow-headers",
            Request::to(URL, || vec![Act::Trickle(Vec::new(), ok("", b"level"))]),
            lost(),
        ),
        request(
            "slow-body",
            Request::to(URL, || {
                let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec();
                vec![Act::Trickle(head, vec![b'0'; 1000])]
            }),
            lost(),
        ),
    ]
}
