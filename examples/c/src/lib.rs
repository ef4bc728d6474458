//! Two networks that a C program calls: one that is compiled with its weights, and a stream.

use kiln::model;

model! {
    /// The network of the example `digits`.
    #[kiln(weights = "../data/digits.safetensors", export_c)]
    pub struct Digits(image: [1, 8, 8]) -> [10] {
        Flatten,
        hidden: Dense(128),
        Relu,
        Dropout(0.2),
        logits: Dense(10),
    }

    /// A sound and a knob, frame by frame, to two sounds.
    #[kiln(stream, export_c)]
    pub struct DuoAmp(audio: [64, 1], knob: [2]) -> ([64, 1], [64, 2]) {
        lstm: Lstm(8),
        dry: Dense(1),
        wet: Dense(2),
        forward {
            let heard = lstm(audio);
            (dry(heard), wet(heard) * knob)
        }
    }
}
