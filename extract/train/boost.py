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


def read_trees(path):
    """The text that warcmill-boost writes -> base, [(inner nodes, leaf values)]."""
    lines = iter(open(path))
    base, trees = float(next(lines)), []
    for line in lines:
        inner = [tuple(map(int, next(lines).split())) for _ in range(int(line))]
        trees.append((inner, [float(next(lines)) for _ in range(len(inner) + 1)]))
    return base, trees


def fit(tool, work, x, y, w, options, drop=()):
    """Blocks half in the truth weigh less; features in DROP are left out (ablation). OPTIONS: trees, leaves, depth, rate, lambda,
    columns, rows, min_weight, seed."""
    w = w * np.where((y > 0.15) & (y < 0.85), 0.6, 1.0)
    features = np.array([k for k in range(x.shape[1]) if k not in drop], np.int64)
    rows = os.path.join(work, 'rows-%d' % os.getpid())
    with open(rows, 'wb') as f:
        f.write(struct.pack('<II', len(x), len(features)))
        f.write(np.ascontiguousarray(x[:, features]).tobytes())
        f.write((y > 0.5).astype('<f4').tobytes())
        f.write((w / w.mean()).astype('<f4').tobytes())
    subprocess.run([tool, rows, rows + '.trees'] + [str(v) for v in options], check=True)
    base, grown = read_trees(rows + '.trees')
    os.remove(rows)
    os.remove(rows + '.trees')
    top = max(max(map(abs, leaves)) for _, leaves in grown)
    unit = max(1, int(127 / min(top, 0.6)))
    trees = []
    for inner, leaves in grown:
        trees.append(([(int(features[v]), t, a, b) for v, t, a, b in inner], [int(np.clip(round(v * unit), -127, 127)) for v in leaves]))
    return Stage(trees, int(round(base * unit)), unit)
