//! What a datasource plugin in Rust is written with: one trait, one macro, the host's functions.
//!
//! A plugin implements [`Datasource`] and ends in `ourwater_sdk::export!(Type);`. It never sees the
//! generated bindings. The same code compiles natively, where [`native`] stands in for the host,
//! so that a plugin is tested, fuzzed and measured without a sandbox.

mod adapter;
pub mod files;
pub mod http;
pub mod log;
#[cfg(not(target_family = "wasm"))]
pub mod native;
pub mod paging;
mod records;

#[doc(hidden)]
pub mod bindings {
    #![expect(clippy::same_length_and_capacity, reason = "generated from the contract")]
    wit_bindgen::generate!({
        world: "plugin",
        path: "../../wit",
        pub_export_macro: true,
        default_bindings_module: "ourwater_sdk::bindings",
        additional_derives: [Clone, PartialEq],
    });
}

#[doc(hidden)]
pub use adapter::Adapter;
pub use bindings::ourwater::datasource::records::{
    Assigned, Base, Batch, Choice, Datatype, Delay, Description, Duplicates, Failure, GetRequest,
    Group, Items, Kind, Note, Page, Paging, Position, Proposal, Question, Readings, Receipt,
    Refused, Rejection, Remark, Resource, Series,
};
pub use schemars;

/// The error every call may end in; it tells the host what to do.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// A system that data comes from or goes to.
///
/// Nothing is remembered between calls: each may run in a fresh instance.
pub trait Datasource {
    /// What an administrator fills in. Its JSON Schema is derived; doc comments become help texts.
    /// Use `#[serde(deny_unknown_fields)]`, and no secrets: those are credentials of the host.
    type Config: serde::de::DeserializeOwned + schemars::JsonSchema;

    /// Constant for a version. `schema` is filled in by the SDK.
    fn describe() -> Description;

    /// Works out what `config` leaves open, from the source itself. `config` is any JSON object,
    /// since what is still missing may not be a whole configuration yet.
    fn propose(config: &serde_json::Value) -> Result<Proposal> {
        Ok(Proposal { config: config.to_string(), found: Vec::new(), undecided: Vec::new() })
    }

    /// Tries the configuration against the source, writing nothing.
    fn check(config: &Self::Config) -> Result<Vec<Remark>>;

    /// One page after the cursor.
    fn get(config: &Self::Config, request: &GetRequest) -> Result<Page>;

    /// Takes a batch. An error means that nothing of it took effect.
    fn push(config: &Self::Config, batch: &Batch) -> Result<Receipt> {
        let _ = (config, batch);
        Err(Failure::Unsupported("this datasource takes no data".to_owned()))
    }
}

/// Makes `$datasource` the component's datasource. The last line of a plugin.
///
/// Component exports do not link into a native library, so natively this only checks the type.
#[macro_export]
macro_rules! export {
    ($datasource:ty) => {
        #[cfg(target_family = "wasm")]
        type ExportedComponent = $crate::Adapter<$datasource>;
        #[cfg(target_family = "wasm")]
        $crate::bindings::export!(ExportedComponent with_types_in $crate::bindings);
        #[cfg(not(target_family = "wasm"))]
        const _: fn() -> $crate::Description = $crate::native::describe::<$datasource>;
    };
}

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
