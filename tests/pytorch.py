"""mlp.h against PyTorch, through files: pytorch.py INTEROP DIR MODEL ...
INTEROP is tests/interop.c built; MODELs are nets of ours in DIR. Prints "ok name" or "FAIL name: why" for each test.

The bound is on |a - b| / max(1, |b|), b being PyTorch's float32 result; gradients are first divided by their largest.
It is 16 roundings of a number near 1: sums go in another order on both sides and their exp and tanh are other
functions, each good to about one rounding. 100 steps add no more than that: the errors of the steps are small beside a
weight and have both signs (largest seen: outputs 7e-7, gradients 4e-7, weights 3e-7; SHOW=1 in the environment prints
them)."""
import os
import struct
import subprocess
import sys

import torch
from torch import nn
from torch.optim import lr_scheduler as plans

import safetensors

BOUND, STEPS, PER_EPOCH = 1e-6, 100, 5
interop, folder = sys.argv[1:3]
dtypes = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.forward = function


modules = {
    "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU, "selu": nn.SELU,
    "gelu": nn.GELU, "gelu_tanh": lambda: nn.GELU("tanh"), "silu": nn.SiLU, "softplus": nn.Softplus,
    "softsign": nn.Softsign, "hard_sigmoid": nn.Hardsigmoid, "hard_tanh": nn.Hardtanh, "mish": nn.Mish,
    "sin": lambda: Function(torch.sin), "gaussian": lambda: Function(lambda z: torch.exp(-z * z)),
    "softmax": lambda: nn.Softmax(dim=1),
}


def sequential(widths, activations, bias=True):
    """An activation "identity" is no module; "name:number" has a parameter."""
    layers = []
    for i, activation in enumerate(activations):
        name, _, alpha = activation.partition(":")
        layers.append(nn.Linear(widths[i], widths[i + 1], bias=bias if isinstance(bias, bool) else bias[i]))
        if name != "identity":
            layers.append(modules[name](*([float(alpha)] if alpha else [])))
    return nn.Sequential(*layers)


def load(path):
    tensors, metadata = safetensors.read(path)
    def tensor(dtype, shape, data):
        return torch.frombuffer(bytearray(data), dtype=dtypes[dtype]).reshape(shape)

    return {name: tensor(*entry) for name, entry in tensors.items()}, metadata


def save(path, state, prefix="", dtype="F32"):
    def as_bytes(tensor):
        return bytes(tensor.detach().to(dtypes[dtype]).contiguous().view(torch.uint8).flatten().tolist())

    safetensors.write(path, {prefix + name: (dtype, tensor.shape, as_bytes(tensor)) for name, tensor in state.items()})


def read_floats(path):
    with open(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=torch.float32)


def write_floats(path, tensor):
    with open(path, "wb") as file:
        file.write(tensor.detach().contiguous().numpy().tobytes())


def report(name, *parts, bound=BOUND):
    """parts: what, ours, theirs. They must be of one size and within the bound."""
    wrong = []
    for what, ours, theirs in parts:
        error = float("inf")
        if ours.numel() == theirs.numel():
            error = ((ours.flatten() - theirs.flatten()).abs() / theirs.flatten().abs().clamp(min=1)).max().item()
        if not error <= bound:
            wrong.append(f"{what} differ by {error:.2g}, bound {bound:.2g}")
        if os.environ.get("SHOW"):
            print(f"{name}: {what} {error:.2g}", file=sys.stderr)
    print(f"FAIL {name}: {'; '.join(wrong)}" if wrong else f"ok {name}")


def ours_in_pytorch(name):
    state, metadata = load(f"{folder}/{name}.safetensors")
    weights = sorted((int(key.split(".")[0]), t.shape) for key, t in state.items() if key.endswith("weight"))
    widths = [weights[0][1][1]] + [shape[0] for _, shape in weights]
    names = metadata["mlp.activations"].split()
    alphas = [struct.unpack(">f", bytes.fromhex(bits))[0]
              for bits in metadata.get("mlp.alpha", "").split()] or [0] * len(names)
    activations = [f"{name}:{max(alpha, 0)}" if alpha else name for name, alpha in zip(names, alphas)]  # negative: zero
    net = sequential(widths, activations, [f"{number}.bias" in state for number, _ in weights])
    net.load_state_dict(state, strict=True)
    x = read_floats(f"{folder}/{name}.x").reshape(-1, widths[0])
    report(f"{name} of ours loads strictly, same outputs", ("outputs", read_floats(f"{folder}/{name}.y"), net(x)))


def parameters(net, of=lambda p: p):
    return torch.cat([of(p).detach().flatten() for p in net.parameters()])


def stepper_of(net, kind, rate, momentum=0, nesterov=0, weight_decay=None, decay_biases=0, beta1=0.9, beta2=0.999,
               epsilon=1e-8, rho=0.99, eta_minus=0.5, eta_plus=1.2, step_min=1e-6, step_max=50):
    """PyTorch's optimizer that these fields of mlp_opt_desc mean. It decays biases unless they are a group apart."""
    biases = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": [p for p in net.parameters() if p.dim() > 1]}]
    if biases:
        groups.append({"params": biases} if decay_biases else {"params": biases, "weight_decay": 0})
    decay = {} if weight_decay is None else {"weight_decay": weight_decay}
    if kind == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=momentum, nesterov=bool(nesterov), **decay)
    if kind == "adagrad":
        return torch.optim.Adagrad(groups, lr=rate, eps=1e-10 if epsilon == 1e-8 else epsilon, **decay)
    if kind == "rmsprop":
        return torch.optim.RMSprop(groups, lr=rate, alpha=rho, eps=epsilon, **decay)
    if kind == "rprop":
        return torch.optim.Rprop(net.parameters(), lr=rate, etas=(eta_minus, eta_plus), step_sizes=(step_min, step_max))
    adam = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[kind]
    return adam(groups, lr=rate, betas=(beta1, beta2), eps=epsilon, **decay)


def theirs_here(name, widths, activations, loss, theirs_loss, targets, optimizer=None, bias=True, reduction="mean",
                logits=False, bound=BOUND):
    """Initialised by PyTorch, loaded here, and both trained on the same full batch. optimizer: fields of mlp_opt_desc.
    With logits the loss of PyTorch contains the last activation."""
    torch.manual_seed(1)
    net = sequential(widths, activations, bias)
    x, where = torch.randn(32, widths[0]), f"{folder}/theirs"
    y = targets(32, widths[-1])
    os.makedirs(where, exist_ok=True)
    save(f"{where}/model.safetensors", net.state_dict())
    write_floats(f"{where}/x", x)
    write_floats(f"{where}/y", y)
    fields = dict(optimizer or {"kind": "sgd", "rate": 0.05})
    opt = ",".join([fields["kind"]] + [f"{key}={value}" for key, value in fields.items() if key != "kind"])
    how = [",".join(activations), loss, reduction, opt, str(STEPS)]
    subprocess.run([interop, "train", where] + how, check=True)
    forward = net(x)
    trained = net[:-1] if logits else net
    clip_norm, clip_value = fields.pop("clip_norm", 0), fields.pop("clip_value", 0)
    stepper = stepper_of(net, **fields)
    for step in range(STEPS):
        stepper.zero_grad()
        theirs_loss(trained(x), y).backward()
        if step == 0:
            gradients = parameters(net, lambda p: p.grad)
        if clip_value:
            nn.utils.clip_grad_value_(net.parameters(), clip_value)
        if clip_norm:
            nn.utils.clip_grad_norm_(net.parameters(), clip_norm)
        stepper.step()
    scale = gradients.abs().max().clamp(min=1e-3)
    report(f"{name}: same outputs, gradients, weights after {STEPS} steps",
           ("outputs", read_floats(f"{where}/forward"), forward),
           ("gradients", read_floats(f"{where}/gradients") / scale, gradients / scale),
           ("weights", read_floats(f"{where}/after"), parameters(net)), bound=bound)


def foreign_file(name, prefix="", dtype="F32", bias=True):
    torch.manual_seed(2)
    net = sequential([9, 20, 20, 4], ["silu", "silu", "identity"], bias)
    x, where = torch.randn(16, 9), f"{folder}/theirs"
    os.makedirs(where, exist_ok=True)
    save(f"{where}/model.safetensors", net.state_dict(), prefix, dtype)
    write_floats(f"{where}/x", x)
    subprocess.run([interop, "predict", where, "silu", "identity"], check=True)
    net.to(dtypes[dtype]).to(torch.float32)
    report(name, ("outputs", read_floats(f"{where}/forward"), net(x)))


def schedule(name, kind, theirs, epochs=40, warmup=0, period=0, gamma=0, floor=0, by_epoch=False, bound=BOUND):
    """Rates of every update beside those of theirs(optimizer), which goes on with each update, or with each epoch."""
    where = f"{folder}/theirs"
    os.makedirs(where, exist_ok=True)
    subprocess.run([interop, "schedule", where, kind] + [str(v) for v in (epochs, warmup, period, gamma, floor)],
                   check=True)
    ours, losses = read_floats(f"{where}/rates"), read_floats(f"{where}/losses")
    stepper = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, rates = theirs(stepper), []
    for epoch in range(epochs):
        for _ in range(PER_EPOCH):
            rates.append(stepper.param_groups[0]["lr"])
            stepper.step()
            if not by_epoch:
                scheduler.step()
        if by_epoch:
            scheduler.step(*[losses[epoch].item()] * isinstance(scheduler, plans.ReduceLROnPlateau))
    if len(set(rates)) < 3:
        print(f"FAIL {name}: the rate has {len(set(rates))} values, too few to compare")
        return
    report(f"schedule {name}: same rates", ("rates", ours, torch.tensor(rates)), bound=bound)


def classes(rows, width):
    return torch.eye(width)[torch.arange(rows) % width]


def numbers(rows, width):
    return torch.randn(rows, width)


def signs(rows, width):
    return torch.randn(rows, width).sign()


def probabilities(rows, width):
    return torch.rand(rows, width)


for model in sys.argv[3:]:
    ours_in_pytorch(model)

sum_of_outputs = lambda loss: lambda a, y: loss(a, y) / len(y)
momentum, adam = {"kind": "sgd", "rate": 0.02, "momentum": 0.9}, {"kind": "adam", "rate": 0.001}
nesterov = {**momentum, "nesterov": 1}
theirs_here("MSELoss, SGD", [7, 33, 17, 3], ["tanh", "tanh", "identity"], "squared", nn.MSELoss(), numbers)
theirs_here("MSELoss, sum over outputs", [7, 16, 3], ["relu", "identity"], "squared",
            sum_of_outputs(nn.MSELoss(reduction="sum")), numbers, {"kind": "sgd", "rate": 0.01}, reduction="sum")
theirs_here("MSELoss, momentum", [7, 33, 17, 3], ["gelu", "silu", "identity"], "squared", nn.MSELoss(), numbers,
            momentum)
theirs_here("MSELoss, Nesterov, no bias", [7, 40, 3], ["mish", "identity"], "squared", nn.MSELoss(), numbers, nesterov,
            bias=False)
theirs_here("MSELoss, Adam", [7, 33, 17, 3], ["softplus", "tanh", "identity"], "squared", nn.MSELoss(), numbers, adam)
theirs_here("MSELoss of softmax, SGD", [5, 20, 4], ["elu", "softmax"], "squared", nn.MSELoss(), classes)
theirs_here("CrossEntropyLoss, SGD", [64, 32, 10], ["relu", "softmax"], "cross_entropy", nn.CrossEntropyLoss(),
            classes, logits=True)
theirs_here("CrossEntropyLoss, Adam", [64, 32, 10], ["relu", "softmax"], "cross_entropy", nn.CrossEntropyLoss(),
            classes, adam, logits=True)
theirs_here("BCEWithLogitsLoss, momentum", [6, 25, 2], ["selu", "sigmoid"], "binary_cross_entropy",
            nn.BCEWithLogitsLoss(), probabilities, momentum, logits=True)
theirs_here("BCELoss, Adam", [6, 25, 2], ["tanh", "sigmoid"], "binary_cross_entropy", nn.BCELoss(), probabilities, adam)
theirs_here("HuberLoss, Nesterov", [6, 25, 1], ["softsign", "identity"], "huber", nn.HuberLoss(), numbers, nesterov)
theirs_here("L1Loss, SGD", [6, 25, 2], ["sin", "identity"], "absolute", nn.L1Loss(), numbers,
            {"kind": "sgd", "rate": 0.001})
theirs_here("SoftMarginLoss, SGD", [6, 25, 2], ["gelu_tanh", "identity"], "logistic", nn.SoftMarginLoss(), signs)
hinge = lambda a, y: torch.relu(1 - y * a).mean()
theirs_here("hinge, SGD", [6, 25, 1], ["leaky_relu", "identity"], "hinge", hinge, signs, {"kind": "sgd", "rate": 0.001})
for activation in ("sigmoid", "elu", "selu", "gaussian", "hard_sigmoid", "hard_tanh", "softplus", "identity"):
    theirs_here(f"{activation}, momentum", [5, 18, 18, 2], [activation, activation, "identity"], "squared",
                nn.MSELoss(), numbers, momentum)

# Every optimizer: by itself, with decay, clipped. Where the gradient is divided by its size, weights that have nearly
# none go by the sign of roundings, unless epsilon is above these: with PyTorch's own epsilon only by itself, within ten
# times the bound.
kinds = [{"kind": "sgd", "rate": 0.02}, momentum, nesterov, {"kind": "adagrad", "rate": 0.01},
         {"kind": "rprop", "rate": 0.001},
         {"kind": "rprop", "rate": 0.01, "eta_minus": 0.4, "eta_plus": 1.1, "step_min": 0.0001, "step_max": 0.02},
         {"kind": "rmsprop", "rate": 0.001, "rho": 0.9, "epsilon": 0.001},
         {"kind": "adam", "rate": 0.002, "beta1": 0.8, "beta2": 0.99, "epsilon": 0.001},
         {"kind": "adamw", "rate": 0.001, "epsilon": 0.001},
         {"kind": "rmsprop", "rate": 0.001}, adam, {"kind": "adamw", "rate": 0.001}]
for kind in kinds:
    own_epsilon = kind["kind"] in ("rmsprop", "adam", "adamw") and "epsilon" not in kind
    alone = own_epsilon or kind["kind"] == "rprop"          # PyTorch's Rprop takes no decay, and sees only signs
    for more in ({}, {"weight_decay": 0.1}, {"weight_decay": 0.3, "decay_biases": 1}, {"clip_norm": 0.05},
                 {"clip_value": 0.01})[:1 if alone else 5]:
        fields = {**kind, **more}
        theirs_here(" ".join(str(value) if key == "kind" else f"{key} {value}" for key, value in fields.items()),
                    [7, 23, 17, 3], ["tanh", "silu", "identity"], "squared", nn.MSELoss(), numbers, fields,
                    bound=BOUND * (10 if own_epsilon else 1))

foreign_file("a file without our metadata")
foreign_file("F64", dtype="F64")
foreign_file("F16", dtype="F16")
foreign_file("BF16", dtype="BF16")
foreign_file("names with a prefix", prefix="model.")
foreign_file("names with two prefixes", prefix="model.net.")
foreign_file("no bias", bias=[True, False, True])
foreign_file("no bias at all", bias=False)

# PyTorch's one_cycle reaches its ends one update early: a bound of as much as the rate moves in one of 20,000.
schedule("step", "step", lambda o: plans.StepLR(o, 10, 0.1), by_epoch=True)
schedule("step 7, 0.5", "step", lambda o: plans.StepLR(o, 7, 0.5), period=7, gamma=0.5, by_epoch=True)
schedule("exponential", "exponential", lambda o: plans.ExponentialLR(o, 0.95), by_epoch=True)
schedule("cosine", "cosine", lambda o: plans.CosineAnnealingLR(o, 40 * PER_EPOCH))
schedule("cosine, floor 0.1", "cosine", lambda o: plans.CosineAnnealingLR(o, 40 * PER_EPOCH, 0.1), floor=0.1)
schedule("one_cycle", "one_cycle", lambda o: plans.OneCycleLR(o, 1.0, 4000 * PER_EPOCH), epochs=4000, bound=3e-4)
schedule("plateau", "plateau", lambda o: plans.ReduceLROnPlateau(o), epochs=80, by_epoch=True)
schedule("plateau 3, 0.5, floor 0.2", "plateau", lambda o: plans.ReduceLROnPlateau(o, "min", 0.5, 3, min_lr=0.2),
         epochs=80, period=3, gamma=0.5, floor=0.2, by_epoch=True)
warm = 3 * PER_EPOCH
schedule("warmup", "constant", lambda o: plans.LinearLR(o, 1 / warm, 1, warm - 1), warmup=3)
