use kiln::model;

model! {
    struct Net(words: u32[40]) -> [40, 16] {
        embed: Embedding(1000, 16, padding = 1000),
    }
}

fn main() {}
