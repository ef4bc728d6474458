use kiln::model;

model! {
    struct Net(words: u32[40]) -> [40, 1000] {
        embed: Embedding(1000, 16),
        fc: Dense(32),
        forward { embed.attend(fc(embed(words))) }
    }
}

fn main() {}
