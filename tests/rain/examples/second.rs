//! The second version: it gives tenths of millimetres, and asks for no more than the first.

rain::version!("2.0.0", 10.0, []);
