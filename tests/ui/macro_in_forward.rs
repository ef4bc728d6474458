use kiln::model;

model! {
    struct Net(x: [6]) -> [6] { forward { println!("{x}"); relu(x) } }
}

fn main() {}
