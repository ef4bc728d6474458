use kiln::model;

model! {
    block Stack<const N: usize, const BIAS: bool = true>(x) { Dense(N, bias = BIAS), Relu }
    struct Net(x: [4]) -> [4] { Stack, Stack<4, 5>, Stack<true>, Stack<4, true, 1>, Stack<N> }
}

fn main() {}
