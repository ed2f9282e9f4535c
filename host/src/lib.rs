//! Keeps groundwater data in step between OurWater and other systems.
//!
//! A request, a command or the clock makes a run of a sync due. `sync` makes sure of what must hold,
//! then asks the plugin for a page after the cursor. The plugin, in its sandbox, reaches only what
//! it was granted. `store` saves pages and the cursor that follows them in one transaction. `http`
//! and `cli` show what is stored, with every record accounted for.
//!
//! Arrows point down only: `main -> cli -> http -> app -> sync -> {plugin, store} -> domain`, and
//! `plugin -> grant`. sqlx is named only in `store`, wasmtime only in `plugin` and `grant`, axum
//! only in `http`; `tests/layers.rs` holds that. `private` writes the files that hold keys; `kit`
//! begins a plugin's project, and `check` plays a plugin against a scripted system, for its author
//! and for whoever decides on it.

pub mod app;
pub mod check;
pub mod cli;
pub mod domain;
pub mod grant;
pub mod http;
pub mod kit;
pub mod plugin;
mod private;
pub mod store;
pub mod sync;
