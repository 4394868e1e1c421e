"""Trains a net in PyTorch, saves it for from_pytorch.c and prints what that must print:
from_pytorch.py model.safetensors"""
import json
import struct
import sys

import torch
from torch import nn


def save_file(tensors, path):
    """The one of safetensors.torch, where that package is installed, does the same."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


torch.manual_seed(0)
x = torch.rand(500, 2) * 2 - 1
inside = (x.norm(dim=1, keepdim=True) < 0.7).float()
net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
for _ in range(300):
    optimizer.zero_grad()
    nn.functional.binary_cross_entropy(net(x), inside).backward()
    optimizer.step()

save_file(net.state_dict(), sys.argv[1])
for x0, x1 in ((0, 0), (0.5, 0.25), (0.9, 0.1), (-0.8, 0.8)):
    print("(%g, %g) is inside the circle: %.3f" % (x0, x1, net(torch.tensor([[x0, x1]], dtype=torch.float32)).item()))
