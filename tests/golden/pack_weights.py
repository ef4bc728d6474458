#!/usr/bin/env python3
"""Writes the state_dict of a small network by PyTorch in four element types: data/weights_{f16,bf16,f32,f64}.safetensors.

Needs torch and safetensors. Element i of all, counted through the parameters in order, is (i - 20) / 8, which each of
the types holds exactly.
"""

import pathlib

import torch
from safetensors.torch import save_file

here = pathlib.Path(__file__).parent
for name, dtype in {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32, "f64": torch.float64}.items():
    net = torch.nn.Sequential(torch.nn.Linear(2, 18), torch.nn.ReLU()).to(dtype)
    count = 0
    for parameter in net.parameters():
        numbers = (torch.arange(count, count + parameter.numel()) - 20) / 8
        parameter.data.copy_(numbers.reshape(parameter.shape))
        count += parameter.numel()
    save_file(net.state_dict(), here / "data" / f"weights_{name}.safetensors", metadata={"format": "pt"})
