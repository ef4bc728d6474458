# Formatting, lints and documentation, warnings denied.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --all-features

# All tests.
test:
    cargo test --workspace

# The benchmarks, beside the machine's own peak.
bench *ARGS:
    cargo bench {{ARGS}}

# What `model!` expands to in a file.
expand FILE:
    cargo run --quiet -p kiln-compiler --example expand -- {{FILE}}

# Compares the emitted code of many random networks with the reference interpreter.
random COUNT="1000":
    KILN_RANDOM_MODELS={{COUNT}} cargo test --release -p kiln-random-tests

# Makes the golden files anew (needs Python with torch, numpy and safetensors).
goldens:
    python3 tests/golden/make.py
