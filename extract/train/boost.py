"""boost: calls the tree grower (boost.c) and holds its trees in the integer form of extract/model.c."""
import os
import struct
import subprocess

import numpy as np


class Stage:
    """Trees with int8 leaves, as model.c evaluates them."""

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

    def describe(self):
        return '%d trees, %d leaves, unit %d' % (len(self.trees), sum(len(t[1]) for t in self.trees), self.unit)


def read_stage(path):
    """Stage 1 of a model file."""
    data = open(path, 'rb').read()
    elements, words = struct.unpack_from('<II', data, 12)
    at = 20 + 512 + 5 * (elements + words)
    base, unit, count, _ = struct.unpack_from('<iiii', data, at)
    at, trees = at + 16, []
    for _ in range(count):
        inner = data[at]
        nodes = [struct.unpack_from('<HBBB', data, at + 1 + 5 * k) for k in range(inner)]
        at += 1 + 5 * inner
        trees.append((nodes, list(struct.unpack_from('<%db' % (inner + 1), data, at))))
        at += inner + 1
    return Stage(trees, base, unit)


def read_trees(path):
    """The text that warcmill-boost writes -> base, [(inner nodes, leaf values)]."""
    lines = iter(open(path))
    base, trees = float(next(lines)), []
    for line in lines:
        inner = [tuple(map(int, next(lines).split())) for _ in range(int(line))]
        trees.append((inner, [float(next(lines)) for _ in range(len(inner) + 1)]))
    return base, trees


def fit(tool, work, x, y, target, w, options, drop=(), seeds=1):
    """TARGET is the probability that trees are taught. Blocks half in the truth (Y) weigh less; features in DROP are left out (ablation).
    OPTIONS: trees, leaves, depth, rate, lambda, columns, rows, min_weight. SEEDS forests of trees / SEEDS each are averaged: they differ in the rows and columns that they drew."""
    w = w * np.where((y > 0.15) & (y < 0.85), 0.6, 1.0)
    features = np.array([k for k in range(x.shape[1]) if k not in drop], np.int64)
    rows = os.path.join(work, 'rows-%d' % os.getpid())
    with open(rows, 'wb') as f:
        f.write(struct.pack('<II', len(x), len(features)))
        f.write(np.ascontiguousarray(x[:, features]).tobytes())
        f.write(target.astype('<f4').tobytes())
        f.write((w / w.mean()).astype('<f4').tobytes())
    grown = []
    for seed in range(seeds):
        count = (options[0] * (seed + 1)) // seeds - (options[0] * seed) // seeds
        subprocess.run([tool, rows, rows + '.trees', str(count)] + [str(v) for v in options[1:]] + [str(seed + 1)], check=True)
        base, part = read_trees(rows + '.trees')
        grown += [(inner, [v / seeds for v in leaves]) for inner, leaves in part]
    os.remove(rows)
    os.remove(rows + '.trees')
    top = max(max(map(abs, leaves)) for _, leaves in grown)
    reach = sum(max(map(abs, leaves)) for _, leaves in grown)  # model.c adds in 16 bits
    unit = max(1, int(min(127 / min(top, 0.6), (32767 - len(grown)) / reach)))
    trees = []
    for inner, leaves in grown:
        trees.append(([(int(features[v]), t, a, b) for v, t, a, b in inner], [int(np.clip(round(v * unit), -127, 127)) for v in leaves]))
    return Stage(trees, int(round(base * unit)), unit)
