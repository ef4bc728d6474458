use kiln::model;

model! {
    block Residual<const N: usize>(x) {
        fc: Dense(N),
        forward { relu(fc(x)) + x }
    }
    struct Net(x: [16]) -> [10] { Residual<16>, [Residual<8>; 3], Dense(10) }
}

fn main() {}
