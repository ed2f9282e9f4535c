//! Where requests may go, and what they may carry there.

use std::net::IpAddr;

use super::*;

#[tokio::test]
async fn an_origin_that_was_not_granted_is_denied_with_what_was() {
    let server = Server::answering(&["never"]).await;
    let http = http(&["https://wells.example", &server.origin]);
    let port = server.origin.rsplit(':').next().unwrap();
    for other in [
        "https://other.example/".to_owned(),
        "http://wells.example/".to_owned(),
        "https://wells.example:444/".to_owned(),
        "https://wells.example./".to_owned(),
        "https://wells.example.evil.example/".to_owned(),
        format!("http://localhost:{port}/"),
    ] {
        let why = denied(&http, get(other)).await;
        assert!(why.contains("may not reach"), "{why}");
        assert!(why.contains("its configuration names https://wells.example"), "{why}");
    }
    for (bad, text) in [
        ("https://me:canary@wells.example/", "belong in a credential"),
        ("ftp://wells.example/", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("/api", "no URL"),
    ] {
        let why = denied(&http, get(bad)).await;
        assert!(why.contains(text) && !why.contains("canary"), "{why}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn this_machine_is_refused_in_every_spelling_unless_an_operator_allows_it() {
    let server = Server::answering(&["inside"]).await;
    let port = server.origin.rsplit(':').next().unwrap();
    for host in
        ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0", "[::1]", "[::ffff:127.0.0.1]"]
    {
        let url = format!("http://{host}:{port}/");
        let origins = vec![url.parse().unwrap()];
        let closed = Network::new(Vec::new());
        let http = Http::new(closed, origins, BTreeMap::new(), HttpLimits::default());
        let why = denied(&http, get(url)).await;
        assert!(why.contains("--allow-network"), "{host}: {why}");
    }
    assert_eq!(server.connections(), 0);
    let answer = http(&[&server.origin]).send(get(server.url("/")), PATIENCE).await.unwrap();
    assert_eq!(answer.body, b"inside");
}

#[test]
fn what_is_not_the_internet_is_known() {
    let closed = Network::new(vec!["10.1.0.0/16".parse().unwrap()]);
    let reach = |address: &str| closed.may_reach(address.parse().unwrap());
    for special in [
        "0.0.0.0",
        "10.2.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.9.9.9",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:8.8.8.8",
        "::ffff:10.1.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!reach(special), "{special}");
    }
    for public in ["10.1.2.3", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111"] {
        assert!(reach(public), "{public}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_meaning_gains_nothing() {
    let server = Server::answering(&["one", "never"]).await;
    let port = server.origin.rsplit(':').next().unwrap();
    let addresses =
        |all: &[&str]| all.iter().map(|it| it.parse::<IpAddr>().unwrap()).collect::<Vec<_>>();
    let origin = format!("http://rebind.example:{port}");
    let limits = HttpLimits { idle_time_max: Duration::ZERO, ..HttpLimits::default() };
    let http = |script: Vec<Vec<IpAddr>>| {
        let network = scripted(here(), script);
        Http::new(network, vec![origin.parse().unwrap()], BTreeMap::new(), limits.clone())
    };
    let request = || get(format!("{origin}/"));
    // What was judged is what is dialled: between the two nobody is asked again.
    let turning = http(vec![addresses(&["10.0.0.1", "127.0.0.1"]), addresses(&["10.0.0.1"])]);
    assert_eq!(turning.send(request(), PATIENCE).await.unwrap().body, b"one");
    let why = denied(&turning, request()).await;
    assert!(why.contains("10.0.0.1, which is not in the internet"), "{why}");
    let nowhere = http(vec![Vec::new()]).send(request(), PATIENCE).await.unwrap_err();
    assert!(matches!(nowhere, Broken::Unsent { .. }), "{nowhere:?}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_plugin_cannot_say_where_a_message_ends_or_who_sends_it() {
    let server = Server::answering(&["never"]).await;
    let http = http(&[&server.origin]);
    for (name, value, text) in [
        ("Host", "evil.example", "set by the host"),
        ("authorization", "Basic eDp5", "name a credential instead"),
        ("Proxy-Authorization", "x", "set by the host"),
        ("Transfer-Encoding", "chunked", "set by the host"),
        ("Content-Length", "0", "set by the host"),
        ("Connection", "upgrade", "set by the host"),
        ("X-A", "1\r\nHost: evil.example", "line break"),
        ("X-A\r\nHost", "evil.example", "cannot be a header's name"),
        ("X A", "1", "cannot be a header's name"),
    ] {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let why = denied(&http, Request { headers, ..get(server.url("/")) }).await;
        assert!(why.contains(text) && !why.contains(['\r', '\n']), "{why}");
    }
    for method in ["CONNECT", "TRACE", "get", "GET / HTTP/1.1\r\nX:"] {
        let why =
            denied(&http, Request { method: method.to_owned(), ..get(server.url("/")) }).await;
        assert!(why.contains("is not allowed") && !why.contains(['\r', '\n']), "{why}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_request_over_a_limit_is_not_sent_and_the_limit_named() {
    let server = Server::answering(&["one", "two", "never"]).await;
    let limits = HttpLimits {
        url_bytes_max: 100,
        headers_max: 2,
        header_bytes_max: 50,
        request_bytes_max: 10,
        run_requests_max: 2,
        ..HttpLimits::default()
    };
    let http = limited(&[&server.origin], limits);
    let url = server.url("/");
    let header = |value: &str| ("x-a".to_owned(), value.to_owned());
    let cases = [
        (get(format!("{url}{}", "x".repeat(100))), "URL: at most 100 bytes"),
        (
            Request { headers: vec![header(""); 3], ..get(&url) },
            "request headers: at most 2, not 3",
        ),
        (
            Request { headers: vec![header(&"x".repeat(50))], ..get(&url) },
            "at most 50 bytes, not 53",
        ),
        (post(&url, "12345678901"), "request body: at most 10 bytes, not 11"),
    ];
    for (request, text) in cases {
        let why = denied(&http, request).await;
        assert!(why.contains(text), "{why}");
    }
    for _ in 0..2 {
        http.send(post(&url, "1234567890"), PATIENCE).await.unwrap();
    }
    assert!(denied(&http, get(&url)).await.contains("requests: at most 2 in one run"));
    assert_eq!(server.seen().len(), 2);
}
