use kiln::model;

model! {
    struct Net(x: [4]) -> [4] { [Dense(4); 0], [Dense(4), 3], [a: Dense(4); 2], { }, [Dense(4); 99999] }
}

fn main() {}
