//! What metrics found.

use alloc::{borrow::Cow, format, vec::Vec};

/// A value with its name, such as `f1_macro`.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Its name, unlike that of any other of the same [`Measures`].
    pub name: Cow<'static, str>,
    /// Its value; NaN where the samples do not determine one.
    pub value: f64,
}

/// The values of all metrics, in the order in which they were declared.
///
/// ```
/// use kiln::metrics::Measures;
///
/// let mut measures = Measures::default();
/// measures.add("r2", 0.75);
/// measures.add("r2", 0.5);
/// assert_eq!((measures.get("r2"), measures.get("r2_2")), (Some(0.75), Some(0.5)));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures(Vec<Measure>);

impl Measures {
    /// Appends a value. A name that is taken gets a number: `mae`, `mae_2`, `mae_3`.
    pub fn add(&mut self, name: impl Into<Cow<'static, str>>, value: f64) {
        let mut name = name.into();
        if self.get(&name).is_some() {
            let plain = name;
            let numbered = (2..).map(|number| format!("{plain}_{number}"));
            let mut free = numbered.filter(|name| self.get(name).is_none());
            name = free.next().map_or(plain.clone(), Cow::Owned);
        }
        self.0.push(Measure { name, value });
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let mut measures = self.0.iter();
        measures
            .find(|measure| measure.name == name)
            .map(|measure| measure.value)
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Measure> {
        self.0.iter()
    }

    /// `true` if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
