use kiln::model;

model! {
    #[kiln(stream)]
    struct Net(x: [32, 4]) -> ([32, 8], [4], [32, 4]) {
        conv: Conv1d(8, 3, padding = 1),
        norm: InstanceNorm,
        forward { (conv(x), mean(x, axis = 0), norm(x)) }
    }

    #[kiln(stream)]
    struct Image(image: [1, 28, 28]) -> [1, 28, 28] { Relu }
}

fn main() {
    let net = Net::new(1);
    let (_, _, _) = net.stream().step(&[0.5; 4]);
}
