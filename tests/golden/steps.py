"""Twenty steps of optimizers, and the factors of schedules; `make.py` calls it, and `python tests/golden/steps.py` writes these
files alone."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import lr_scheduler as schedulers
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.optim import SGD, NAdam, RAdam, RMSprop, Adadelta, Adagrad, Adam, AdamW

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


def linear(optimizer, steps):
    """kiln's warm-up."""
    return schedulers.LinearLR(optimizer, start_factor=1 / (steps + 1), total_iters=steps)


SCHEDULES = {
    "constant": lambda o: schedulers.ConstantLR(o),
    "linear": lambda o: schedulers.LinearLR(o),
    "linear_down": lambda o: schedulers.LinearLR(o, start_factor=0.75, end_factor=0.125, total_iters=40),
    "step_decay": lambda o: schedulers.StepLR(o, 7),
    "step_decay_half": lambda o: schedulers.StepLR(o, 10, gamma=0.5),
    "multi_step": lambda o: schedulers.MultiStepLR(o, [3, 20, 20, 41], gamma=0.5),
    "exponential": lambda o: schedulers.ExponentialLR(o, 0.9),
    "polynomial": lambda o: schedulers.PolynomialLR(o),
    "polynomial_square": lambda o: schedulers.PolynomialLR(o, total_iters=30, power=2.0),
    "cosine": lambda o: schedulers.CosineAnnealingLR(o, 50),
    "cosine_least": lambda o: schedulers.CosineAnnealingLR(o, 20, eta_min=0.125),
    "restarts": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 7),
    "restarts_longer": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 5, T_mult=2, eta_min=0.125),
    "restarts_thrice": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 2, T_mult=3),
    "one_cycle": lambda o: schedulers.OneCycleLR(o, 1.0, total_steps=60),
    "one_cycle_linear": lambda o: schedulers.OneCycleLR(
        o, 1.0, total_steps=61, pct_start=0.25, anneal_strategy="linear", div_factor=10, final_div_factor=100,
        base_momentum=0.5, max_momentum=0.75,
    ),
    "one_cycle_three": lambda o: schedulers.OneCycleLR(o, 1.0, total_steps=60, three_phase=True),
    "warm_up_cosine": lambda o: schedulers.SequentialLR(
        o, [linear(o, 10), schedulers.CosineAnnealingLR(o, 50)], milestones=[10]
    ),
    "warm_up_exponential": lambda o: schedulers.SequentialLR(
        o, [linear(o, 5), schedulers.ExponentialLR(o, 0.9)], milestones=[5]
    ),
    "chained": lambda o: schedulers.SequentialLR(
        o,
        [schedulers.ConstantLR(o, 0.5, 10), schedulers.ExponentialLR(o, 0.9), schedulers.StepLR(o, 10, 0.5)],
        milestones=[10, 30],
    ),
}

PLATEAUS = {
    "plateau": {},
    "plateau_patience": {"patience": 2, "factor": 0.5, "threshold": 0.0625},
    "plateau_absolute": {"patience": 3, "factor": 0.25, "threshold": 0.03125, "threshold_mode": "abs", "cooldown": 4},
    "plateau_least": {"patience": 0, "factor": 0.5, "min_lr": 0.0625},
}


def schedules():
    """The learning rates of sixty steps, the optimizer's own being 1; those of plateaus before each of sixty losses."""
    tensors = {"losses": 1 / torch.arange(1, 61).clamp(max=20).double().sqrt() + numbers(TARGET_STREAM, (60,)) / 16}
    for name, make in (SCHEDULES | PLATEAUS).items():
        optimizer = torch.optim.SGD([torch.zeros(1, dtype=torch.float64)], lr=1.0)
        plateau = name in PLATEAUS
        schedule = schedulers.ReduceLROnPlateau(optimizer, eps=0.0, **make) if plateau else make(optimizer)
        rates, momenta = [], []
        for loss in tensors["losses"]:
            rates.append(optimizer.param_groups[0]["lr"])
            momenta.append(optimizer.param_groups[0]["momentum"])
            optimizer.step()
            if plateau:
                schedule.step(loss.float())
            elif len(rates) < 60:
                schedule.step()
        tensors[name] = torch.tensor([float(rate) for rate in rates], dtype=torch.float64)
        if name.startswith("one_cycle"):
            tensors[f"{name}.momenta"] = torch.tensor([float(momentum) for momentum in momenta], dtype=torch.float64)
    save("schedules", tensors)


def scheduled():
    """Twenty steps of Adam by a warm-up and a cosine, on the network of `optimizers`."""
    inputs, targets = numbers(INPUT_STREAM, (5, 6)), numbers(TARGET_STREAM, (5, 4))
    net = nn.Sequential(nn.Linear(6, 21), nn.Tanh(), nn.Linear(21, 4)).double()
    fill_parameters(net)
    tensors = {"inputs": inputs, "targets": targets}
    tensors |= {f"weights.{key}": value.clone() for key, value in net.state_dict().items()}
    optimizer, losses = Adam(net.parameters(), lr=0.01), []
    schedule = schedulers.SequentialLR(
        optimizer, [linear(optimizer, 4), schedulers.CosineAnnealingLR(optimizer, 16)], milestones=[4]
    )
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.mse_loss(net(inputs), targets)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.detach())
    tensors["adam.losses"] = torch.stack(losses)
    tensors |= {f"adam.{key}": value for key, value in net.state_dict().items()}
    save("train_scheduled", tensors)


CYCLED = {
    "sgd": (lambda p: SGD(p, lr=0.1, momentum=0.9), {}),
    "nesterov": (lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True), {"three_phase": True}),
    "adam": (lambda p: Adam(p, lr=0.01), {}),
    "adamw": (lambda p: AdamW(p, lr=0.01), {"base_momentum": 0.5, "max_momentum": 0.75}),
    "radam": (lambda p: RAdam(p, lr=0.01), {"anneal_strategy": "linear"}),
    "rms_prop": (lambda p: RMSprop(p, lr=1e-3, momentum=0.5), {}),
    "lion": (lambda p: Lion(p, lr=1e-3), {}),
    "adagrad_kept": (lambda p: Adagrad(p, lr=0.1), {"cycle_momentum": False}),
}


def one_cycle():
    """Twenty steps of optimizers whose rate and momentum go through one cycle, on the network of `optimizers`."""
    inputs, targets = numbers(INPUT_STREAM, (5, 6)), numbers(TARGET_STREAM, (5, 4))
    tensors = {"inputs": inputs, "targets": targets}
    for name, (make, arguments) in CYCLED.items():
        net = nn.Sequential(nn.Linear(6, 21), nn.Tanh(), nn.Linear(21, 4)).double()
        fill_parameters(net)
        tensors |= {f"weights.{key}": value.clone() for key, value in net.state_dict().items()}
        optimizer, losses = make(net.parameters()), []
        schedule = schedulers.OneCycleLR(optimizer, optimizer.param_groups[0]["lr"], total_steps=STEPS, **arguments)
        for step in range(STEPS):
            optimizer.zero_grad()
            loss = F.mse_loss(net(inputs), targets)
            loss.backward()
            optimizer.step()
            if step + 1 < STEPS:
                schedule.step()
            losses.append(loss.detach())
        tensors[f"{name}.losses"] = torch.stack(losses)
        tensors |= {f"{name}.{key}": value for key, value in net.state_dict().items()}
    save("train_one_cycle", tensors)


def averages():
    """Twenty steps of a norm, and the moving average of its weights and statistics. A bias before a norm has no gradient."""
    inputs, targets = numbers(INPUT_STREAM, (5, 6)), numbers(TARGET_STREAM, (5, 4))
    tensors = {"inputs": inputs, "targets": targets}
    for name, decay in {"usual": 0.999, "fast": 0.75, "short": 0.25}.items():
        net = nn.Sequential(nn.Linear(6, 21, bias=False), nn.BatchNorm1d(21), nn.Tanh(), nn.Linear(21, 4)).double()
        fill_parameters(net)
        tensors |= {f"weights.{key}": value.clone() for key, value in net.state_dict().items()}
        optimizer = Adam(net.parameters(), lr=0.01)
        average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(decay))
        for _ in range(STEPS):
            optimizer.zero_grad()
            F.mse_loss(net(inputs), targets).backward()
            optimizer.step()
            average.update_parameters(net)
        tensors |= {f"{name}.{key}": value.clone() for key, value in average.module.state_dict().items()}
    save("train_averages", tensors)


def write():
    optimizers()
    schedules()
    scheduled()
    one_cycle()
    averages()


if __name__ == "__main__":
    write()
