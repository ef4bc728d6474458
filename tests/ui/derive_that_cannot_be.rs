use kiln::model;

model! {
    #[derive(PartialEq, Eq, Hash)]
    struct Net(x: [784]) -> [10] { Dense(10) }
}

fn main() {
    let net = Net::new(kiln::Seed(1));
    assert!(net == net.clone());
}
