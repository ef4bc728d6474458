use kiln::model;

model! {
    struct Net(words: [40]) -> [40, 16] {
        embed: Embedding(1000, 16),
    }
}

fn main() {}
