"""Writes the files in `data/files`, beside this script: what NumPy saves, to hold kiln's readers against, and what pandas,
scikit-learn and PyTorch make of data, to hold kiln's tables, normalisation, splits and augmentation against.

    python tests/golden/data_files.py

Needs numpy, pandas, scikit-learn, torch and safetensors.
"""

import pathlib

import numpy as np
import pandas as pd
import torch
from safetensors.numpy import save_file
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.class_weight import compute_class_weight

FILES = pathlib.Path(__file__).parent / "data" / "files"

TYPES = ["?", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]


def arrays():
    """0 to 11 in a shape of 3 x 2 x 2, in every type, byte order and memory order; negative where the type allows."""
    FILES.mkdir(parents=True, exist_ok=True)
    for kind in TYPES:
        numbers = np.arange(12).reshape(3, 2, 2)
        numbers = numbers % 2 if kind == "?" else numbers - 6 if kind[0] in "if" else numbers
        numbers = numbers * 0.5 if kind[0] == "f" else numbers
        for order, name in [("<", "little"), (">", "big")]:
            typed = numbers.astype(kind if kind == "?" else order + kind)
            letter = "b1" if kind == "?" else kind
            np.save(FILES / f"{letter}_{name}.npy", typed)
            np.save(FILES / f"{letter}_{name}_fortran.npy", np.asfortranarray(typed))
    np.save(FILES / "scalar.npy", np.float32(1.5))
    np.save(FILES / "labels.npy", np.array([2, 0, 1, 2], dtype=np.int64))
    np.save(FILES / "column.npy", np.array([[2], [0], [1], [2]], dtype=np.uint8))
    for version in [(1, 0), (2, 0), (3, 0)]:
        with open(FILES / f"version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, np.arange(6, dtype="<f4").reshape(2, 3), version=version)
    np.save(FILES / "words.npy", np.array(["cat", "dog"]))
    np.save(FILES / "complex.npy", np.array([1j]))
    np.save(FILES / "objects.npy", np.array([None, "x"], dtype=object), allow_pickle=True)
    np.save(FILES / "records.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]))
    images = (np.arange(2 * 3 * 4) % 7).astype("f4").reshape(2, 3, 4)
    labels = np.array([1, 0])
    np.savez(FILES / "stored.npz", images=images, labels=labels)
    np.savez_compressed(FILES / "deflated.npz", images=images, labels=labels)


TABLE = """\
age,fare,port,alive
22,7.25,S,0
38,71.2833,C,1
26,7.925,S,1
,53.1,S,1
35,8.05,Q,0
54,51.8625,,0
2,21.075,S,0
27,NA,C,1
14,30.0708,C,1
,16.7,S,1
"""


def tables():
    """A table with gaps, as pandas fills them and makes numbers of its words."""
    (FILES / "table.csv").write_text(TABLE)
    table = pd.read_csv(FILES / "table.csv")
    dummies = pd.get_dummies(table["port"], dtype=float)
    out = {"alive": table["alive"].to_numpy(np.int64)}
    for name, values in [("mean", table[["age", "fare"]].mean()), ("median", table[["age", "fare"]].median())]:
        filled = table[["age", "fare"]].fillna(values)
        out[name] = np.concatenate([filled.to_numpy(), dummies.to_numpy()], axis=1).astype(np.float32)
    dropped = table.dropna()
    out["dropped"] = dropped[["age", "fare"]].to_numpy(np.float32)
    # pandas keeps columns together, and safetensors writes memory as it lies.
    out = {name: np.ascontiguousarray(array) for name, array in out.items()}
    save_file(out, FILES / "table.safetensors")


def normalisation():
    """Rows whose columns differ in scale, one of which is constant, as scikit-learn normalises them."""
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(50, 4)) * [1, 100, 1e-3, 0] + [0, 1e4, -5, 3]
    rows = rows.astype(np.float32)
    images = rng.random(size=(6, 2, 3, 4)).astype(np.float32)
    exact = rows.astype(np.float64)
    out = {"rows": rows, "images": images}
    for name, scaler in [("standard", StandardScaler()), ("min_max", MinMaxScaler())]:
        out[name] = scaler.fit_transform(exact).astype(np.float32)
    exact = images.astype(np.float64)
    mean, deviation = exact.mean(axis=(0, 2, 3), keepdims=True), exact.std(axis=(0, 2, 3), keepdims=True)
    out["images.standard"] = ((exact - mean) / deviation).astype(np.float32)
    save_file(out, FILES / "normalisation.safetensors")


def splits():
    """Which fold scikit-learn validates each sample in, and how many of each class it puts where."""
    rng = np.random.default_rng(3)
    labels = rng.choice(4, size=103, p=[0.5, 0.3, 0.15, 0.05]).astype(np.int64)
    out = {"labels": labels}
    for count in [2, 5]:
        for name, folds in [("folds", KFold(count)), ("stratified", StratifiedKFold(count))]:
            which = np.zeros(len(labels), dtype=np.int64)
            for fold, (_, validation) in enumerate(folds.split(labels, labels)):
                which[validation] = fold
            out[f"{name}.{count}"] = which
        mixed = StratifiedKFold(count, shuffle=True, random_state=1)
        counts = [np.bincount(labels[validation], minlength=4) for _, validation in mixed.split(labels, labels)]
        out[f"counts.{count}"] = np.array(counts, dtype=np.int64)
    for size in [50, 71, 82]:
        train, _ = train_test_split(labels, train_size=size, stratify=labels, random_state=0)
        out[f"train.{size}"] = np.bincount(train, minlength=4).astype(np.int64)
    out["weights"] = compute_class_weight("balanced", classes=np.arange(4), y=labels).astype(np.float32)
    save_file(out, FILES / "splits.safetensors")


def rotations():
    """An image of 2 x 5 x 7 turned by some degrees against the clock, as grid_sample draws it with zeros outside."""
    image = torch.from_numpy(np.random.default_rng(5).random((1, 2, 5, 7)))
    out = {"image": image[0].numpy().astype(np.float32)}
    height, width = image.shape[2:]
    steps = lambda count: torch.arange(count, dtype=torch.float64) + 0.5 - count / 2
    rows, columns = torch.meshgrid(steps(height), steps(width), indexing="ij")
    for degrees in [-30, 10, 45, 90]:
        angle = torch.tensor(degrees, dtype=torch.float64) * torch.pi / 180
        cos, sin = torch.cos(angle), torch.sin(angle)
        # Where a pixel comes from; rows count downwards.
        x, y = cos * columns - sin * rows, sin * columns + cos * rows
        grid = torch.stack([x / (width / 2), y / (height / 2)], dim=-1)[None]
        turned = torch.nn.functional.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        out[f"turned.{degrees}"] = turned[0].numpy().astype(np.float32)
    save_file(out, FILES / "rotations.safetensors")


if __name__ == "__main__":
    arrays()
    tables()
    normalisation()
    splits()
    rotations()
