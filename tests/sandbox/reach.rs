//! Requests to where none may go, and with what none may carry.

use super::remote::{Act, answer, ok};
use super::request::{Names, Request};
use super::row::{Row, data, denied, request};

pub(super) fn rows() -> Vec<Row> {
    [addresses(), names(), origins(), headers(), redirects()].into_iter().flatten().collect()
}

/// This machine and its cloud, disguised: granted by name, and refused by address.
fn addresses() -> Vec<Row> {
    [
        ("address-plain", "http://127.0.0.1:{port}/"),
        ("address-decimal", "http://2130706433:{port}/"),
        ("address-octal", "http://0177.0.0.1:{port}/"),
        ("address-hexadecimal", "http://0x7f.0x0.0x0.0x1:{port}/"),
        ("address-short", "http://127.1:{port}/"),
        ("address-zero", "http://0:{port}/"),
        ("address-loopback-6", "http://[::1]:{port}/"),
        ("address-mapped", "http://[::ffff:127.0.0.1]:{port}/"),
        ("address-compatible", "http://[::127.0.0.1]:{port}/"),
        ("address-nat64", "http://[64:ff9b::a9fe:a9fe]/"),
        ("address-6to4", "http://[2002:7f00:1::]/"),
        ("address-teredo", "http://[2001:0:7f00:1::]/"),
        ("address-metadata", "http://169.254.169.254/latest/meta-data/"),
        ("address-metadata-mapped", "http://[::ffff:a9fe:a9fe]/latest/meta-data/"),
        ("address-metadata-6", "http://[fd00:ec2::254]/latest/meta-data/"),
        ("address-carrier", "http://100.64.0.1/"),
        ("address-link-local", "http://[fe80::1]/"),
    ]
    .map(|(name, url)| {
        request(name, Request::never(url), denied(&["not in the internet", "--allow-network"]))
    })
    .into()
}

/// Names that mean something else than they seem to, or not for long.
fn names() -> Vec<Row> {
    const WELLS: &str = "http://wells.example:{port}/";
    let named = |script| Request { names: Names::Script(script), ..Request::never(WELLS) };
    let private =
        denied(&["10.0.0.1, which is not in the internet", "--allow-network 10.0.0.1/32"]);
    vec![
        request("name-private", named(&[&["10.0.0.1"]]), private),
        request(
            "name-mapped",
            named(&[&["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"]]),
            denied(&["::ffff:169.254.169.254, which is not in the internet"]),
        ),
        request(
            "name-rebinding",
            Request {
                deed: "http-twice",
                names: Names::Script(&[&["127.0.0.1"], &["10.0.0.1"]]),
                ..Request::to(WELLS, || vec![Act::Answer(ok("", b"first"))])
            },
            denied(&["10.0.0.1, which is not in the internet"]),
        ),
        request(
            "name-mixed",
            Request {
                names: Names::Script(&[&["10.0.0.1", "fe80::1", "127.0.0.1"]]),
                ..Request::to(WELLS, || vec![Act::Answer(ok("", b"the public one"))])
            },
            data(&["body: the public one"]),
        ),
    ]
}

/// Not what was granted, though nearly.
fn origins() -> Vec<Row> {
    const GRANTED: &[&str] = &["http://wells.example:{port}"];
    let other = |url| Request { granted: GRANTED, open: true, ..Request::never(url) };
    let unnamed = || denied(&["may not reach", "its configuration names http://wells.example"]);
    vec![
        request("origin-trailing-dot", other("http://wells.example.:{port}/"), unnamed()),
        request("origin-other-port", other("http://wells.example:1/"), unnamed()),
        request("origin-other-scheme", other("https://wells.example:{port}/"), unnamed()),
        request("origin-longer", other("http://wells.example.evil.example:{port}/"), unnamed()),
        request(
            "origin-backslash",
            other(r"http://evil.example\@wells.example:{port}/"),
            unnamed(),
        ),
        request(
            "origin-userinfo",
            other("http://wells.example:{port}@evil.example/"),
            denied(&["those belong in a credential"]),
        ),
        request("origin-file", other("file:///etc/passwd"), denied(&["neither http nor https"])),
        request(
            "credential-elsewhere",
            Request {
                granted: &["http://wells.example:{port}", "http://other.example:{port}"],
                entrusted: Some("http://wells.example:{port}"),
                ..other("http://other.example:{port}/")
            },
            denied(&["the credential access goes to http://wells.example", "and not to"]),
        ),
    ]
}

/// A message that says where it ends, whom it is for, or who sends it.
fn headers() -> Vec<Row> {
    const URL: &str = "http://127.0.0.1:{port}/";
    let with = |headers| Request { headers, open: true, ..Request::never(URL) };
    vec![
        request(
            "header-injection",
            with(&[("X-Well", "1\r\nHost: evil.example\r\n\r\nGET /other HTTP/1.1")]),
            denied(&["the header x-well holds what no header may, as a line break"]),
        ),
        request(
            "header-name-injection",
            with(&[("X-Well: 1\r\nHost", "evil.example")]),
            denied(&["cannot be a header's name"]),
        ),
        request("header-host", with(&[("Host", "evil.example")]), denied(&["set by the host"])),
        request(
            "header-authorization",
            with(&[("authorization", "Basic eDp5")]),
            denied(&["set by the host", "name a credential instead"]),
        ),
        request(
            "header-transfer-encoding",
            with(&[("Transfer-Encoding", "chunked")]),
            denied(&["set by the host"]),
        ),
        request(
            "method-injection",
            Request { method: "GET /other HTTP/1.1\r\nX:", ..with(&[]) },
            denied(&["the method GET /other", "is not allowed"]),
        ),
        request("method-connect", Request { method: "CONNECT", ..with(&[]) }, denied(&["CONNECT"])),
    ]
}

/// Answers that lead elsewhere.
fn redirects() -> Vec<Row> {
    let to_metadata = || {
        let location = "location: http://169.254.169.254/latest/meta-data/\r\n";
        vec![Act::Answer(answer("302 Found", location, b""))]
    };
    let at = |deed| Request { deed, ..Request::to("http://127.0.0.1:{port}/", to_metadata) };
    vec![
        request("redirect-not-followed", at("http"), data(&["status: 302", "169.254.169.254"])),
        request(
            "redirect-to-metadata",
            at("http-follow"),
            denied(&["may not reach http://169.254.169.254"]),
        ),
    ]
}
