//! A plugin that never finishes starting.

use ourwater_sdk::{Datasource, Description, GetRequest, Page, Remark, Result};

/// The datasource nobody ever meets.
#[derive(Debug)]
pub struct Unmet;

impl Datasource for Unmet {
    type Config = bool;

    fn describe() -> Description {
        panic!("it has started")
    }

    fn check(_config: &bool) -> Result<Vec<Remark>> {
        panic!("it has started")
    }

    fn get(_config: &bool, _request: &GetRequest) -> Result<Page> {
        panic!("it has started")
    }
}

#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "the one way to run code before any export")]
mod constructor {
    extern "C" fn run() {
        loop {
            std::hint::black_box(0);
        }
    }

    #[used]
    #[unsafe(link_section = ".init_array")]
    static CONSTRUCTOR: extern "C" fn() = run;
}

ourwater_sdk::export!(Unmet);
