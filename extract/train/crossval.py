#!/usr/bin/python3
"""crossval: predictions of every page by the model that never saw its domain, made by the program itself.

    extract/train/crossval.py DATA --warcmill BUILD/warcmill --work DIR

reads fold-K.model that train.py left in DIR and writes DIR/pred-SET.jsonl as `warcmill article` prints it, for a scorer."""
import argparse
import collections
import json
import os
import subprocess

import train


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data')
    parser.add_argument('--warcmill', required=True)
    parser.add_argument('--work', required=True)
    parser.add_argument('--sets', default=','.join(s for s in train.SETS if s != 'wrapped'))
    o = parser.parse_args()
    groups = collections.defaultdict(list)
    for p in train.read_truth(o.data, o.sets.split(','), o.work):
        groups[p.set, p.fold].append(p.path)
    out = {}
    for (name, fold), paths in sorted(groups.items()):
        run = [o.warcmill, 'article', '--model', os.path.join(o.work, 'fold-%d.model' % fold)]
        lines = subprocess.run(run + paths, check=True, capture_output=True).stdout
        out.setdefault(name, []).append(lines)
    for name, parts in out.items():
        with open(os.path.join(o.work, 'pred-%s.jsonl' % name), 'wb') as f:
            f.write(b''.join(parts))
        rows = [json.loads(line) for line in b''.join(parts).splitlines()]
        print(name, len(rows), 'rejected', dict(collections.Counter(r['rejected'] for r in rows if r.get('rejected'))),
              'methods', dict(collections.Counter(r['method'] for r in rows)))


if __name__ == '__main__':
    main()
