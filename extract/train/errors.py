#!/usr/bin/python3
"""errors: where cross-validation loses words, by kind of block.

    extract/train/errors.py DATA --tool BUILD/warcmill-features --work DIR

reads fold-K.model and the labels that train.py left in DIR. Prints per set, for each kind, the words wrongly kept before, inside and after
the true body and those missed, as points of F (100 × words / (kept + true words), mean over pages). Pages that keep over twice
their truth and cover it are one row: their truth was cut short, or another article follows. The last line of a set parts the rest into
errors that the model is sure of (kept at .9 or more, missed at .05 or less: mostly good prose that the truth lacks, and matter that only
the truth takes for the body) and doubtful ones, which better features could mend."""
import argparse
import collections
import os
import re

import numpy as np

import report
import train

BRIEF = [  # kind, most words, what the text looks like
    ('copyright', 60, re.compile(r'copyright|©|all rights reserved')),
    ('newsletter', 60, re.compile(r'newsletter|subscribe|sign up|inbox|abonn')),
    ('tags', 1000, re.compile(r'^(tags?|topics?|filed under|categor)')),
]
PLACES = ('before', 'inside', 'after', 'missed')


def kind_of(p, i, column):
    """KIND of block I; COLUMN maps names of features to rows."""
    def value(name):
        return int(p.matrix[column[name]][i])
    words, text = p.words[i], p.texts[i].lower()
    if value('title_overlap') >= 120:
        return 'headline'
    if value('is_heading'):
        return 'subhead'
    if value('tag_figcaption') or value('in_figure'):
        return 'caption'
    for name, most, pattern in BRIEF:
        if words < most and pattern.search(text):
            return name
    if value('link_share') >= 140:
        return 'link'
    if words < 25 and value('author_overlap') >= 15:
        return 'by-line'
    if words < 15 and value('date'):
        return 'date line'
    if value('description_overlap') >= 120:
        return 'standfirst'
    if value('in_table'):
        return 'table'
    if value('in_li'):
        return 'list'
    if value('in_blockquote'):
        return 'quote'
    return 'paragraph' if words >= 15 else 'short text'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data')
    parser.add_argument('--tool', required=True)
    parser.add_argument('--work', required=True)
    parser.add_argument('--sets', default=','.join(s for s in train.SETS if s != 'wrapped'))
    o = parser.parse_args()
    column = {name: row for name, shift, row in train.views_of(o.tool)[2] if not shift}
    pages = train.read_truth(o.data, o.sets.split(','), o.work)
    lost, count = collections.defaultdict(lambda: np.zeros(4)), collections.Counter()
    doubt = collections.defaultdict(lambda: np.zeros(3))  # cut or next article, sure, doubtful
    for fold in range(train.FOLDS):
        part = [p for p in pages if p.fold == fold]
        train.dump(o.tool, part, o.work, os.path.join(o.work, 'fold-%d.model' % fold))
        train.label(part, o.work)
        for p in part:
            name = p.set if p.type is None else p.set + ' ' + ('article' if p.type == 'article' else 'other types')
            count[name] += 1
            picked, good = report.choose(p.p2 / 255.0, p.words, train.TAU), p.y > 0.5
            kept, reach = (p.words * picked).sum(), (p.words * good).sum()
            cut = kept > 2 * max(reach, 1) and (p.words * (good & picked)).sum() > 0.7 * reach
            first, last = (np.where(good)[0][[0, -1]]) if good.any() else (0, 0)
            for i in np.where(picked != good)[0]:
                place = 3 if good[i] else 0 if i < first else 2 if i > last else 1
                points = p.words[i] / (kept + reach)
                sure = p.p2[i] <= 13 if good[i] else p.p2[i] >= 230
                doubt[name][0 if cut else 1 if sure else 2] += points
                lost[name, 'truth cut short, or next article' if cut else kind_of(p, i, column)][place] += points
    for name in count:
        rows = sorted(((k, v * 100 / count[name]) for (s, k), v in lost.items() if s == name), key=lambda row: -row[1].sum())
        print('%s, %d pages%s' % (name, count[name], ''.join('%8s' % place for place in PLACES)))
        for kind, points in rows + [('all', sum(points for _, points in rows))]:
            print('    %-34s%s' % (kind, ''.join('%8.2f' % v for v in points)))
        print('    cut short or next %.2f, sure %.2f, doubtful %.2f' % tuple(doubt[name] * 100 / count[name]))


if __name__ == '__main__':
    main()
