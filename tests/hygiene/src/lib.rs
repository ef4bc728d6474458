//! Expansions must compile wherever a user puts them: with the crate renamed, without a prelude, inside a function, in a
//! crate that forbids `unsafe`, and with the user's own types of famous names in scope.
#![forbid(unsafe_code)]
#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types, reason = "the names are the test")]

/// Stands in the way.
struct Result;
/// Stands in the way.
struct Option;
/// Stands in the way.
struct Vec;
/// Stands in the way.
struct Box;
/// Stands in the way.
struct Block;
/// Stands in the way.
struct Seed;
/// Stands in the way.
struct Network;

/// Stands in the way.
mod rt {}
/// Stands in the way.
mod core {}
/// Stands in the way.
mod kiln {}

::engine::model! {
    /// Every family of layers.
    pub struct Everything(image: [1, 12, 12], extra: [3]) -> ([4], [2]) {
        conv: Conv2d(5, kernel = 3, padding = 1),
        pool: MaxPool2d(2),
        lstm: Lstm(6),
        decide: Dense(4, l1 = 0.001, l2 = 0.001),
        other: Dense(2),

        forward {
            let seen = flatten(pool(relu(conv(image))));
            let steps = reshape(seen, [15, 12]);
            let remembered = last(lstm(steps));
            let h = dropout(concat(remembered, extra), 0.5);
            (log_softmax(decide(h)), softmax(other(h)))
        }
    }
}

/// Networks themselves may have famous names.
pub mod famous {
    ::engine::model! {
        /// No optional value.
        pub struct Option(x: [3]) -> [2] { Dense(2) }
        /// No value.
        pub struct Some(x: [3]) -> [2] { Dense(2) }
        /// No trait.
        pub struct Iterator(x: [3]) -> [2] { Dense(2) }
        /// No trait.
        pub struct Clone(x: [3]) -> [2] { Dense(2) }
        /// Its name is a type parameter's.
        pub struct S(x: [3]) -> [2] { Dense(2) }
    }
}

::engine::model! {
    /// What is derived already is not derived again.
    #[derive(::core::clone::Clone, ::core::fmt::Debug)]
    #[deprecated = "the expansion itself may use it"]
    pub struct Derived(x: [3]) -> [2] { Dense(2) }

    /// Left out with all that belongs to it.
    #[cfg(any())]
    pub struct Absent(x: [3]) -> [2] { Dense(2) }
}

/// Networks are declared inside functions, too.
pub fn inside() -> ::core::primitive::usize {
    ::engine::model! {
        struct Local(x: [3]) -> [2] { Dense(2) }
    }
    Local::PARAMS
}

#[cfg(test)]
mod tests {
    use ::std::{assert, assert_eq, prelude::rust_2024::*};

    #[test]
    fn expansions_work_among_strangers() {
        assert_eq!(super::inside(), 3 * 2 + 2);
        let net = super::Everything::new(::engine::Seed(1));
        let (first, second) = net.forward(&([[[0.5; 12]; 12]; 1], [0.1; 3]));
        assert!(first.iter().all(|value| *value < 0.0));
        #[expect(deprecated, reason = "deprecation is what this struct is for")]
        let derived = super::Derived::new(::engine::Seed(1));
        let shown = ::std::format!("{derived:?}");
        assert_eq!(shown, "Derived { arena: 4 blocks }");
        assert!((second[0] + second[1] - 1.0).abs() < 1e-6);
    }
}
