#!/usr/bin/env python3
"""Packs scikit-learn's copy of the UCI handwritten digits into runtime/src/data/digits.bin.

Needs scikit-learn. The file is a zlib stream of 1,797 records of 65 bytes: 64 pixels of 0 to 16, row by row, and the
label. The records are those of load_digits() in the order of sklearn.utils.shuffle(..., random_state=0).
"""

import pathlib
import zlib

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import shuffle

digits = load_digits()
assert digits.data.shape == (1797, 64) and digits.data.min() == 0 and digits.data.max() == 16
records = np.column_stack([digits.data, digits.target]).astype(np.uint8)
packed = zlib.compress(shuffle(records, random_state=0).tobytes(), 9)
path = pathlib.Path(__file__).parents[2] / "runtime/src/data/digits.bin"
path.write_bytes(packed)
print(f"{path}: {len(packed)} bytes")
