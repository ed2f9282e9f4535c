//! Keeps groundwater data in step between OurWater and other systems.

pub mod domain;
pub mod grant;
pub mod plugin;
