use kiln::model;

model! {
    struct Net(x: [784]) -> [784] {
        forward { dropout(x) }
    }
}

fn main() {}
