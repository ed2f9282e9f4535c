//! The first version.

rain::version!("1.0.0", 1.0, []);
