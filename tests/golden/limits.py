"""Twenty steps with limits of norms; `make.py` calls it, and `python tests/golden/limits.py` writes the file alone.

Keras' definition: after every update the weights that come into an output, whose norm exceeds the limit, are scaled back to it;
`torch.renorm` has its arithmetic. Of a convolution these are the weights over input channels and kernel, of an LSTM the rows of
its matrices, one for each gate of each unit."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from make import INPUT_STREAM, Sequence, fill_parameters, numbers, save

STEPS = 20
LIMITS = {"0.weight": 0.75, "3.lstm.weight_ih_l0": 0.625, "3.lstm.weight_hh_l0": 0.625, "5.weight": 0.75}

RULES = {
    "sgd": (lambda p: SGD(p, lr=0.1, momentum=0.9), None),
    "adam": (lambda p: Adam(p, lr=0.02), None),
    "sgd_clipped": (lambda p: SGD(p, lr=0.5, momentum=0.5), 0.25),
}


def network():
    net = nn.Sequential(
        nn.Conv2d(2, 18, 3),
        nn.Tanh(),
        nn.Flatten(2),
        Sequence(16, 5),
        nn.Flatten(),
        nn.Linear(90, 17),
    ).double()
    fill_parameters(net)
    return net


def write():
    inputs, targets = numbers(INPUT_STREAM, (5, 2, 6, 6)), torch.tensor([2, 0, 16, 3, 1])
    tensors = {"inputs": inputs, "targets": targets}
    tensors |= {f"weights.{key}": value for key, value in network().state_dict().items()}
    for name, (make, clip) in RULES.items():
        net, losses, within = network(), [], set()
        optimizer = make(net.parameters())
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(inputs), targets)
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(net.parameters(), clip)
            optimizer.step()
            losses.append(loss.detach())
            with torch.no_grad():
                for key, weight in net.named_parameters():
                    if key in LIMITS:
                        rows = weight.flatten(1)
                        within.update((key, bool(norm <= LIMITS[key])) for norm in rows.norm(dim=1))
                        weight.copy_(torch.renorm(rows, 2, 0, LIMITS[key]).reshape(weight.shape))
        # Of every tensor some outputs were limited, and some were not.
        assert len(within) == 2 * len(LIMITS), (name, within)
        tensors[f"{name}.losses"] = torch.stack(losses)
        tensors |= {f"{name}.{key}": value for key, value in net.state_dict().items()}
    save("train_limits", tensors)


if __name__ == "__main__":
    write()
