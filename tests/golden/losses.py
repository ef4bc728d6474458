"""The golden file of losses, `losses.safetensors`: a part of what `make.py` writes, which has the common words.

A case holds, each under CASE., outputs of a batch, targets, the batch's loss, and the gradients by the outputs. What a loss
is called with stands in `losses.rs`. Twenty steps of gradient descent through some of them are CASE.weights.NAME before,
CASE.after.NAME and CASE.losses.
"""

import torch
from torch import nn
from torch.nn import functional as F

STEPS = 20
BATCH = 5


def cases(numbers):
    """Name: outputs, targets, and the loss of both."""
    stream = iter(range(2000, 3000))

    def fresh(*shape, scale=4.0):
        return numbers(next(stream), shape) * scale

    def labels(*shape, of):
        return ((fresh(*shape, scale=1.0) + 1) * of / 2).floor().clamp(0, of - 1).long()

    def probabilities(*shape):
        # Numbers that float32 holds exactly.
        return fresh(*shape).softmax(-1).float().double()

    table = {}
    weights = (fresh(19, scale=1.0).abs() * 4).float()
    few = torch.tensor([0.5, 2.0, 0.0, 1.25, 4.0])
    table["weights"] = (weights, None, None)

    def ignoring(target, label, every):
        target = target.clone()
        target.view(-1)[::every] = label
        return target

    def steps(loss):
        # Classes are the last axis here, and PyTorch's second.
        return lambda y, t: loss(y.movedim(-1, 1), t.movedim(-1, 1) if t.is_floating_point() else t)

    def cross_entropy(**arguments):
        arguments = {k: v.double() if torch.is_tensor(v) else v for k, v in arguments.items()}
        return lambda y, t: F.cross_entropy(y, t, **arguments)

    def nll(**arguments):
        arguments = {k: v.double() if torch.is_tensor(v) else v for k, v in arguments.items()}
        return lambda y, t: F.nll_loss(y, t, **arguments)

    for name, arguments in {
        "plain": {},
        "smoothing": {"label_smoothing": 0.1},
        "smoothing_all": {"label_smoothing": 1.0},
        "weight": {"weight": weights},
        "weight_smoothing": {"weight": weights, "label_smoothing": 0.25},
        "ignore": {"ignore_index": -100},
        "ignore_class": {"ignore_index": 3},
        "all": {"weight": weights, "label_smoothing": 0.25, "ignore_index": -100},
    }.items():
        loss = cross_entropy(**arguments)
        label = arguments.get("ignore_index")
        target, sequence = labels(BATCH, of=19), labels(BATCH, 4, of=19)
        if label is not None:
            target, sequence = ignoring(target, label, 2), ignoring(sequence, label, 3)
        table[f"cross_entropy.{name}"] = (fresh(BATCH, 19), target, loss)
        table[f"cross_entropy.{name}.steps"] = (fresh(BATCH, 4, 19), sequence, steps(loss))
        if label is None:
            table[f"cross_entropy.{name}.soft"] = (fresh(BATCH, 19), probabilities(BATCH, 19), loss)
            table[f"cross_entropy.{name}.soft_steps"] = (fresh(BATCH, 4, 19), probabilities(BATCH, 4, 19), steps(loss))
    zero = cross_entropy(weight=few, label_smoothing=0.25)
    table["cross_entropy.zero_weight"] = (fresh(BATCH, 5), torch.tensor([2, 0, 2, 4, 3]), zero)
    pixels = (BATCH, 5, 3, 7)
    table["cross_entropy.plain.image"] = (fresh(*pixels), labels(BATCH, 3, 7, of=5), cross_entropy())
    partial = ignoring(labels(BATCH, 3, 7, of=5), -100, 4)
    all_options = cross_entropy(weight=few, label_smoothing=0.25, ignore_index=-100)
    table["cross_entropy.all.image"] = (fresh(*pixels), partial, all_options)
    for name, arguments in {
        "plain": {},
        "weight": {"weight": weights},
        "ignore": {"ignore_index": 3},
        "all": {"weight": weights, "ignore_index": -100},
    }.items():
        loss = nll(**arguments)
        label = arguments.get("ignore_index")
        target, sequence = labels(BATCH, of=19), labels(BATCH, 4, of=19)
        if label is not None:
            target, sequence = ignoring(target, label, 2), ignoring(sequence, label, 3)
        table[f"nll.{name}"] = (fresh(BATCH, 19).log_softmax(-1).float().double(), target, loss)
        table[f"nll.{name}.steps"] = (fresh(BATCH, 4, 19).log_softmax(-1).float().double(), sequence, steps(loss))

    image = (BATCH, 2, 3, 7)
    table["mse"] = (fresh(*image), fresh(*image), F.mse_loss)
    table["mae"] = (fresh(*image), fresh(*image), F.l1_loss)
    for delta in [0.5, 1.0, 2.5]:
        table[f"huber.{delta}"] = (fresh(*image), fresh(*image), lambda y, t, d=delta: F.huber_loss(y, t, delta=d))
    for beta in [0.0, 0.5, 1.0, 2.5]:
        loss = lambda y, t, b=beta: F.smooth_l1_loss(y, t, beta=b)
        table[f"smooth_l1.{beta}"] = (fresh(*image), fresh(*image), loss)
    unit = lambda *shape: (fresh(*shape, scale=1.0).abs()).float().double()
    bce = F.binary_cross_entropy_with_logits
    table["bce"] = (fresh(*image), unit(*image), bce)
    table["bce.hard"] = (fresh(*image, scale=16.0), unit(*image).round(), bce)
    table["bce.single"] = (fresh(BATCH, 1), unit(BATCH, 1).round(), bce)
    far = torch.tensor([[1e4, -1e4, 90.0, -90.0, 0.0, 20.0, -20.0]] * BATCH).double()
    table["bce.far"] = (far, unit(BATCH, 7).round(), bce)
    one = lambda y, t: bce(y, t, pos_weight=torch.tensor(2.5).double())
    each = lambda y, t: bce(y, t, pos_weight=weights.double())
    table["bce.pos_weight"] = (fresh(*image), unit(*image), one)
    table["bce.pos_weights"] = (fresh(BATCH, 19), unit(BATCH, 19), each)
    table["bce.pos_weights.steps"] = (fresh(BATCH, 4, 19), unit(BATCH, 4, 19), each)
    divergence = lambda y, t: F.kl_div(y, t, reduction="batchmean")
    logarithms = lambda y, t: F.kl_div(y, t, reduction="batchmean", log_target=True)
    some = probabilities(BATCH, 4, 19)
    some[..., ::5] = 0.0
    table["kl_div"] = (fresh(BATCH, 4, 19).log_softmax(-1).float().double(), some, divergence)
    far = fresh(BATCH, 4, 19).log_softmax(-1).float().double()
    table["kl_div.log_target"] = (far, fresh(BATCH, 4, 19, scale=32.0).log_softmax(-1).float().double(), logarithms)
    signs = lambda *shape: fresh(*shape).sign()
    for margin in [0.5, 1.0, 2.0]:
        loss = lambda y, t, m=margin: F.hinge_embedding_loss(y, t, margin=m)
        table[f"hinge_embedding.{margin}"] = (fresh(*image), signs(*image), loss)
    table["hinge"] = (fresh(*image), signs(*image), lambda y, t: (1 - y * t).clamp_min(0).mean())
    for power in [1, 2]:
        for margin in [0.5, 1.0]:
            loss = lambda y, t, p=power, m=margin: F.multi_margin_loss(y, t, p=p, margin=m)
            table[f"multi_margin.{power}.{margin}"] = (fresh(BATCH, 19), labels(BATCH, of=19), loss)
        loss = lambda y, t, p=power: F.multi_margin_loss(y, t, p=p, weight=weights.double())
        table[f"multi_margin.{power}.weight"] = (fresh(BATCH, 19), labels(BATCH, of=19), loss)
    for quantile in [0.1, 0.5, 0.9]:
        pinball = lambda y, t, q=quantile: torch.maximum(q * (t - y), (q - 1) * (t - y)).mean()
        table[f"quantile.{quantile}"] = (fresh(*image), fresh(*image), pinball)
    for margin in [-0.5, 0.0, 0.25]:
        loss = lambda y, t, m=margin: F.cosine_embedding_loss(y[:, 0], y[:, 1], t, margin=m)
        pairs = fresh(BATCH, 2, 19)
        table[f"cosine.{margin}"] = (pairs, torch.tensor([1, -1, -1, 1, -1]), loss)
    zeros = fresh(BATCH, 2, 19, scale=1e-3).float().double()
    zeros[0, 0] = 0.0
    zeros[1, 1] = 0.0
    zeros[2] = 0.0
    loss = lambda y, t: F.cosine_embedding_loss(y[:, 0], y[:, 1], t)
    table["cosine.zeros"] = (zeros, torch.tensor([1, -1, -1, 1, -1]), loss)
    return table, weights.double()


def trained(net, loss, inputs, targets):
    """Parameters before and after twenty steps of gradient descent, and the losses before each of them."""
    tensors = {f"weights.{key}": value.clone() for key, value in net.state_dict().items()}
    optimizer, losses = torch.optim.SGD(net.parameters(), lr=0.125, momentum=0.5), []
    for step in range(STEPS):
        batch = slice(0, 4) if step % 2 == 0 else slice(4, 6)
        optimizer.zero_grad()
        value = loss(net(inputs[batch]), targets[batch])
        value.backward()
        optimizer.step()
        losses.append(value.detach())
    tensors |= {f"after.{key}": value for key, value in net.state_dict().items()}
    return tensors | {"inputs": inputs, "targets": targets, "losses": torch.stack(losses)}


def write(numbers, fill_parameters, save):
    """Writes the file."""
    table, weights = cases(numbers)
    tensors = {}
    for name, (outputs, targets, loss) in table.items():
        if loss is None:
            tensors[name] = outputs
            continue
        outputs = outputs.clone().requires_grad_()
        value = loss(outputs, targets)
        value.backward()
        case = {"outputs": outputs, "targets": targets, "loss": value, "gradients": outputs.grad}
        tensors |= {f"{name}.{key}": tensor for key, tensor in case.items()}
    few = weights[:4]
    labels = torch.tensor([2, 0, 3, -100, 1, -100])
    probabilities = numbers(2900, (6, 4)).softmax(-1).float().double()
    runs = {
        "train.weighted": (lambda y, t: F.cross_entropy(y, t, weight=few, label_smoothing=0.1, ignore_index=-100), labels),
        "train.soft": (lambda y, t: F.cross_entropy(y, t, label_smoothing=0.1), probabilities),
        "train.huber": (lambda y, t: F.huber_loss(y, t, delta=0.25), numbers(2901, (6, 4))),
        "train.bce": (
            lambda y, t: F.binary_cross_entropy_with_logits(y, t, pos_weight=few),
            (numbers(2902, (6, 4)) > 0).double(),
        ),
        "train.mae": (lambda y, t: F.l1_loss(y, t), numbers(2903, (6, 4)) * 8),
    }
    for name, (loss, targets) in runs.items():
        net = nn.Sequential(nn.Linear(6, 21), nn.Tanh(), nn.Linear(21, 4)).double()
        fill_parameters(net)
        run = trained(net, loss, numbers(1000, (6, 6)), targets)
        tensors |= {f"{name}.{key}": tensor for key, tensor in run.items()}
    save("losses", tensors)
