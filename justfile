# Formatting, lints and documentation, warnings denied.
check:
    git ls-files '*.rs' | xargs rustfmt --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --all-features

# All tests.
test:
    cargo test --workspace --features kiln-runtime/fallback,kiln/ctrl-c,kiln/plot

# The book of docs/, in target/book (needs `cargo install mdbook`).
book:
    mdbook build

# The benchmarks, beside the machine's own peak.
bench *ARGS:
    cargo bench {{ARGS}}

# Times the networks of a seed beside PyTorch and ONNX Runtime, and draws docs/performance.svg (needs Python with torch,
# torchvision, onnx and onnxruntime, an idle machine, and an hour).
sweep SEED *ARGS:
    python3 benches/sweep.py {{SEED}} --page {{ARGS}}

# What `model!` expands to in a file.
expand FILE:
    cargo run --quiet -p kiln-compiler --example expand -- {{FILE}}

# Compares the emitted code of many random networks with the reference interpreter, forty in a build: rustc holds all
# of a build's networks in memory.
random COUNT="1000":
    for first in $(seq 0 40 $(({{COUNT}} - 1))); do \
        KILN_RANDOM_SEED=$first KILN_RANDOM_MODELS=40 cargo test -p kiln-random-tests --test models || exit 1; \
    done

# Takes many random networks through the compiler alone.
expansions COUNT="20000":
    KILN_RANDOM_EXPANSIONS={{COUNT}} cargo test --release -p kiln-random-tests --test expansions

# Fuzzes a target (`compile`, `read` or `checkpoint`) in a debug build, until it finds something or the seconds are over.
# Needs nightly and cargo-fuzz. `checkpoint` writes files: `TMPDIR=/dev/shm` keeps them in memory.
fuzz SECONDS="3600" TARGET="compile":
    mkdir -p fuzz/found/{{TARGET}}
    cargo +nightly fuzz run --dev --sanitizer none {{TARGET}} fuzz/found/{{TARGET}} fuzz/corpus/{{TARGET}} -- \
        -max_len=4096 -timeout=60 -max_total_time={{SECONDS}}

# Measures every function of `math` (exp, ln, erf, ..) over all 2^32 floats, on every instruction set of the machine.
ulp:
    KILN_EXHAUSTIVE=1 cargo test --release -p kiln-runtime --lib math:: -- --nocapture

# Makes the golden files anew (needs Python with torch, numpy, safetensors and scikit-learn).
goldens:
    python3 tests/golden/make.py
    python3 tests/golden/make_metrics.py
