//! What running statistics learn of batches.

use super::*;

#[test]
fn running_statistics_follow_and_batches_are_counted() {
    struct Follow;
    impl Task for Follow {
        type Output = [Block; 3];

        fn run<S: Isa>(self, s: S) -> [Block; 3] {
            let number = |number| Block([number; LANES]);
            let statistics = [2.0, 0.0, 0.0, 8.0].map(number);
            let [mut mean, mut variance, mut count] = [[number(1.0)], [number(4.0)], [Block::ZERO]];
            [count[0].0[0], count[0].0[1]] = [16_777_215.0, 3.0];
            follow(s, &statistics, &mut mean, &mut variance, &mut count, 0.25);
            [mean[0], variance[0], count[0]]
        }
    }
    for level in simd::levels() {
        let [mean, variance, count] = simd::dispatch(level, Follow);
        assert_eq!(
            [mean, variance],
            [1.25, 5.0].map(|number| Block([number; LANES]))
        );
        assert_eq!(count.0[..2], [0.0, 4.0]);
    }
}
