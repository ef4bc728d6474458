"""The networks of `networks` in PyTorch and ONNX Runtime, on one thread.

Needs torch, torchvision, onnx and onnxruntime. Prints the median of seven repetitions: microseconds of an answer (or of a batch of 64), and
samples per second of training with Adam and cross-entropy. Run it right after `cargo bench`, with the machine idle.
"""

import io
import time
import warnings

import onnxruntime
import torch
import torchvision
from torch import nn

REPETITIONS = 7


class RowLstm(nn.Module):
    """Two levels of LSTM; the last step decides."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(28, 128, 2, batch_first=True)
        self.fc = nn.Linear(128, 10)

    def forward(self, rows):
        return self.fc(self.lstm(rows)[0][:, -1])


def mnist():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))


def mnist_cnn():
    first = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)]
    second = [nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*first, *second, nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10))


class Basic(nn.Module):
    """Two convolutions around which the input passes, through a projection where the size changes."""

    def __init__(self, inputs, channels):
        super().__init__()
        stride = 1 if inputs == channels else 2
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        projection = nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))
        self.downsample = nn.Identity() if stride == 1 else projection

    def forward(self, x):
        h = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(h)) + self.downsample(x))


def resnet20():
    stem = [nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    sizes = [(16, 16)] * 3 + [(16, 32)] + [(32, 32)] * 2 + [(32, 64)] + [(64, 64)] * 2
    blocks = [Basic(*size) for size in sizes]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def seconds(call, times):
    """Median over the repetitions of the time of one call."""
    for _ in range(max(times // 20, 3)):
        call()
    spent = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        for _ in range(times):
            call()
        spent.append((time.perf_counter() - start) / times)
    return sorted(spent)[REPETITIONS // 2]


def onnx_runtime(network, example):
    """A call of the network in ONNX Runtime, its input and output bound."""
    file = io.BytesIO()
    torch.onnx.export(network, (example,), file, input_names=["x"], output_names=["y"], dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_cpu_input("x", example.numpy())
    binding.bind_output("y")
    return lambda: session.run_with_iobinding(binding)


def infer(name, network, example, times):
    network.eval()
    with torch.no_grad():
        traced = torch.jit.freeze(torch.jit.trace(network, example))
        theirs = seconds(lambda: traced(example), times)
    runtime = seconds(onnx_runtime(network, example), times)
    print(f"{name:<28} ONNX Runtime {runtime * 1e6:8.2f} us   PyTorch {theirs * 1e6:8.2f} us", flush=True)


def train(name, network, inputs, times):
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    labels = torch.randint(0, 10, (len(inputs),))
    loss = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss(network(inputs), labels).backward()
        optimizer.step()

    rate = len(inputs) / seconds(step, times)
    print(f"{name:<28} PyTorch {rate:8.0f} samples/s", flush=True)


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    image, rows = torch.rand(64, 1, 28, 28), torch.rand(64, 28, 28)
    infer("mnist, one sample", mnist(), image[:1], 3000)
    infer("mnist, batch 64", mnist(), image, 1000)
    train("mnist, training, batch 32", mnist(), image[:32], 200)
    infer("mnist_cnn, one image", mnist_cnn(), image[:1], 500)
    train("mnist_cnn, training, batch 64", mnist_cnn(), image, 8)
    infer("row_lstm, one sequence", RowLstm(), rows[:1], 200)
    train("row_lstm, training, batch 64", RowLstm(), rows, 8)
    infer("resnet20, one image", resnet20(), image[:1], 100)
    train("resnet20, training, batch 64", resnet20(), image, 4)
    infer("resnet18, one image 3 x 64 x 64", torchvision.models.resnet18(), torch.rand(1, 3, 64, 64), 30)


main()
