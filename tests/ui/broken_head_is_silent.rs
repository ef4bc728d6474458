use kiln::prelude::*;

model! {
    struct Net(x: [784]) [10] { Dense(10) }
    struct Next(x: [784]) -> [10] { Desne(10) }
}

fn main() -> kiln::Result<()> {
    let mut net = Net::new(Seed(Net::PARAMS as u64));
    net.load("net.safetensors")?;
    println!("{}", net.summary());
    Ok(())
}
