//! The contract as the host sees it, generated from `wit/`.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    imports: {
        // Never waits, so it need not switch stacks.
        "ourwater:datasource/log": trappable,
        default: async | trappable,
    },
    exports: { default: async },
    require_store_data_send: true,
});
