use kiln::prelude::*;

model! {
    #[kiln(weights = "not/there.safetensors", stream)]
    struct Amp(audio: [64, 1]) -> [64, 1] { lstm: Lstm(8), fc: Dense(1) }
}

fn main() {
    let _ = Amp::pretrained().forward(&[[0.0]; 64]);
}
