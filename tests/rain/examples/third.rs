//! The third version: it asks for more.

rain::version!("3.0.0", 100.0, ["http": "looks rain up where the file has none"]);
