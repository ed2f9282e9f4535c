//! Lines in the run's log.

pub use crate::bindings::ourwater::datasource::log::Level;

/// One line; the host cuts it and strips control characters.
pub fn write(level: Level, message: &str) {
    #[cfg(target_family = "wasm")]
    crate::bindings::ourwater::datasource::log::write(level, message);
    #[cfg(not(target_family = "wasm"))]
    crate::native::with(|host| host.log(level, message));
}
