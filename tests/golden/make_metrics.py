"""Writes `data/metrics.safetensors`, beside this script: what scikit-learn says of small sets of answers.

    python tests/golden/make_metrics.py

Needs scikit-learn, numpy and safetensors. A case is a name and its tensors: CASE.scores (logits as float32), CASE.labels (or
CASE.targets), and CASE.METRIC, a float64 for each metric by kiln's name.
"""

import pathlib
import warnings

import numpy as np
from safetensors.numpy import save_file
from sklearn import metrics as M

warnings.simplefilter("ignore")
HERE = pathlib.Path(__file__).parent


def softmax(logits):
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def averaged(values, labels, answers, averages):
    for metric, function in [("precision", M.precision_score), ("recall", M.recall_score), ("f1", M.f1_score)]:
        for average in averages:
            name = metric if average == "binary" else f"{metric}_{average}"
            values[name] = function(labels, answers, average=average, zero_division=0)


def ovr(labels, probabilities, average):
    """One-vs-rest over the classes for which it is defined."""
    each, weights = [], []
    for k in range(probabilities.shape[1]):
        own = labels == k
        if own.any() and not own.all():
            each.append(M.roc_auc_score(own, probabilities[:, k]))
            weights.append(own.sum() if average == "weighted" else 1)
    return np.average(each, weights=weights)


def several(rows, classes, draw, present):
    """Answers among more than two classes, of which the labels are some of `present`."""
    scores = (draw.normal(size=(rows, classes)) * 2).astype(np.float32)
    labels = draw.choice(present, size=rows)
    # Every second row's own class is made likelier.
    scores[np.arange(0, rows, 2), labels[::2]] += np.float32(2)
    answers, probabilities = scores.argmax(axis=1), softmax(scores)
    values = {
        "accuracy": M.accuracy_score(labels, answers),
        "balanced_accuracy": M.balanced_accuracy_score(labels, answers),
        "perplexity": np.exp(M.log_loss(labels, probabilities, labels=range(classes))),
        "confusion": M.confusion_matrix(labels, answers, labels=range(classes)).astype(np.float64),
    }
    averaged(values, labels, answers, ["macro", "micro", "weighted"])
    whole = len(np.unique(labels)) == classes
    for average in ["macro", "weighted"]:
        found = ovr(labels, probabilities, average)
        if whole:
            theirs = M.roc_auc_score(labels, probabilities, multi_class="ovr", average=average)
            assert abs(found - theirs) < 1e-12
        values[f"roc_auc_{average}"] = found
    values["roc_auc_micro"] = M.roc_auc_score(np.eye(classes)[labels].ravel(), probabilities.ravel())
    # Ties aside, which kiln gives to the first class.
    distinct = scores + np.arange(classes, dtype=np.float32) * np.float32(-1e-3)
    for k in range(1, classes):
        values[f"top_{k}_accuracy"] = M.top_k_accuracy_score(labels, distinct, k=k, labels=range(classes))
    return {"scores": scores, "labels": labels.astype(np.int64)} | values


def binary(rows, draw, present=(0, 1), grid=1):
    """Answers to a question: lone logits, with ties where the grid is coarse."""
    scores = np.round(draw.normal(size=rows), grid).astype(np.float32)
    labels = draw.choice(present, size=rows)
    scores[::2] = np.where(labels[::2] == 1, np.abs(scores[::2]), -np.abs(scores[::2]))
    answers = (scores > 0).astype(int)
    values = {"accuracy": M.accuracy_score(labels, answers)}
    averaged(values, labels, answers, ["binary", "macro", "micro", "weighted"])
    values["balanced_accuracy"] = M.balanced_accuracy_score(labels, answers)
    values["roc_auc"] = M.roc_auc_score(labels, scores) if len(set(labels)) > 1 else np.nan
    return {"scores": scores[:, None], "labels": labels.astype(np.int64)} | values


def regression(outputs, targets):
    outputs, targets = outputs.astype(np.float32), targets.astype(np.float32)
    y, t = outputs.astype(np.float64), targets.astype(np.float64)
    values = {
        "mae": M.mean_absolute_error(t, y),
        "rmse": M.root_mean_squared_error(t.ravel(), y.ravel()),
        "r2": M.r2_score(t, y),
    }
    return {"scores": outputs, "targets": targets} | values


def main():
    draw = np.random.default_rng(9)
    numbers = draw.normal(size=(40, 3))
    constant = np.full((6, 1), 2.5)
    cases = {
        "three": several(60, 3, draw, [0, 1, 2]),
        "three_uneven": several(50, 3, draw, [0, 0, 0, 0, 0, 1, 2]),
        "five": several(80, 5, draw, [0, 1, 2, 3, 4]),
        "five_absent": several(30, 5, draw, [0, 1, 3]),
        "five_alike": several(12, 5, draw, [2, 4]),
        "binary": binary(50, draw),
        "binary_ties": binary(50, draw, grid=0),
        "binary_rare": binary(40, draw, present=[0] * 15 + [1]),
        "binary_none": binary(20, draw, present=[0]),
        "one": regression(numbers[:, :1] * 3 + 1000, numbers[:, :1] * 3 + 1000 + numbers[:, 1:2]),
        "several": regression(numbers, numbers * 0.5 + draw.normal(size=(40, 3)) * 0.1),
        "constant": regression(constant + np.arange(6)[:, None], constant),
        "constant_right": regression(constant, constant),
        "alone": regression(numbers[:1], numbers[:1] + 1),
    }
    tensors = {}
    for case, values in cases.items():
        for name, value in values.items():
            tensors[f"{case}.{name}"] = np.ascontiguousarray(value)
    save_file(tensors, HERE / "data" / "metrics.safetensors")


if __name__ == "__main__":
    main()
