"""boost: gradient-boosted trees on byte features, and their integer form for extract/model.c."""
import struct

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier


class Stage:
    """Trees with int8 leaves; what C evaluates, evaluated here from the same integers."""

    def __init__(self, trees, base, unit):
        self.trees, self.base, self.unit = trees, base, unit

    def pack(self):
        nodes = sum(len(t[0]) for t in self.trees)
        out = [struct.pack('<iiii', self.base, self.unit, len(self.trees), nodes)]
        for inner, leaves in self.trees:
            out.append(struct.pack('<B', len(inner)))
            out += [struct.pack('<HBBB', *node) for node in inner]
            out.append(np.array(leaves, np.int8).tobytes())
        return b''.join(out)

    def probability(self, x):
        total = np.full(len(x), self.base, np.int64)
        for inner, leaves in self.trees:
            slot = np.zeros((len(x), len(inner) + len(leaves)), bool)
            slot[:, 0] = True
            for i, (view, threshold, left, right) in enumerate(inner):
                low = x[:, view] <= threshold
                slot[:, left] = slot[:, i] & low
                slot[:, right] = slot[:, i] & ~low
            total += slot[:, len(inner):] @ np.array(leaves, np.int64)
        step = np.clip((total * 32 + self.unit * 256) / self.unit, 0, 511).astype(int)
        return np.round(255 / (1 + np.exp(-((step + 0.5) / 32 - 8)))) / 255

    def describe(self):
        return '%d trees, %d leaves, unit %d' % (len(self.trees), sum(len(t[1]) for t in self.trees), self.unit)


def flatten(nodes, unit, features):
    """sklearn's node array -> inner nodes in breadth-first order (slots: inner first, then leaves) and leaf values."""
    order, queue = [], [0]
    while queue:
        i = queue.pop(0)
        if not nodes[i]['is_leaf']:
            order.append(i)
            queue += [int(nodes[i]['left']), int(nodes[i]['right'])]
    slot, leaves, inner = {i: k for k, i in enumerate(order)}, [], []
    for i in order:
        pair = []
        for child in (int(nodes[i]['left']), int(nodes[i]['right'])):
            if child not in slot:
                slot[child] = len(order) + len(leaves)
                leaves.append(int(np.clip(round(nodes[child]['value'] * unit), -127, 127)))
            pair.append(slot[child])
        inner.append((int(features[nodes[i]['feature_idx']]), int(np.floor(nodes[i]['num_threshold'])), *pair))
    return inner, leaves if order else [int(np.clip(round(nodes[0]['value'] * unit), -127, 127))]


def fit(x, y, w, trees, leaves, drop=()):
    """Blocks half in the truth weigh less; features in DROP are left out (ablation)."""
    w = w * np.where((y > 0.15) & (y < 0.85), 0.6, 1.0)
    features = np.array([k for k in range(x.shape[1]) if k not in drop])
    model = HistGradientBoostingClassifier(max_iter=trees, learning_rate=0.1, max_leaf_nodes=leaves, max_depth=6, min_samples_leaf=60,
                                           l2_regularization=5.0, max_bins=255, early_stopping=False, random_state=1)
    model.fit(x[:, features], y > 0.5, sample_weight=w / w.mean())
    grown = [it[0].nodes for it in model._predictors]
    top = max(float(np.abs(n['value'][n['is_leaf'].astype(bool)]).max()) for n in grown)
    unit = max(1, int(127 / min(top, 1.0)))
    base = int(round(float(np.ravel(model._baseline_prediction)[0]) * unit))
    return Stage([flatten(n, unit, features) for n in grown], base, unit)
