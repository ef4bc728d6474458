//! Expansions must compile wherever a user puts them: with the crate renamed, without a prelude, inside a function, in a
//! crate that forbids `unsafe`, and with the user's own types of famous names in scope.
#![forbid(unsafe_code)]
#![no_implicit_prelude]
#![allow(
    dead_code,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    missing_docs,
    clippy::upper_case_acronyms,
    reason = "the names are the test"
)]

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
struct Model;
/// Stands in the way.
struct SmallOutput;

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

::engine::model! {
    /// Layers that answer frame by frame.
    #[kiln(stream)]
    pub struct Flowing(x: [24, 3]) -> [12, 2] {
        lstm: Lstm(6),
        [{ Conv1d(4, 3, padding = Causal), Gelu }; 14],
        Conv1d(2, 2, stride = 2),
        Sigmoid,
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
        /// No crate.
        pub struct core(x: [3]) -> [2] { Dense(2) }
        /// No crate.
        pub struct engine(x: [3]) -> [2] { Dense(2) }
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

/// Names read off expansions, each someone else's.
pub mod strangers {
    ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/strangers.rs"));
}

/// What is derived only now and then is derived otherwise as well.
pub mod conditions {
    ::engine::model! {
        /// The user's `Clone`, no `Debug` of the user's.
        #[cfg_attr(all(), derive(::core::clone::Clone), cfg_attr(any(), derive(::core::fmt::Debug)))]
        pub struct Always(x: [3]) -> [2] { Dense(2) }
        /// No `Clone` of the user's, the user's `Debug`.
        #[cfg_attr(any(), derive(::core::clone::Clone))]
        #[cfg_attr(all(), derive(::core::fmt::Debug))]
        pub struct Never(x: [3]) -> [2] { Dense(2) }
    }
}

/// A trait whose methods have the names of an iterator's.
pub mod methods {
    /// Every iterator has it.
    pub trait Hidden: ::core::marker::Sized {
        /// Not the iterator's.
        fn enumerate(self) {}
        /// Not the iterator's.
        fn chain<T>(self, _: T) {}
        /// Not the iterator's.
        fn take(self, _: usize) {}
        /// Not a network's.
        fn arena(&self) {}
        /// Not a network's.
        fn infer(&self) {}
    }
    impl<T> Hidden for T {}

    ::engine::model! {
        /// Shared, so that rows are chained.
        pub struct Model(a: [3], b: [3]) -> ([2], [2]) {
            shared: Dense(2),
            forward { (shared(a), relu(shared(b))) }
        }
    }
}

/// What `macro_rules!` hands on comes in invisible groups.
pub mod fragments {
    macro_rules! declare {
        ($(#[$m:meta])* $v:vis $name:ident($input:ident: [$n:expr]) -> [$out:literal],
            $c:ident: $t:ty = $value:expr, $layer:ident: $kind:ident, $init:expr, $body:block, $f:tt
        ) => {
            ::engine::model! {
                $(#[$m])*
                $v struct $name($input: [$n]) -> [$out] {
                    const $c: $t = $value;
                    $layer: $kind($c, init = $init, bias = $f),
                    end: Dense($out),
                    forward $body
                }
            }
        };
    }
    declare! {
        /// Made of fragments.
        #[derive(::core::cmp::PartialEq)]
        pub(crate) Fragments(x: [2 + 1]) -> [2], N: usize = 2 * 2, fc: Dense, Zeros,
        { let h = relu(fc(x)); end(h) }, false
    }
    macro_rules! chain {
        ($v:vis $name:ident, $x:expr, $p:expr, $range:expr, $pair:expr) => {
            ::engine::model! {
                $v struct $name(x: [1, 8, 8]) -> [$x] {
                    Conv2d(2, kernel = $pair, padding = Same),
                    Flatten,
                    Slice($range),
                    Dropout($p),
                    Dense($x, l2 = $p),
                }
            }
        };
    }
    macro_rules! dataflow {
        ($shape:expr, $first:stmt, $name:pat, $path:path, $tail:expr) => {
            ::engine::model! {
                struct Dataflow(x: $shape) -> ([3], [2]) {
                    fc: $path(3),
                    forward {
                        $first;
                        let $name = relu(h);
                        $tail
                    }
                }
            }
        };
    }
    dataflow!([5], let h = fc(x), g, Dense, (g, (h[1..])));
    chain!(Private, 3, 0.25, 2..5, (3, 3));
    chain!(pub Public, (1 + 2), 0.25, 2.., [3, 3]);
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

    #[test]
    fn every_network_can_be_cloned_and_shown() {
        fn check<T: ::std::clone::Clone + ::std::fmt::Debug>() {}
        check::<super::conditions::Always>();
        check::<super::conditions::Never>();
        check::<super::Everything>();
        check::<super::fragments::Public>();
    }
}

/// Nothing in an expansion warns.
#[forbid(
    missing_docs,
    unused,
    unused_qualifications,
    unused_results,
    missing_debug_implementations,
    unreachable_pub,
    trivial_casts,
    trivial_numeric_casts,
    single_use_lifetimes,
    elided_lifetimes_in_paths,
    variant_size_differences,
    non_local_definitions,
    deprecated,
    nonstandard_style,
    reason = "a user may"
)]
#[deny(clippy::all, clippy::pedantic, clippy::nursery, reason = "a user may")]
pub mod strict {
    ::engine::model! {
        /// Documented.
        pub struct Strict(x: [3]) -> [2] { Dense(4), Relu, Dropout(0.5), Dense(2) }
    }
}
