//! Readings, resources and groups from and to CSV files.
