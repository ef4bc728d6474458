use kiln::prelude::*;

model! {
    struct Net(x: [784]) -> [10] {
        Desne(10),
    }
}

fn main() {
    let net = Net::new(Seed(7));
    let logits: [f32; 10] = net.forward(&[0.0; 784]);
    println!("{} {logits:?}", Net::PARAMS);
}
