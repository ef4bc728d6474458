"""The golden file of per-sample gradients, `each_gradient.safetensors`: a part of what `make.py` writes.

A case holds, each under CASE., `inputs`, `targets`, `weights.NAME`, `losses` and `norms` of the samples, their gradients one
behind another as `gradients.NAME`, and as `clipped.NAME` the mean of the gradients whose norms were clipped to LIMIT.
"""

import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

BATCH = 4
LIMIT = 0.5


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(5, 6, num_layers=2, batch_first=True)
        self.out = nn.Linear(6, 3)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(4, 4)
        self.out = nn.Linear(4, 3)

    def forward(self, x):
        return self.out(torch.tanh(self.embed(torch.tanh(self.embed(x)))))


MODELS = {
    "dense": (lambda: nn.Sequential(nn.Linear(7, 20), nn.ReLU(), nn.Linear(20, 3)), (7,)),
    "conv": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(5, 3, 2), nn.Flatten(), nn.Linear(12, 3)
        ),
        (2, 6, 6),
    ),
    "lstm": (Recurrent, (4, 5)),
    "shared": (Shared, (4,)),
}


def write(numbers, save):
    """Writes the file, by the words of `make.py`."""
    tensors = {}
    stream = iter(range(6000, 7000))
    for case, (make, shape) in MODELS.items():
        model = make().double()
        weights = {name: numbers(next(stream), tuple(w.shape)) * 0.5 for name, w in model.named_parameters()}
        inputs = numbers(next(stream), (BATCH, *shape)) * 2
        targets = torch.tensor([2, 0, 1, 2])

        def loss(parameters, x, t):
            outputs = functional_call(model, parameters, (x.unsqueeze(0),))
            return F.cross_entropy(outputs, t.unsqueeze(0))

        if case == "lstm":
            # Its kernel has no rule for vmap.
            def single(x, t):
                leaves = {name: w.clone().requires_grad_() for name, w in weights.items()}
                slopes = torch.autograd.grad(loss(leaves, x, t), list(leaves.values()))
                return dict(zip(leaves, slopes))

            each = [single(x, t) for x, t in zip(inputs, targets)]
            gradients = {name: torch.stack([one[name] for one in each]) for name in weights}
        else:
            gradients = vmap(grad(loss), in_dims=(None, 0, 0))(weights, inputs, targets)
        norms = sum(g.flatten(1).square().sum(1) for g in gradients.values()).sqrt()
        factors = (LIMIT / (norms + 1e-6)).clamp(max=1.0)
        assert (factors < 1).any(), case
        losses = torch.stack([loss(weights, x, t) for x, t in zip(inputs, targets)])
        tensors |= {f"{case}.inputs": inputs, f"{case}.targets": targets, f"{case}.losses": losses, f"{case}.norms": norms}
        for name, gradient in gradients.items():
            share = factors.view(-1, *[1] * (gradient.dim() - 1))
            tensors[f"{case}.weights.{name}"] = weights[name]
            tensors[f"{case}.gradients.{name}"] = gradient
            tensors[f"{case}.clipped.{name}"] = (share * gradient).mean(0)
    save("each_gradient", tensors)
