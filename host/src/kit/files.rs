//! The files of a new project, by their place in it. A test holds that none is forgotten.

/// Where a file goes, and its text.
type File = (&'static str, &'static str);

/// A file of this repository, and where it goes.
macro_rules! file {
    ($place:literal, $from:literal) => {
        ($place, include_str!(concat!("../../../", $from)))
    };
}

/// What a project in any language gets.
pub(super) const BOTH: &[File] = &[
    file!("LICENSE-APACHE", "LICENSE-APACHE"),
    file!("LICENSE-MIT", "LICENSE-MIT"),
    file!("config.json", "plugins/templates/config.json"),
    file!("server.md", "plugins/templates/server.md"),
    file!("fixture/push.json", "plugins/templates/fixture/push.json"),
    file!("fixture/remote.rhai", "plugins/templates/fixture/remote.rhai"),
    file!("wit/datasource.wit", "wit/datasource.wit"),
    file!("wit/host.wit", "wit/host.wit"),
    file!("wit/records.wit", "wit/records.wit"),
];

/// What a project in Rust gets besides.
pub(super) const RUST: &[File] = &[
    file!(".gitignore", "plugins/templates/rust/gitignore"),
    file!(".rustfmt.toml", ".rustfmt.toml"),
    file!("Cargo.toml", "plugins/templates/rust/Cargo.toml"),
    file!("README.md", "plugins/templates/rust/README.md"),
    file!("rust-toolchain.toml", "plugins/templates/rust/rust-toolchain.toml"),
    file!("src/get.rs", "plugins/templates/rust/src/get.rs"),
    file!("src/lib.rs", "plugins/templates/rust/src/lib.rs"),
    file!("src/push.rs", "plugins/templates/rust/src/push.rs"),
    file!("tests/plugin.rs", "plugins/templates/rust/tests/plugin.rs"),
    file!(
        "vendor/ourwater-sdk/Cargo.toml",
        "plugins/templates/rust/vendor/ourwater-sdk/Cargo.toml"
    ),
    file!("vendor/ourwater-sdk/src/adapter.rs", "plugins/sdk/src/adapter.rs"),
    file!("vendor/ourwater-sdk/src/files.rs", "plugins/sdk/src/files.rs"),
    file!("vendor/ourwater-sdk/src/http.rs", "plugins/sdk/src/http.rs"),
    file!("vendor/ourwater-sdk/src/http/answer.rs", "plugins/sdk/src/http/answer.rs"),
    file!("vendor/ourwater-sdk/src/http/tests.rs", "plugins/sdk/src/http/tests.rs"),
    file!("vendor/ourwater-sdk/src/lib.rs", "plugins/sdk/src/lib.rs"),
    file!("vendor/ourwater-sdk/src/log.rs", "plugins/sdk/src/log.rs"),
    file!("vendor/ourwater-sdk/src/native.rs", "plugins/sdk/src/native.rs"),
    file!("vendor/ourwater-sdk/src/paging.rs", "plugins/sdk/src/paging.rs"),
    file!("vendor/ourwater-sdk/src/records.rs", "plugins/sdk/src/records.rs"),
];

/// What a project in Python gets besides.
pub(super) const PYTHON: &[File] = &[
    file!(".gitignore", "plugins/templates/python/gitignore"),
    file!("README.md", "plugins/templates/python/README.md"),
    file!("app.py", "plugins/templates/python/app.py"),
    file!("batches.py", "plugins/templates/python/batches.py"),
    file!("ourwater.py", "plugins/templates/python/ourwater.py"),
    file!("pages.py", "plugins/templates/python/pages.py"),
    file!("requirements.txt", "plugins/templates/python/requirements.txt"),
    file!("schema.json", "plugins/templates/python/schema.json"),
    file!("server.py", "plugins/templates/python/server.py"),
    file!("test_plugin.py", "plugins/templates/python/test_plugin.py"),
];
