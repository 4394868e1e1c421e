"""scikit-learn on the tables of bench/tables.txt, for make tables: its MLP, HistGradientBoosting, RandomForest and
linear models, all at their defaults, on the folds of bench/tables.c. Prints table,shuffle,method,score,loss,seconds:
accuracy and log loss, or R2 and the mean absolute error. Usage: tables.py tables.txt folder [shuffles [only these
tables ...]]"""
import csv, os, sys, time, warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
from sklearn.ensemble import (HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier,
                              RandomForestRegressor)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
MISSING = ("", "?", "NA", "nan")


def shuffled(n, seed):
    """The order of rows that bench/tables.c draws, too."""
    order, state = [], seed * 2 + 1
    for i in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        j = (state >> 33) % (i + 1)
        order.append(i)
        order[i], order[j] = order[j], i
    return np.array(order)


def is_number(cell):
    try:
        float(cell)
        return True
    except ValueError:
        return False


def read(path, target):
    """Cells without blanks, and those of the target apart."""
    with open(path, newline="") as f:
        rows = [[cell.strip() for cell in row] for row in csv.reader(f) if row]
    if not any(is_number(cell) for cell in rows[0]):
        rows = rows[1:]
    return [row[:target] + row[target + 1:] for row in rows], [row[target] for row in rows]


def encode(rows, train):
    """Numbers with the median of the training rows for what is missing; texts one-hot, by the texts of the training
    rows."""
    parts = []
    for column in zip(*rows):
        filled = [cell for cell in column if cell not in MISSING]
        if filled and all(map(is_number, filled)):
            x = np.array([float(cell) if cell not in MISSING else np.nan for cell in column])
            median = np.nanmedian(x[train]) if np.isfinite(x[train]).any() else 0
            parts.append(np.where(np.isnan(x), median, x)[:, None])
        else:
            texts = sorted({column[i] for i in train})
            parts.append(np.array([[cell == text for text in texts] for cell in column], float))
    return np.hstack(parts)


METHODS = {
    "linear": (lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
               lambda: make_pipeline(StandardScaler(), Ridge())),
    "boosting": (lambda: HistGradientBoostingClassifier(random_state=0),
                 lambda: HistGradientBoostingRegressor(random_state=0)),
    "forest": (lambda: RandomForestClassifier(random_state=0), lambda: RandomForestRegressor(random_state=0)),
    "sklearn MLP": (lambda: make_pipeline(StandardScaler(), MLPClassifier(random_state=0)),
                    lambda: make_pipeline(StandardScaler(), MLPRegressor(random_state=0))),
}


def run(name, path, target, regression, shuffle):
    rows, texts = read(path, target)
    y = np.array([float(t) for t in texts]) if regression else np.unique(texts, return_inverse=True)[1]
    order = shuffled(len(rows), shuffle)
    fold = np.empty(len(rows), int)
    fold[order] = np.arange(len(rows)) % 5
    predicted = {m: np.zeros((len(rows), 1 if regression else y.max() + 1)) for m in METHODS}
    seconds = dict.fromkeys(METHODS, 0.0)
    for k in range(5):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        x = encode(rows, train)
        for method, (classifier, regressor) in METHODS.items():
            start = time.process_time()
            model = (regressor if regression else classifier)().fit(x[train], y[train])
            if regression:
                predicted[method][test, 0] = model.predict(x[test])
            else:
                predicted[method][np.ix_(test, np.unique(y[train]))] = model.predict_proba(x[test])
            seconds[method] += time.process_time() - start
    for method, p in predicted.items():
        if regression:
            score, loss = 1 - ((p[:, 0] - y) ** 2).sum() / ((y - y.mean()) ** 2).sum(), abs(p[:, 0] - y).mean()
        else:
            score, loss = (p.argmax(1) == y).mean(), log_loss(y, p, labels=range(p.shape[1]))
        print(f"{name},{shuffle},{method},{score:.5f},{loss:.5f},{seconds[method]:.2f}", flush=True)


def main():
    listing, folder = sys.argv[1:3]
    shuffles, only = int(sys.argv[3]) if len(sys.argv) > 3 else 3, sys.argv[4:]
    print("table,shuffle,method,score,loss,seconds")
    for line in open(listing):
        if line.startswith("#") or not line.strip():
            continue
        name, file, target, task, _ = line.split()
        for shuffle in range(shuffles):
            if not only or name in only:
                run(name, os.path.join(folder, file), int(target) - 1, task == "regression", shuffle)


if __name__ == "__main__":
    main()
