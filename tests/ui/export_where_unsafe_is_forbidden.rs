#![forbid(unsafe_code)]
use kiln::model;

model! {
    #[kiln(stream, export_c)]
    pub struct Net(x: [8, 1]) -> [8, 1] { Dense(1) }
}

fn main() {}
