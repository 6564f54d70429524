#!/usr/bin/python3
"""hosts: what host evidence buys. On cross-validated scores (cv.pickle of train.py), blocks that recur on a host's pages are barred
and the pages decided again, as article_redecide does.

    extract/train/hosts.py DATA --work DIR [--pages 5] [--recur 3]"""
import argparse
import collections
import os
import pickle

import report
import train


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data')
    parser.add_argument('--work', required=True)
    parser.add_argument('--pages', type=int, default=5, help='pages that a host must have')
    parser.add_argument('--recur', type=int, default=3, help='pages that a block must stand on')
    o = parser.parse_args()
    pages = {(p.set, p.id): p for p in train.read_truth(o.data, [s for s in train.SETS if s != 'wrapped'], o.work)}
    hosts = collections.defaultdict(list)
    for name, ident, _, score, _, words, texts in pickle.load(open(os.path.join(o.work, 'cv.pickle'), 'rb')):
        p = pages.get((name, ident))
        if p:
            p.score, p.words, p.texts = score, words, texts
            hosts[p.group].append(p)
    chosen = [p for rows in hosts.values() if len(rows) >= o.pages for p in rows]
    print(len(chosen), 'pages of', sum(len(rows) >= o.pages for rows in hosts.values()), 'hosts')
    report.evaluate(chosen, lambda p: report.choose(p.score, p.words, train.TAU), 'alone', types=True)
    for rows in hosts.values():
        if len(rows) < o.pages:
            continue
        distinct = {}
        for p in rows:  # a page fetched twice is one witness: its longest good block tells
            chosen_blocks = [t for t, keep in zip(p.texts, report.choose(p.score, p.words, train.TAU)) if keep]
            distinct.setdefault(max(chosen_blocks, key=len, default=p.id), p)
        seen = collections.Counter(k for p in distinct.values() for k in {' '.join(report.WORD.findall(t.lower())) for t in p.texts})
        for p in rows:
            for i, t in enumerate(p.texts):
                if seen[' '.join(report.WORD.findall(t.lower()))] >= o.recur:
                    p.score[i] = 0
    report.evaluate(chosen, lambda p: report.choose(p.score, p.words, train.TAU), 'with host evidence', types=True)


if __name__ == '__main__':
    main()
