# Recipes for daily work. `.ci/run` does the same without `just`.

# Everything that CI does.
ci:
    .ci/run

# Formats the workspace.
fmt:
    cargo fmt --all

# Formatting and lints, as CI checks them.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# The documentation, with broken links as errors.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

# All tests.
test:
    cargo test --workspace --locked

# The SQL cases; `just slt vector_search` runs those whose name contains it.
slt FILTER="":
    cargo test -p muster-sqllogictest --test slt -- {{FILTER}}

# Licences, sources and the dependency arrows (cargo install cargo-deny --locked).
deny:
    cargo deny check bans licenses sources

# The demonstration: 20,000 workers, five searches.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# The measurements of benches/.
bench *ARGS:
    cargo bench -p muster-benches {{ARGS}}
