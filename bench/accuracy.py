"""scikit-learn's MLP on the splits of bench/accuracy.c and examples/mnist.c, for make accuracy: prints work,score and
seconds of CPU a run. Usage: accuracy.py digits.csv diabetes.csv [folder with MNIST]. Its defaults, but for the sizes,
the epochs and batches of digits and MNIST, as there, and early stopping on the diabetes table, which is scaled
outside."""
import os, sys, time, warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from tables import shuffled                        # the order of rows that bench/accuracy.c draws, too

warnings.filterwarnings("ignore")


def report(work, runs):
    begin = time.process_time()
    scores = [score() for score in runs]
    print(f"{work},{np.mean(scores):.4f},{(time.process_time() - begin) / len(runs):.2f}", flush=True)


def digits(table, seed):
    """Of each class every fifth row is held out."""
    seen, train, test = [0] * 10, [], []
    for i in shuffled(len(table), seed):
        c = int(table[i, -1])
        (test if seen[c] % 5 == 4 else train).append(i)
        seen[c] += 1
    net = MLPClassifier((128,), batch_size=32, max_iter=60, random_state=seed)
    net.fit(table[train, :-1] / 16, table[train, -1])
    return 100 * net.score(table[test, :-1] / 16, table[test, -1])


def diabetes(table, seed, fold, make):
    order = shuffled(len(table), seed)
    place = np.arange(len(order))
    train, test = table[order[place % 5 != fold]], table[order[place % 5 == fold]]
    mean, width = train.mean(0), train.std(0)
    net = make().fit((train[:, :-1] - mean[:-1]) / width[:-1], (train[:, -1] - mean[-1]) / width[-1])
    return net.score((test[:, :-1] - mean[:-1]) / width[:-1], (test[:, -1] - mean[-1]) / width[-1])


def idx(folder, name, header):
    with open(os.path.join(folder, name), "rb") as f:
        return np.frombuffer(f.read(), np.uint8, offset=header)


def mnist(folder, hidden, batch, seed):
    sets = [(idx(folder, part + "-images-idx3-ubyte", 16).reshape(-1, 784).astype(np.float32) / 255,
             idx(folder, part + "-labels-idx1-ubyte", 8)) for part in ("train", "t10k")]
    net = MLPClassifier(hidden, batch_size=batch, max_iter=20, random_state=seed).fit(*sets[0])
    return 100 * net.score(*sets[1])


table = np.loadtxt(sys.argv[1], delimiter=",")
report("digits", [lambda s=s: digits(table, s) for s in range(10)])
table = np.loadtxt(sys.argv[2], delimiter=",")
folds = [(s, f) for s in range(4, 14) for f in range(5)]
report("squares", [lambda s=s, f=f: diabetes(table, s, f, LinearRegression) for s, f in folds])
report("diabetes", [lambda s=s, f=f: diabetes(table, s, f, lambda: MLPRegressor(early_stopping=True, random_state=s))
                    for s, f in folds])
report("diabetes defaults", [lambda s=s, f=f: diabetes(table, s, f, lambda: MLPRegressor(random_state=s))
                             for s, f in folds])
if len(sys.argv) > 3:
    report("mnist", [lambda s=s: mnist(sys.argv[3], (128,), 64, s) for s in range(3)])
    report("mnist wide", [lambda s=s: mnist(sys.argv[3], (512, 512), 128, s) for s in range(3)])
