use kiln::model;

model! {
    struct Outputs(image: [8, 6, 6]) -> [10, 4, 4] {
        conv: Conv2d(10, 3, groups = 4),
    }

    struct Inputs(image: [3, 6, 6]) -> [8, 4, 4] {
        conv: Conv2d(8, 3, groups = 4),
    }

    struct Steps(x: [20, 6]) -> [18, 8] {
        conv: Conv1d(8, 3, groups = 4),
    }

    struct Image(image: [3, 6, 6]) -> [8, 4, 4] {
        conv: Conv1d(8, 3),
    }
}

fn main() {}
