use kiln::model;

model! {
    block Stack<const N: usize>(x) { Dense(N), Relu }
    struct Net(x: [4]) -> [4] { Stack(4), Dense<4>, Stak<4> }
}

fn main() {}
