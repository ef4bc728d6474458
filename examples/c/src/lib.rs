//! Networks that a C program calls: one that is compiled with its weights, a stream, and two that take tokens.

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

    /// The first of some words, as many as `count` says, to a mood.
    #[kiln(export_c = "mood")]
    pub struct LSTMModel(words: u32[6], count: u32) -> [2] {
        embed: Embedding(20, 8),
        lstm: Lstm(8),
        mood: Dense(2),
        forward {
            mood(last(lstm(embed(words), length = count), length = count))
        }
    }

    /// A score of each word as it comes.
    #[kiln(stream, export_c)]
    pub struct NextWord(words: u32[6]) -> [6, 20] {
        Embedding(20, 8),
        Lstm(8),
        Dense(20),
    }
}
