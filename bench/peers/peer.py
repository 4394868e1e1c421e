"""PyTorch and scikit-learn: peer.py DATA RESULT torch|sklearn. The conversation is that of peer.c, the data that of
data.h."""
import ctypes
import os
import sys
import time
import numpy as np

FLOATS, X, W, DY, PARAMS, LABELS, RANGE = 1 << 24, 0, 3 << 20, 8 << 20, 10 << 20, 15 << 20, 4.0
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)                           # what a library prints must not be taken for an answer
data = np.memmap(sys.argv[1], np.float32, "r", shape=(FLOATS,))


def take(start, *shape):
    n = int(np.prod(shape))
    return np.take(data, np.arange(start, start + n), mode="wrap").reshape(shape)


def blas():
    """the BLAS that was loaded, and its kernels"""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if ".so" in line and ("blas" in line or "blis" in line)}
    for path in sorted(paths):
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_get_corename"):
            library.openblas_get_corename.restype = ctypes.c_char_p
            return "OpenBLAS " + library.openblas_get_corename().decode()
    return "BLAS " + " ".join(sorted(map(os.path.basename, paths)))


def parameters(widths):
    """for each layer w [in][out], b"""
    at, layers = PARAMS, []
    for i, o in zip(widths, widths[1:]):
        scale = np.sqrt(np.float32(6) / np.float32(i))
        layers.append((scale * take(at, i, o), np.float32(0.1) * take(at + i * o, o)))
        at += (i + 1) * o
    return layers


def labels(rows, classes):
    return ((take(LABELS, rows) + 1) * np.float32(0.5) * np.float32(classes)).astype(np.int64)


class Torch:
    def __init__(self):
        import torch
        import torch.nn.functional
        self.torch, self.f = torch, torch.nn.functional
        torch.set_num_threads(1)
        torch.ones(8, 8) @ torch.ones(8, 8)
        capability = torch.__config__.show().split("CPU capability usage: ")[1].split()[0]
        self.kernel = f"PyTorch {torch.__version__} {capability}, {blas()}"

    def prepare(self, words):
        """call, result, how; None: no such work"""
        form, numbers = words[0], words[1:]
        if form in ("nn", "fwd", "dx", "dw"):
            return self.product(form, *map(int, numbers))
        if form == "infer":
            return self.infer(numbers[0], list(map(int, numbers[1:])))
        if form == "train":
            return self.train(numbers[0], float(numbers[1]), *map(int, numbers[2:4]), list(map(int, numbers[4:])))
        return self.function(form, int(numbers[0])) if len(numbers) == 1 else None

    def product(self, form, batch, i, o):
        t = self.torch
        x, w, dy = (t.from_numpy(a) for a in (take(X, batch, i), take(W, i, o), take(DY, batch, o)))
        wt = w.t().contiguous()
        a, b = {"nn": (x, w), "fwd": (x, wt.t()), "dx": (dy, wt), "dw": (dy.t(), x)}[form]
        out = t.empty(a.shape[0], b.shape[1])
        return lambda: t.mm(a, b, out=out), lambda: out.numpy(), "torch.mm"

    def function(self, form, n):
        t = self.torch
        x, y, out = t.from_numpy(RANGE * take(X, n)), t.from_numpy(RANGE * take(W, n)), t.zeros(n)
        if form.startswith("softmax"):
            cols = int(form[7:])
            rows, to = x[:n // cols * cols].view(-1, cols), out[:n // cols * cols].view(-1, cols)
            call = lambda: t._softmax(rows, 1, False, out=to)
        else:
            calls = {"relu": lambda: t.clamp_min(x, 0, out=out), "hadamard": lambda: t.mul(x, y, out=out),
                     "exp": lambda: t.exp(x, out=out),
                     "sigmoid": lambda: t.sigmoid(x, out=out), "tanh": lambda: t.tanh(x, out=out),
                     "gelu_erf": lambda: t._C._nn.gelu(x, out=out),
                     "gelu_tanh": lambda: t._C._nn.gelu(x, approximate="tanh", out=out)}
            call = calls.get(form)
        return (call, lambda: out.numpy(), "out=") if call else None

    def net(self, widths):
        t = self.torch
        return [(t.from_numpy(w.T.copy()), t.from_numpy(b)) for w, b in parameters(widths)]

    def forward(self, layers, x):
        for w, b in layers[:-1]:
            x = self.torch.relu_(self.f.linear(x, w, b))
        return self.f.linear(x, *layers[-1])

    def infer(self, act, widths):
        t, layers, x, out = self.torch, self.net(widths), self.torch.from_numpy(take(X, 1, widths[0])), {}
        if act != "relu":
            return None

        def call():
            with t.inference_mode():
                out[0] = self.forward(layers, x)
        return call, lambda: out[0].numpy(), "functional linear, inference_mode"

    def train(self, act, rate, batch, rows, widths):
        if act != "relu":
            return None
        t, layers = self.torch, self.net(widths)
        params = [p.requires_grad_() for layer in layers for p in layer]
        xs, ys = (t.from_numpy(take(X, rows, widths[0])).split(batch),
                  t.from_numpy(labels(rows, widths[-1])).split(batch))

        def call():
            for x, y in zip(xs, ys):
                grads = t.autograd.grad(self.f.cross_entropy(self.forward(layers, x), y), params)
                with t.no_grad():
                    t._foreach_add_(params, grads, alpha=-rate)
        return (call, lambda: np.concatenate([a.detach().numpy().ravel() for w, b in layers for a in (w.t(), b)]),
                "autograd, SGD by _foreach_add_")


class Sklearn:
    def __init__(self):
        import sklearn
        import sklearn.neural_network
        self.classifier = sklearn.neural_network.MLPClassifier
        np.ones((8, 8), np.float32) @ np.ones((8, 8), np.float32)
        self.kernel = f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, {blas()}"

    def prepare(self, words):
        if words[:2] != ["train", "relu"]:
            return None
        rate, batch, rows, widths = float(words[2]), int(words[3]), int(words[4]), list(map(int, words[5:]))
        c = self.classifier(widths[1:-1], solver="sgd", alpha=0, batch_size=batch, learning_rate_init=rate,
                            momentum=0, nesterovs_momentum=False, shuffle=False, max_iter=1)
        x, y, layers = take(X, rows, widths[0]), labels(rows, widths[-1]), parameters(widths)
        c.partial_fit(x[:batch], y[:batch], range(widths[-1]))
        for l, (w, b) in enumerate(layers):         # in place: the optimizer holds these arrays
            c.coefs_[l][:] = w
            c.intercepts_[l][:] = b
        return (lambda: c.partial_fit(x, y),
                lambda: np.concatenate([a.ravel() for l in range(len(layers))
                                        for a in (c.coefs_[l], c.intercepts_[l])]),
                "MLPClassifier.partial_fit")


def run(case, seconds):
    """seconds per call, of as many calls as took `seconds` at first"""
    call, calls = case["call"], case["calls"]
    if calls:
        call()
    while not calls:
        n = case["try"]
        begin = time.perf_counter()
        for _ in range(n):
            call()
        took = time.perf_counter() - begin
        case["try"] = 2 * n
        if took >= seconds / 2:
            calls = case["calls"] = int(n * seconds / took) + 1
    begin = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - begin) / calls


peer = {"torch": Torch, "sklearn": Sklearn}[sys.argv[3]]()
cases = []
print("ready", peer.kernel, file=answers, flush=True)
for line in sys.stdin:
    word = line.split()
    answer = "ok"
    if word[0] == "prepare":
        made = peer.prepare(word[1:])
        if made:
            cases.append({"call": made[0], "result": made[1], "calls": 0, "try": 1})
        answer = "ok " + made[2] if made else "no"
    elif word[0] == "forget":
        cases.clear()
    elif word[0] == "result":
        cases[int(word[1])]["call"]()
        result = np.ascontiguousarray(cases[int(word[1])]["result"](), np.float32)
        result.tofile(sys.argv[2])
        answer = result.size
    elif word[0] == "run":
        answer = "%.9g" % run(cases[int(word[1])], float(word[2]))
    print(answer, file=answers, flush=True)
