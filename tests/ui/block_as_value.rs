use kiln::model;

model! {
    struct Net(x: [6]) -> [6] { forward { let h = { relu(x) }; h } }
}

fn main() {}
