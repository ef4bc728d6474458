"""Twenty steps of optimizers; `make.py` calls it, and `python tests/golden/steps.py` writes these
files alone."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import NAdam, RAdam, RMSprop, Adadelta, Adagrad, Adam, AdamW

from make import INPUT_STREAM, TARGET_STREAM, fill_parameters, numbers, save

STEPS = 20


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al. 2023, which PyTorch does not have."""

    def __init__(self, parameters, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for parameter in group["params"]:
                mean = self.state[parameter].setdefault("mean", torch.zeros_like(parameter))
                along = beta1 * mean + (1 - beta1) * parameter.grad
                parameter.mul_(1 - group["lr"] * group["weight_decay"]).sub_(group["lr"] * along.sign())
                mean.mul_(beta2).add_(parameter.grad, alpha=1 - beta2)


OPTIMIZERS = {
    "adam_amsgrad": lambda p: Adam(p, lr=0.01, amsgrad=True),
    "adam_amsgrad_all": lambda p: Adam(p, lr=0.02, betas=(0.75, 0.875), eps=1e-3, weight_decay=0.01, amsgrad=True),
    "adamw_amsgrad": lambda p: AdamW(p, lr=0.01, weight_decay=0.1, amsgrad=True),
    "rms_prop": lambda p: RMSprop(p, lr=1e-3),
    "rms_prop_all": lambda p: RMSprop(p, lr=2e-3, alpha=0.9, eps=1e-3, weight_decay=0.01),
    "rms_prop_momentum": lambda p: RMSprop(p, lr=1e-3, momentum=0.5),
    "rms_prop_centered": lambda p: RMSprop(p, lr=1e-3, alpha=0.95, eps=1e-3, centered=True),
    "rms_prop_centered_momentum": lambda p: RMSprop(
        p, lr=1e-3, alpha=0.95, eps=1e-3, centered=True, momentum=0.9, weight_decay=0.01
    ),
    "adagrad": lambda p: Adagrad(p),
    "adagrad_all": lambda p: Adagrad(
        p, lr=0.05, lr_decay=0.1, initial_accumulator_value=0.1, eps=1e-6, weight_decay=0.01
    ),
    "adadelta": lambda p: Adadelta(p),
    "adadelta_all": lambda p: Adadelta(p, lr=0.5, rho=0.75, eps=1e-4, weight_decay=0.01),
    "lion": lambda p: Lion(p),
    "lion_all": lambda p: Lion(p, lr=0.01, betas=(0.75, 0.875), weight_decay=0.1),
    "nadam": lambda p: NAdam(p),
    "nadam_all": lambda p: NAdam(p, lr=0.002, betas=(0.75, 0.875), eps=1e-3, weight_decay=0.01, momentum_decay=0.125),
    "nadam_decoupled": lambda p: NAdam(p, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True),
    "radam": lambda p: RAdam(p, lr=0.01),
    "radam_all": lambda p: RAdam(p, lr=0.002, betas=(0.75, 0.875), eps=1e-3, weight_decay=0.01),
    "radam_decoupled": lambda p: RAdam(p, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True),
}


def optimizers():
    """The small network of `make.training` and one batch, by the squared error."""
    inputs, targets = numbers(INPUT_STREAM, (5, 6)), numbers(TARGET_STREAM, (5, 4))
    tensors = {"inputs": inputs, "targets": targets}
    for name, make in OPTIMIZERS.items():
        net = nn.Sequential(nn.Linear(6, 21), nn.Tanh(), nn.Linear(21, 4)).double()
        fill_parameters(net)
        tensors |= {f"weights.{key}": value.clone() for key, value in net.state_dict().items()}
        optimizer, losses = make(net.parameters()), []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = F.mse_loss(net(inputs), targets)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        tensors[f"{name}.losses"] = torch.stack(losses)
        tensors |= {f"{name}.{key}": value for key, value in net.state_dict().items()}
    save("train_optimizers", tensors)


def write():
    optimizers()


if __name__ == "__main__":
    write()
