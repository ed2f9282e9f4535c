//! Keeps groundwater data in step between OurWater and other systems.

pub mod domain;
