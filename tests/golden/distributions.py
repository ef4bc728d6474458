"""What torch.distributions computes, as golden files; called by make.py.

    distributions.safetensors

    categorical.logits        rows of five logits, those that are not allowed -infinity
    categorical.probabilities, categorical.entropy, categorical.entropy_gradients
    categorical.log_probs     of every action of every row; only of those that are allowed are there gradients
    categorical.log_prob_gradients
    normal.means, normal.log_stds, normal.values
    normal.log_probs, normal.entropy
    normal.by_mean, normal.by_log_std                gradients of the log-probability
    squashed.before           samples of the same means before tanh, from `noise` standard deviations
    squashed.actions, squashed.log_probs
    squashed.by_mean, squashed.by_log_std            of sum_i slopes_i action_i + 0.25 ln p, along the sample
    action.values, action.actions, action.targets    of deep Q-learning
    action.LOSS, action.LOSS.gradients               the mean over the batch, for the losses squared and huber
"""

import torch
from torch import distributions
from torch.nn import functional as F


def categorical(numbers):
    logits = numbers(2000, (8, 5)) * torch.tensor([1.0, 4.0, 30.0, 1e4, 0.125, 2.0, 2.0, 1e4]).double()[:, None]
    logits = logits.float().double()
    logits[5, [0, 3]] = -torch.inf
    logits[6, [1, 2, 3, 4]] = -torch.inf
    logits[7, 2] = -torch.inf
    logits.requires_grad_()
    law = distributions.Categorical(logits=logits)
    log_probs, gradients = law.logits.detach(), torch.zeros(8, 5, 5, dtype=torch.double)
    for action in range(5):
        taken = torch.full((8,), action)
        (slope,) = torch.autograd.grad(law.log_prob(taken).sum(), logits, retain_graph=True)
        gradients[:, action] = slope
    gradients[log_probs == -torch.inf] = 0
    # Of the logits that are allowed alone: torch's own is NaN where p ln p is 0 times infinity.
    entropy, entropy_gradients = [], torch.zeros_like(logits)
    for row in range(8):
        allowed = logits[row].detach() > -torch.inf
        rest = logits[row].detach()[allowed].requires_grad_()
        value = distributions.Categorical(logits=rest).entropy()
        (slope,) = torch.autograd.grad(value, rest)
        entropy.append(value)
        entropy_gradients[row, allowed] = slope
    return {
        "logits": logits,
        "probabilities": law.probs,
        "entropy": torch.stack(entropy),
        "entropy_gradients": entropy_gradients,
        "log_probs": log_probs,
        "log_prob_gradients": gradients,
    }


def law(means, log_stds):
    return distributions.Normal(means, log_stds.exp())


def normal(numbers, means, log_stds):
    values = (means + 2 * numbers(2003, means.shape) * log_stds.exp()).detach().float().double()
    log_probs = distributions.Independent(law(means, log_stds), 1).log_prob(values)
    by_mean, by_log_std = torch.autograd.grad(log_probs.sum(), (means, log_stds))
    return {
        "means": means,
        "log_stds": log_stds,
        "values": values,
        "log_probs": log_probs,
        "entropy": distributions.Independent(law(means, log_stds), 1).entropy(),
        "by_mean": by_mean,
        "by_log_std": by_log_std,
    }


def squashed(numbers, means, log_stds):
    """The numbers before tanh are rounded to float32; the noise is what leads to them."""
    rounded = (means + 2 * numbers(2004, means.shape) * log_stds.exp()).detach().float().double()
    noise = ((rounded - means) / log_stds.exp()).detach()
    before = means + noise * log_stds.exp()
    # The cache keeps what the action is the tanh of.
    transform = distributions.transforms.TanhTransform(cache_size=1)
    whole = distributions.Independent(distributions.TransformedDistribution(law(means, log_stds), [transform]), 1)
    actions = transform(before)
    log_probs = whole.log_prob(actions)
    slopes = numbers(2005, means.shape)
    by_mean, by_log_std = torch.autograd.grad((slopes * actions).sum() + 0.25 * log_probs.sum(), (means, log_stds))
    return {
        "before": rounded,
        "actions": actions,
        "log_probs": log_probs,
        "slopes": slopes,
        "by_mean": by_mean,
        "by_log_std": by_log_std,
    }


def action(numbers):
    values = (numbers(2006, (9, 4)) * 4).requires_grad_()
    actions = torch.arange(9) * 3 % 4
    targets = numbers(2007, (9,)) * 4
    tensors = {"values": values, "actions": actions, "targets": targets}
    chosen = values.gather(1, actions[:, None])[:, 0]
    for name, loss in {
        "squared": F.mse_loss(chosen, targets),
        "huber": F.huber_loss(chosen, targets, delta=0.75),
    }.items():
        (slope,) = torch.autograd.grad(loss, values, retain_graph=True)
        tensors |= {name: loss, f"{name}.gradients": slope}
    return tensors


def make(numbers, save):
    means = (numbers(2001, (6, 3)) * 3).requires_grad_()
    log_stds = (numbers(2002, (6, 3)) * torch.tensor([0.5, 1.0, 2.0, 3.0, 5.0, 0.0]).double()[:, None]).float().double()
    log_stds.requires_grad_()
    parts = {
        "categorical": categorical(numbers),
        "normal": normal(numbers, means, log_stds),
        "squashed": squashed(numbers, means, log_stds),
        "action": action(numbers),
    }
    save("distributions", {f"{part}.{key}": value for part, tensors in parts.items() for key, value in tensors.items()})
