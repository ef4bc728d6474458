use kiln::model;

model! {
    struct Plain(x: [4]) -> [4] { Dense(4) }
    type Small = Plain<4>;
    type Large = Plan<4>;
}

fn main() {}
