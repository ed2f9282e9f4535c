//! The plugin that breaks the promise its configuration names.

ourwater_sdk::export!(faulty::Faulty);
