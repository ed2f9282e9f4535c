//! OAuth 2: tokens for a client, got, kept, renewed, and shown to nobody.

use serde_json::json;

use super::keys::{keyed, with};
use super::server::{answer, ok};
use super::*;

const CANARY: &str = "canary/+secret word";

fn client(server: &Server, oauth2: &serde_json::Value) -> Http {
    let credential = json!({"kind": "oauth2", "client": "wells & co", "secret": CANARY});
    with(server, json!({"why": "to read", "oauth2": oauth2}), credential)
}

fn given(token: &str, life: &serde_json::Value) -> Act {
    let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": life});
    Act::Answer(ok(&body.to_string()))
}

fn body(seen: &str) -> &str {
    seen.rsplit("\r\n\r\n").next().unwrap()
}

fn firsts(server: &Server) -> Vec<String> {
    server.seen().iter().map(|it| it.lines().next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_client_proves_itself_in_the_header_or_in_the_form_and_the_token_goes_along() {
    let server = Server::start([given("first token", &json!(3600)), Act::Answer(ok("1"))]).await;
    let http = client(&server, &json!({"token": "/oauth/token", "scope": "read write"}));
    http.send(keyed(get(server.url("/wells"))), PATIENCE).await.unwrap();
    let seen = server.seen();
    assert_eq!(firsts(&server), ["POST /oauth/token HTTP/1.1", "GET /wells HTTP/1.1"]);
    // "wells+%26+co:canary%2F%2Bsecret+word"
    let basic = "authorization: Basic d2VsbHMrJTI2K2NvOmNhbmFyeSUyRiUyQnNlY3JldCt3b3Jk";
    assert!(seen[0].contains(basic), "{}", seen[0]);
    assert_eq!(body(&seen[0]), "grant_type=client_credentials&scope=read+write");
    assert!(seen[1].contains("authorization: Bearer first token"), "{}", seen[1]);

    let server = Server::start([given("t", &json!(null)), Act::Answer(ok("1"))]).await;
    let http = client(&server, &json!({"token": "/oauth/token", "in": "body"}));
    http.send(keyed(get(server.url("/wells"))), PATIENCE).await.unwrap();
    let form = "grant_type=client_credentials&client_id=wells+%26+co&\
                client_secret=canary%2F%2Bsecret+word";
    let seen = server.seen();
    assert_eq!(body(&seen[0]), form);
    assert!(!seen[0].contains("authorization"), "{}", seen[0]);
}

#[tokio::test]
async fn a_token_is_renewed_when_its_time_is_up_or_the_server_forgets_it() {
    let server = Server::start([
        given("one", &json!(0)),
        Act::Answer(ok("1")),
        given("two", &json!("3600")),
        Act::Answer(ok("2")),
        Act::Answer(ok("3")),
        Act::Answer(answer("401 Unauthorized", "", b"")),
        given("three", &json!(3600)),
        Act::Answer(ok("4")),
    ])
    .await;
    let http = client(&server, &json!({"token": "/token"}));
    for body in ["1", "2", "3", "4"] {
        let answer = http.send(keyed(get(server.url("/wells"))), PATIENCE).await.unwrap();
        assert_eq!(answer.body, body.as_bytes());
    }
    let (token, wells) = ("POST /token HTTP/1.1", "GET /wells HTTP/1.1");
    assert_eq!(firsts(&server), [token, wells, token, wells, wells, wells, token, wells]);
}

#[tokio::test]
async fn a_client_that_is_refused_is_not_tried_again() {
    let refusal = json!({"error": "invalid_client", "error_description": CANARY}).to_string();
    let mac = json!({"access_token": "t", "token_type": "mac"}).to_string();
    let odd = json!({"error": format!("{CANARY} is wrong")}).to_string();
    let cases = [
        (answer("401 Unauthorized", "", refusal.as_bytes()), "answered 401 (invalid_client)"),
        (answer("400 Bad Request", "", odd.as_bytes()), "answered 400: look at"),
        (ok(&mac), "gave no token that goes as a bearer token"),
        (ok("<html>"), "gave no token in JSON"),
        (ok("{}"), "gave no token as access_token"),
    ];
    for (bytes, text) in cases {
        let server = Server::start([Act::Answer(bytes), given("never", &json!(1))]).await;
        let http = client(&server, &json!({"token": "/token"}));
        for _ in 0..2 {
            let why = denied(&http, keyed(get(server.url("/wells")))).await;
            assert!(why.contains(text) && !why.contains("canary"), "{why}");
        }
        assert_eq!(server.seen().len(), 1);
    }
    let server = Server::start([]).await;
    let http = client(&server, &json!({"token": "//evil.example/token"}));
    let why = denied(&http, keyed(get(server.url("/")))).await;
    assert!(why.contains("leaves the origin"), "{why}");
}

#[tokio::test]
async fn neither_the_secret_nor_the_token_is_echoed() {
    let echo =
        format!("{CANARY}, first-canary-token, d2VsbHMrJTI2K2NvOmNhbmFyeSUyRiUyQnNlY3JldCt3b3Jk");
    let server =
        Server::start([given("first-canary-token", &json!(3600)), Act::Answer(ok(&echo))]).await;
    let http = client(&server, &json!({"token": "/token"}));
    let answer = http.send(keyed(get(server.url("/"))), PATIENCE).await.unwrap();
    assert_eq!(answer.body, b"[redacted], [redacted], [redacted]");
    assert!(!format!("{http:?}").contains("canary"));
}
