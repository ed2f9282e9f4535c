//! Keys reach the server and nobody else.

use serde_json::json;

use super::server::{answer, ok};
use super::*;
use crate::domain::credential::{Ask, Carrier, Credential, Way};
use crate::domain::secret::Secret;

const CANARY: &str = "canary/+pass word";

pub(super) fn with(server: &Server, ask: serde_json::Value, credential: serde_json::Value) -> Http {
    let ask: Ask = serde_json::from_value(ask).unwrap();
    let credential: Credential = serde_json::from_value(credential).unwrap();
    let origin = server.origin.parse().unwrap();
    let key = ask.key(&credential, &BTreeMap::from([("server".to_owned(), origin)])).unwrap();
    let keys = BTreeMap::from([("access".parse().unwrap(), key)]);
    Http::new(here(), vec![server.origin.parse().unwrap()], keys, HttpLimits::default())
}

fn legacy(server: &Server) -> Http {
    let login = json!({"path": "/login", "user": "username", "password": "password",
                       "token": "/data/id", "send": {"query": "access_token"}});
    let credential = json!({"kind": "login", "user": "me", "password": CANARY});
    with(server, json!({"why": "to read", "login": login}), credential)
}

pub(super) fn keyed(request: Request) -> Request {
    Request { credential: Some("access".to_owned()), ..request }
}

fn token(token: &str) -> Act {
    Act::Answer(ok(&format!(r#"{{"data": {{"id": "{token}"}}}}"#)))
}

fn status(status: &str) -> Act {
    Act::Answer(answer(status, "", b"no"))
}

#[tokio::test]
async fn each_kind_goes_with_the_request_that_names_it() {
    let ask = json!({"why": "to read"});
    let cases = [
        (json!({"kind": "header", "name": "X-Key", "value": "canary one"}), "x-key: canary one"),
        (json!({"kind": "query", "name": "key", "value": CANARY}), "&key=canary%2F%2Bpass+word "),
        (json!({"kind": "bearer", "token": "canary"}), "authorization: Bearer canary"),
        (
            json!({"kind": "basic", "user": "me", "password": "canary"}),
            "authorization: Basic bWU6Y2FuYXJ5",
        ),
    ];
    for (credential, expected) in cases {
        let server = Server::answering(&["1", "2"]).await;
        let http = with(&server, ask.clone(), credential);
        http.send(keyed(get(server.url("/?a=1"))), PATIENCE).await.unwrap();
        http.send(get(server.url("/?a=1")), PATIENCE).await.unwrap();
        let seen = server.seen();
        assert!(seen[0].contains(expected), "{}", seen[0]);
        assert!(!seen[1].contains("canary") && !seen[1].contains("authorization"), "{}", seen[1]);
    }
}

#[tokio::test]
async fn a_credential_that_was_not_entrusted_is_denied_by_name() {
    let server = Server::answering(&["never"]).await;
    let why = denied(&http(&[&server.origin]), keyed(get(server.url("/")))).await;
    assert!(why.contains("no credential access"), "{why}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_key_goes_to_no_origin_that_was_not_granted() {
    let (server, other) = (Server::answering(&["1"]).await, Server::answering(&["1"]).await);
    denied(&legacy(&server), keyed(get(other.url("/")))).await;
    assert!(other.seen().is_empty() && server.seen().is_empty());
}

#[tokio::test]
async fn a_key_goes_to_no_server_it_was_not_given_for() {
    let (ours, other) = (Server::answering(&["1"]).await, Server::answering(&["never"]).await);
    let origins: Vec<Origin> = [&ours, &other].map(|it| it.origin.parse().unwrap()).into();
    let token = Secret::new("canary-token").unwrap();
    let key = Key { way: Way::Fixed(Carrier::Bearer, token), origins: origins[..1].to_vec() };
    let keys = BTreeMap::from([("access".parse().unwrap(), key)]);
    let http = Http::new(here(), origins, keys, HttpLimits::default());
    let why = denied(&http, keyed(get(other.url("/")))).await;
    assert!(
        why.contains(&format!("goes to {}, and not to {}", ours.origin, other.origin)),
        "{why}"
    );
    assert!(other.seen().is_empty());
    http.send(keyed(get(ours.url("/"))), PATIENCE).await.unwrap();
}

#[tokio::test]
async fn one_login_serves_many_requests_and_is_renewed_when_the_server_forgets_it() {
    let server = Server::start([
        token("first token"),
        Act::Answer(ok("1")),
        Act::Answer(ok("2")),
        status("401 Unauthorized"),
        token("second token"),
        Act::Answer(ok("3")),
    ])
    .await;
    let http = legacy(&server);
    for body in ["1", "2", "3"] {
        let answer = http.send(keyed(post(server.url("/wells"), body)), PATIENCE).await.unwrap();
        assert_eq!(answer.body, body.as_bytes());
    }
    let seen = server.seen();
    let first: Vec<_> = seen.iter().map(|it| it.lines().next().unwrap()).collect();
    let old = "POST /wells?access_token=first+token HTTP/1.1";
    let new = "POST /wells?access_token=second+token HTTP/1.1";
    let login = "POST /login HTTP/1.1";
    assert_eq!(first, [login, old, old, old, login, new]);
    let body = seen[0].rsplit("\r\n\r\n").next().unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body, json!({"username": "me", "password": CANARY}));
}

#[tokio::test]
async fn a_new_token_that_is_refused_too_is_the_plugins_to_see() {
    let server = Server::start([token("a token"), status("401 Unauthorized")]).await;
    let answer = legacy(&server).send(keyed(get(server.url("/"))), PATIENCE).await.unwrap();
    assert_eq!((answer.status, server.seen().len()), (401, 2));
}

#[tokio::test]
async fn a_refused_login_is_denied_and_not_tried_again() {
    let server = Server::start([status("401 Unauthorized"), token("never")]).await;
    let http = legacy(&server);
    for _ in 0..2 {
        let why = denied(&http, keyed(get(server.url("/")))).await;
        assert!(why.contains("answered 401: look at the credential access"), "{why}");
    }
    assert_eq!(server.seen().len(), 1);
    let server = Server::start([Act::Answer(ok(r#"{"id": 7}"#))]).await;
    let why = denied(&legacy(&server), keyed(get(server.url("/")))).await;
    assert!(why.contains("gave no token at /data/id"), "{why}");
}

#[tokio::test]
async fn whatever_becomes_of_a_login_the_request_itself_was_not_sent() {
    let busy = answer("503 Service Unavailable", "retry-after: 7\r\n", b"");
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx".to_vec();
    for (bytes, after) in [(busy, Some(7000)), (cut, None)] {
        let server = Server::start([Act::AnswerAndClose(bytes)]).await;
        let broken = legacy(&server).send(keyed(post(server.url("/"), "{}")), PATIENCE).await;
        let Err(Broken::Unsent { after_ms, .. }) = broken else { panic!("{broken:?}") };
        assert_eq!(after_ms, after);
    }
}

#[tokio::test]
async fn no_answer_error_or_debug_shows_a_secret() {
    let echo = format!("you are me, {CANARY}, with first-canary-token");
    let headers = "location: /?access_token=first-canary-token\r\n";
    let server = Server::start([
        token("first-canary-token"),
        Act::Answer(answer("302 Found", headers, echo.as_bytes())),
        Act::AnswerAndClose(Vec::new()),
    ])
    .await;
    let http = legacy(&server);
    let answer = http.send(keyed(get(server.url("/"))), PATIENCE).await.unwrap();
    let body = String::from_utf8(answer.body.clone()).unwrap();
    assert_eq!(body, "you are me, [redacted], with [redacted]");
    let lost = http.send(keyed(get(server.url("/"))), PATIENCE).await.unwrap_err();
    let twice = denied(&http, keyed(get(server.url("/?access_token=mine")))).await;
    for shown in [format!("{answer:?}"), format!("{lost:?} {lost}"), twice, format!("{http:?}")] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}
