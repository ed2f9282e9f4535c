//! The words of OurWater Sync as plain types: no IO, no async, wrong states unwritable.

pub mod batch;
pub mod clock;
pub mod conflict;
pub mod credential;
pub mod datasource;
pub mod digest;
pub mod faults;
pub mod file;
pub mod id;
pub mod issue;
pub mod merge;
pub mod name;
pub mod network;
pub mod organisation;
pub mod origin;
pub mod page;
pub mod plan;
pub mod plugin;
pub mod report;
pub mod run;
pub mod secret;
pub mod setting;
pub mod sound;
pub mod sync;
pub(crate) mod text;
