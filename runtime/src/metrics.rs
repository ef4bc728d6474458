//! Metrics: numbers other than the loss that say how good a network is.
//!
//! A [`Metric`] sees each output beside its target, in the order of the samples, and gives its values in the end. So
//! its values are accumulated over samples and not averaged over batches, and their bits do not depend on threads.
//!
//! Classification ([`Labelled`] targets): [`Accuracy`], [`TopK`], [`BalancedAccuracy`], [`Precision`], [`Recall`],
//! [`F1`], [`RocAuc`], [`ConfusionMatrix`], [`Perplexity`]. Regression: [`Mae`], [`Rmse`], [`R2`]. [`Nth`] makes any of
//! them one of one output of several. Definitions are scikit-learn's.

mod confusion;
mod first;
mod labelled;
mod measures;
mod metric;
mod nth;
mod perplexity;
mod regression;
mod roc_auc;
mod tally;
mod top_k;

pub use confusion::ConfusionMatrix;
pub use labelled::Labelled;
pub use measures::{Measure, Measures};
pub use metric::Metric;
pub use nth::Nth;
pub use perplexity::Perplexity;
pub use regression::{Mae, R2, Rmse};
pub use roc_auc::RocAuc;
pub use tally::{Accuracy, Average, BalancedAccuracy, F1, Precision, Recall};
pub use top_k::TopK;
