#!/usr/bin/env python3
"""Trains networks in PyTorch, and some in Keras, for kiln to load: on the digits of scikit-learn, 8 x 8 pixels.

    python3 tests/pytorch/train.py           writes NAME.safetensors, the state_dict, and NAME.answers.safetensors, ten
                                             images with what the network answers, for each network to tests/pytorch/data
    python3 tests/pytorch/train.py FOLDER    loads what kiln has saved there with strict=True, and compares the answers
                                             (KILN_SAVE=FOLDER cargo test --test pytorch saves it)

Needs torch, safetensors and scikit-learn, and for Keras also keras and h5py.
"""

import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "torch"

import torch
from safetensors.torch import load_file, save_file
from sklearn.datasets import load_digits
from torch import nn

DATA = pathlib.Path(__file__).parent / "data"


class LSTMModel(nn.Module):
    """An image as eight steps of eight pixels; the last step decides."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 32, 2, batch_first=True)
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        out, _ = self.lstm(x.squeeze(1))
        return self.fc(out[:, -1])


class GRUModel(nn.Module):
    """In both directions; what both have in the end decides."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(8, 24, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(48, 10)

    def forward(self, x):
        _, state = self.gru(x.squeeze(1))
        return self.fc(torch.cat([state[0], state[1]], 1))


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        h = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(h)) + x)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.stage = nn.Sequential(Residual(16), Residual(16))
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        return self.fc(self.stage(self.stem(x)).mean((2, 3)))


NETWORKS = {
    "quickstart": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10)
    ),
    "convnet": lambda: nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(128, 10),
    ),
    "lstm": LSTMModel,
    "gru": GRUModel,
    "resnet": ResNet,
}


def digits():
    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images / 16, dtype=torch.float32).reshape(-1, 1, 8, 8), torch.tensor(labels)


def write_answers(name, inputs, outputs):
    save_file({"inputs": inputs.contiguous(), "outputs": outputs.contiguous()}, DATA / f"{name}.answers.safetensors")


def train(name, network, images, labels):
    torch.manual_seed(1)
    net = network()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
    for _ in range(15):
        for batch in torch.randperm(1500).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images[batch]), labels[batch]).backward()
            optimizer.step()
    net.eval()
    with torch.no_grad():
        right = (net(images[1500:]).argmax(1) == labels[1500:]).float().mean().item()
        write_answers(name, images[1500:1510], net(images[1500:1510]))
    print(f"{name}: {100 * right:.1f} % of the test images")
    save_file(net.state_dict(), DATA / f"{name}.safetensors")


def train_keras(images, labels):
    import keras
    from from_keras import convert
    from safetensors.numpy import save_file as save_arrays

    class Kinds:
        """Keras' quickstart, a convolutional network with the channels last, and recurrences."""

        layers = keras.layers
        quickstart = [
            layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.2),
            layers.Dense(10),
        ]
        convnet = [
            layers.Input((8, 8, 1)), layers.Conv2D(12, 3), layers.BatchNormalization(), layers.ReLU(),
            layers.MaxPooling2D(2), layers.DepthwiseConv2D(2), layers.Flatten(), layers.Dense(10),
        ]
        rows = [
            layers.Input((8, 8, 1)), layers.Reshape((8, 8)), layers.Bidirectional(layers.GRU(12, return_sequences=True)),
            layers.LSTM(16), layers.Dense(10),
        ]

    names = {
        "quickstart": {"dense": ("hidden", None), "dense_1": ("logits", None)},
        "convnet": {"conv2d": ("conv", None), "batch_normalization": ("norm", None),
                    "depthwise_conv2d": ("depthwise", None), "dense": ("fc", (2, 2, 12))},
        "rows": {"bidirectional": ("gru", None), "lstm": ("lstm", None), "dense": ("fc", None)},
    }
    for kind, renamed in names.items():
        keras.utils.set_random_seed(1)
        net = keras.Sequential(getattr(Kinds, kind))
        net.compile(
            keras.optimizers.Adam(0.003), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        # Channels last.
        pixels = images.permute(0, 2, 3, 1).numpy()
        net.fit(pixels[:1500], labels[:1500].numpy(), epochs=15, verbose=0)
        name = f"keras_{kind}"
        path = DATA / f"{name}.weights.h5"
        net.save_weights(path)
        save_arrays(convert(path, renamed), DATA / f"{name}.safetensors")
        path.unlink()
        write_answers(name, images[1500:1510], torch.tensor(net.predict(pixels[1500:1510], verbose=0)))
        right = net.evaluate(pixels[1500:], labels[1500:].numpy(), verbose=0)[1]
        print(f"{name}: {100 * right:.1f} % of the test images")


def check(folder):
    for name, network in NETWORKS.items():
        net = network()
        net.load_state_dict(load_file(folder / f"{name}.safetensors"), strict=True)
        net.eval()
        answers = load_file(DATA / f"{name}.answers.safetensors")
        with torch.no_grad():
            worst = (net(answers["inputs"]) - answers["outputs"]).abs().max().item()
        print(f"{name}: {worst:.1e} from PyTorch's own answers")
        assert worst < 1e-5


if len(sys.argv) > 1:
    check(pathlib.Path(sys.argv[1]))
else:
    DATA.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    images, labels = digits()
    for name, network in NETWORKS.items():
        train(name, network, images, labels)
    train_keras(images, labels)
