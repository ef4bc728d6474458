use kiln::model;

model! {
    #[kiln(input_gradients)]
    struct Net(words: u32[40]) -> [40, 16] {
        embed: Embedding(1000, 16),
    }
}

fn main() {}
