use kiln::{Workspace, prelude::*};

model! {
    struct Upscaler(image: [1, 8, 8]) -> [4, 64, 65] {
        Flatten,
        Dense(4 * 64 * 65),
        Reshape(4, 64, 65),
    }
}

fn any<M: Model>(net: &M, input: &M::Input) -> M::Output {
    net.forward(input)
}

fn main() {
    let net = Upscaler::new(Seed(1));
    let input = [[[0.0; 8]; 8]; 1];
    let _ = net.forward(&input);
    let _ = Workspace::new(1).forward(&net, &input);
    let _ = any(&net, &input);
}
