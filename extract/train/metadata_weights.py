#!/usr/bin/env python3
"""Learn the weights that choose title, authors and date, and write extract/metadata_weights.h.

usage: metadata_weights.py DUMP DATA OUT.h [--errors FIELD]
       metadata_weights.py DUMP DATA --ablate

DUMP  the program metadata_dump (built with the project)
DATA  a folder of sets, each with truth.jsonl and html/ (see docs/metadata.md)

A conditional logit model a field: the chance of a group is exp(sum of its features' weights) over the sum for all groups of
the page and "none". Weights are drawn towards zero (ridge), so that a feature seen on few pages stays small. On what that leaves
unexplained small trees are grown (gradient boosting of the same likelihood) that see a group as the bytes of group_describe().
Cross-validation folds are made of whole domains. Only numpy is needed.

--ablate trains and cross-validates anew without the trees and, without them, without each family of sources (their evidence is
taken away, and values that nothing else says), and without the places and the properties of values, and prints a table for
docs/metadata.md.
"""
import collections, json, os, re, subprocess, sys, urllib.parse
import numpy as np

SETS = ['wcxb-dev', 'andythefactory-news', 'fundus-multilingual', 'postlight-meta', 'htmldate-mediacloud', 'chinese-web']
FIELDS = ['title', 'author', 'date']
RIDGE = {'title': .01, 'author': .02, 'date': .02}
MARGIN = {'title': 0., 'author': 0., 'date': 0.}   # how much better than nothing a group must be
ABSENT = {'title': 1., 'author': .1, 'date': .15}    # weight of a page whose truth has no such value: many truths are incomplete
NOT_FOUND = {'title': .4, 'author': .4, 'date': .1}   # of a page that does not hold the truth's value anywhere: many truths are wrong

TREES = {'title': 80, 'author': 0, 'date': 80}
RATE, SHRINK, LEAVES, LEAST, COLUMNS, PAGES = .12, 5., 6, 10., .5, .7   # of each tree; COLUMNS and PAGES: the shares that it sees


def norm(text):
    return re.sub(r'\s+', ' ', text).strip()


def equal(field, value, truth):
    """As the scorer compares."""
    if field == 'date':
        return str(value)[:10] == str(truth)[:10]
    if field == 'author':
        names = lambda v: {norm(y).lower() for y in (v if isinstance(v, list) else re.split(r';|,| and ', v)) if norm(y)}
        return names(value) == names(truth)
    return re.sub(r'\W+', '', str(value).lower()) == re.sub(r'\W+', '', str(truth).lower())


def same(field, value, truth):
    """For training: also a list of names against a truth that joins them in one string."""
    if equal(field, value, truth):
        return True
    if field != 'author' or not isinstance(value, list):
        return False
    key = lambda names: {re.sub(r'\W+', '', n.lower()) for n in names if re.sub(r'\W+', '', n)}
    split = [n for t in truth for n in re.split(r', and | and | & |[,;|、，]', t)]
    return key(value) in (key(truth), key(split))


def domain(row):
    host = urllib.parse.urlsplit(row.get('url') or '').netloc or row['id']
    return '.'.join(host.split('.')[-2:])


def load(dump, data):
    pages = []
    for name in SETS:
        folder = os.path.join(data, name)
        if not os.path.exists(folder + '/truth.jsonl'):
            continue
        truth = {r['id']: r for r in map(json.loads, open(folder + '/truth.jsonl', encoding='utf8'))}
        html = os.environ.get('METADATA_HTML', '')
        html = os.path.join(html, name) if html else folder + '/html'
        out = subprocess.run([dump, folder + '/truth.jsonl', html], stdout=subprocess.PIPE, check=True).stdout
        for line in out.decode('utf8').splitlines():
            page = json.loads(line)
            page['truth'], page['set'], page['domain'] = truth[page['id']], name, domain(truth[page['id']])
            pages.append(page)
    return pages


# Families of sources for the ablation: names as in METADATA_SOURCES.
FAMILIES = {
    'JSON-LD': r'LD_\w+',
    'OpenGraph, article:, twitter:': r'OG|TWITTER|META_ARTICLE|META_PUBLISHED|META_MODIFIED|META_LABEL',
    'other meta': r'META|META_NEWS|META_DATE',
    'microdata': r'MICRO\w*',
    'title element': r'ELEMENT',
    'headings': r'H1\w*|H2\w*|PART\w*',
    'words of class and id': r'CLASS|BYLINE',
    'links to authors': r'REL|HREF',
    'time elements': r'TIME\w*',
    'visible text': r'TEXT|LABEL|UPDATED',
    'addresses': r'URL|IMAGE',
    'keys in scripts': r'SCRIPT',
}


def without(pages, gone, places, base, extras):
    """The pages with features that GONE names taken away, and groups that no other source speaks for."""
    out = []
    for page in pages:
        page = dict(page)
        for field in FIELDS:
            groups = []
            for group in page[field]:
                f = [x for x in group['f'] if not (x < base and gone(x // places)) and not (extras and x >= base)]
                if any(x < base for x in f):
                    groups.append({'v': group.get('v'), 'f': f, 'x': group['x']})
            page[field] = groups
        out.append(page)
    return out


def fold_of(name, folds):
    import zlib
    return zlib.crc32(name.encode()) % folds


class Rows:
    """The groups of all pages of a field, flat."""

    def __init__(self, pages, field, count, extra):
        self.start, self.page, self.label, self.weight, self.keys = [], [], [], [], []
        rows, columns = [], []
        n = 0
        for page in pages:
            truth = page['truth'].get(field)
            if truth != truth:
                truth = None
            known = field in page['truth'] and page['set'] not in ('htmldate-mediacloud', 'chinese-web')
            if not truth and not (field != 'title' and known and page['set'] != 'postlight-meta'):
                continue
            groups = page[field]
            good = [bool(truth) and same(field, g.get('v') or '', truth) for g in groups]
            self.start.append(n)
            self.page.append(page)
            self.keys.append(page['domain'])
            self.weight.append(ABSENT[field] if not truth else 1. if any(good) else NOT_FOUND[field])
            for g, ok in zip([{'f': [extra]}] + groups, [not any(good)] + good):
                rows += [n] * len(g['f'])
                columns += g['f']
                self.label.append(ok)
                n += 1
        self.rows, self.columns, self.count, self.total = np.array(rows), np.array(columns), count, n
        width = max((len(g['x']) for page in self.page for g in page[field]), default=1)
        none = [0] * width
        self.x = np.array([x for page in self.page for x in [none] + [g['x'] for g in page[field]]], np.int64)
        self.label, self.weight, self.start = np.array(self.label, float), np.array(self.weight), np.array(self.start)
        self.of = np.repeat(np.arange(len(self.start)), np.diff(np.append(self.start, n)))

    def scores(self, w):
        return np.bincount(self.rows, weights=w[self.columns], minlength=self.total)

    def softmax(self, s):
        e = np.exp(s - np.maximum.reduceat(s, self.start)[self.of])
        return e / np.add.reduceat(e, self.start)[self.of]

    def fit(self, use, ridge, steps=400):
        w, m, v = np.zeros(self.count), np.zeros(self.count), np.zeros(self.count)
        page_weight = self.weight * use
        total = page_weight.sum()
        for t in range(1, steps + 1):
            p = self.softmax(self.scores(w))
            q = p * self.label
            q = q / np.maximum(np.add.reduceat(q, self.start)[self.of], 1e-300)
            g = np.bincount(self.columns, weights=((p - q) * page_weight[self.of])[self.rows], minlength=self.count) + ridge * w
            m, v = .9 * m + .1 * g, .99 * v + .01 * g * g
            w -= .1 * (1 - t / (steps + 1)) * (m / (1 - .9 ** t)) / (np.sqrt(v / (1 - .99 ** t)) + 1e-6)
        return w

    def boost(self, w, use, count, seed=1):
        """Trees on top of the weights W: [(nodes, leaves)]; "none" (the first row of a page) gets nothing from them."""
        draw = np.random.RandomState(seed)
        score, trees = self.scores(w), []
        none = np.zeros(self.total, bool)
        none[self.start] = True
        first = self.softmax(score)
        weight = (self.weight * use)[self.of]
        usable = (weight > 0) & ~none & ((first > .001) | (self.label > 0))
        live = np.where((self.x != self.x[~none][0]).any(0))[0]
        for _ in range(count):
            p = self.softmax(score)
            q = p * self.label
            q /= np.maximum(np.add.reduceat(q, self.start)[self.of], 1e-300)
            g, h = weight * (q - p), weight * np.maximum(p * (1 - p), 1e-3)
            columns = np.sort(draw.permutation(live)[:max(1, int(len(live) * COLUMNS))])
            rows = np.where(usable & (draw.rand(len(self.start)) < PAGES)[self.of])[0]
            tree = grow(self.x[rows][:, columns], g[rows], h[rows], columns)
            if tree[0]:
                trees.append(tree)
                score = score + np.where(none, 0, apply(tree, self.x))
        return trees

    def choose(self, w, margin, trees=()):
        s = self.scores(w)
        for tree in trees:
            s[:] += apply(tree, self.x)
        s[self.start] = self.scores(w)[self.start]
        out = []
        for i, a in enumerate(self.start):
            b = self.start[i + 1] if i + 1 < len(self.start) else self.total
            k = int(np.argmax(s[a + 1:b])) if b > a + 1 else -1
            out.append(k if k >= 0 and s[a + 1 + k] > s[a] + margin else -1)
        return out


def grow(x, g, h, columns):
    """One tree of at most LEAVES leaves, the best split first -> nodes (column, threshold, left, right; -1 - k is leaf k), leaves."""
    def best(index):
        key = (x[index] + 256 * np.arange(x.shape[1])).ravel()
        G = np.bincount(key, np.repeat(g[index], x.shape[1]), 256 * x.shape[1]).reshape(-1, 256).cumsum(1)
        H = np.bincount(key, np.repeat(h[index], x.shape[1]), 256 * x.shape[1]).reshape(-1, 256).cumsum(1)
        all_g, all_h = G[0, -1], H[0, -1]
        gain = G ** 2 / (H + SHRINK) + (all_g - G) ** 2 / (all_h - H + SHRINK) - all_g ** 2 / (all_h + SHRINK)
        gain[(H < LEAST * LIGHT) | (all_h - H < LEAST * LIGHT)] = 0
        k = int(np.argmax(np.round(gain, 9)))
        return gain.flat[k], k // 256, k % 256

    LIGHT = .1
    leaves, nodes = [np.arange(len(x))], []
    splits, hangs = [best(leaves[0])], [None]
    while len(leaves) < LEAVES:
        k = int(np.argmax([s[0] for s in splits]))
        gain, column, threshold = splits[k]
        if gain <= 1e-6:
            break
        index, parent = leaves[k], hangs[k]
        if parent is not None:
            nodes[parent[0]][parent[1]] = len(nodes)
        nodes.append([int(columns[column]), int(threshold), -1 - k, -1 - len(leaves)])
        left = x[index, column] <= threshold
        leaves[k], hangs[k] = index[left], (len(nodes) - 1, 2)
        leaves.append(index[~left])
        hangs.append((len(nodes) - 1, 3))
        splits[k] = best(leaves[k])
        splits.append(best(leaves[-1]))
    return nodes, [RATE * g[i].sum() / (h[i].sum() + SHRINK) for i in leaves]


def apply(tree, x):
    nodes, leaves = tree
    slot = np.zeros(len(x), int)
    for k, (column, threshold, left, right) in enumerate(nodes):   # a node comes before those below it
        here = slot == k
        slot[here] = np.where(x[here, column] <= threshold, left, right)
    return np.array(leaves)[-1 - slot]


def cross_validate(rows, field, folds=5):
    """The choice for each page by weights that never saw its domain."""
    fold = np.array([fold_of(k, folds) for k in rows.keys])
    choice = [-1] * len(rows.page)
    for f in range(folds):
        use = (fold != f).astype(float)
        w = rows.fit(use, RIDGE[field] * len(rows.page) / 100)
        for i, k in enumerate(rows.choose(w, MARGIN[field], rows.boost(w, use, TREES[field]))):
            if fold[i] == f:
                choice[i] = k
    return choice


def ablate(pages, sources, places, count, base, extras):
    def place_to_head(pages):
        out = []
        for page in pages:
            page = dict(page)
            for field in FIELDS:
                page[field] = [{'v': g.get('v'), 'x': g['x'],
                                'f': sorted({x // places * places if x < base else x for x in g['f']})}
                               for g in page[field]]
            out.append(page)
        return out

    runs = [('all', pages), ('without trees', pages)]   # those below are without trees, too: a tree sees what was taken away
    for name, pattern in FAMILIES.items():
        gone = {i for i, (_, source) in enumerate(sources) if re.fullmatch(pattern, source)}
        runs.append(('without ' + name, without(pages, gone.__contains__, places, base, False)))
    runs.append(('without places', place_to_head(pages)))
    runs.append(('without properties of values', without(pages, lambda s: False, places, base, True)))
    columns = [(f, s) for f in FIELDS for s in SETS if s not in ('chinese-web',) and (s == 'htmldate-mediacloud') <= (f == 'date')]
    print('| |', ' | '.join(f'{f} {s.split("-")[0]}' for f, s in columns), '|\n|---' + '|---' * len(columns) + '|')
    for name, some in runs:
        cells = {}
        if name != 'all':
            TREES.update((field, 0) for field in FIELDS)
        for number, field in enumerate(FIELDS):
            rows = Rows(some, field, count, base + number * extras)
            tally = collections.defaultdict(lambda: [0, 0, 0])
            for page, k in zip(rows.page, cross_validate(rows, field)):
                truth = page['truth'].get(field)
                if not truth or truth != truth:
                    continue
                t = tally[page['set']]
                t[0] += 1
                good = k >= 0 and equal(field, page[field][k].get('v') or '', truth)
                t[1] += good
                t[2] += k >= 0 and not good
            for key, t in tally.items():
                cells[field, key] = f'{t[1] / t[0]:.3f} ({t[2] / t[0]:.2f})'
        print('|', name, '|', ' | '.join(cells.get(c, '') for c in columns), '|', flush=True)


def write_trees(f, forest):
    fixed = [[(nodes, [int(np.clip(round(v * 256), -32767, 32767)) for v in leaves]) for nodes, leaves in trees] for trees in forest]
    ends = np.cumsum([len(trees) for trees in fixed])
    most = [sum(max(leaves) for _, leaves in trees) for trees in fixed]
    slot = lambda k: k if k >= 0 else 128 - 1 - k
    f.write('static const struct choice_tree metadata_trees[] = {\n')
    for trees in fixed:
        for nodes, leaves in trees:
            f.write('\t{{' + ', '.join('{%d, %d, %d, %d}' % (c, t, slot(a), slot(b)) for c, t, a, b in nodes) +
                    '}, {' + ', '.join(map(str, leaves)) + '}},\n')
    f.write('};\n/* Behind the last tree of each field; the most that its trees can add. */\n'
            'static const uint16_t metadata_tree_ends[] = {%s};\nstatic const int32_t metadata_tree_most[] = {%s};\n' %
            (', '.join(map(str, ends)), ', '.join(map(str, most))))


def main():
    args = [a for a in sys.argv[1:] if not a.startswith('--')]
    dump, data, out = (args + [None])[:3]
    errors = sys.argv[sys.argv.index('--errors') + 1] if '--errors' in sys.argv else None
    pages = load(dump, data)
    header = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../metadata_internal.h'), encoding='utf8').read()
    sources = re.findall(r'^\tX\((\w+), (\w+),', header, re.M)
    places = 6
    extras = re.search(r'enum extra \{(.*?)\};', header, re.S).group(1)
    extras = len(re.findall(r'EXTRA_[A-Z]+\b', re.sub(r'/\*.*?\*/', '', extras, flags=re.S))) - 1
    base = len(sources) * places
    count = base + 3 * extras
    if '--ablate' in sys.argv:
        ablate(pages, sources, places, count, base, extras)
        return
    weights, forest = np.zeros(count), []
    for number, field in enumerate(FIELDS):
        rows = Rows(pages, field, count, base + number * extras)
        choice = cross_validate(rows, field)
        table = collections.defaultdict(lambda: [0, 0, 0, 0, 0, 0])
        for page, k in zip(rows.page, choice):
            truth, t = page['truth'].get(field), table[page['set']]
            if not truth or truth != truth:
                table[page['set'] + ' (no truth)'][0 if k < 0 else 1] += 1
                continue
            good = [equal(field, g.get('v') or '', truth) for g in page[field]]
            t[0] += 1
            t[4] += any(good)
            t[5] += k >= 0 and same(field, page[field][k].get('v') or '', truth)
            t[3 if k < 0 else 1 if good[k] else 2] += 1
            if errors == field and (k < 0 or not good[k]):
                print('ERR', page['set'], page['id'], page['truth'].get('url'), '\n   TRUTH', truth, '\n   GOT', page[field][k].get('v') if k >= 0 else None,
                      '\n   HAD' if any(good) else '\n   not found')
        for name, t in sorted(table.items()):
            if 'no truth' in name:
                print(f'{field:7}{name:34} given none {t[0]}, given some {t[1]}')
            else:
                print(f'{field:7}{name:34} n {t[0]:5} correct {t[1]/t[0]:.3f} wrong {t[2]/t[0]:.3f} missing {t[3]/t[0]:.3f} among the groups {t[4]/t[0]:.3f}' +
                      (f' names split {t[5]/t[0]:.3f}' if field == 'author' else ''))
        w = rows.fit(np.ones(len(rows.page)), RIDGE[field] * len(rows.page) / 100)
        forest.append(rows.boost(w, np.ones(len(rows.page)), TREES[field]))
        w[base + number * extras] += MARGIN[field]
        weights += w
    values = np.clip(np.round(weights * 256), -32767, 32767).astype(int)
    with open(out, 'w', encoding='utf8') as f:
        f.write('/* Generated by extract/train/metadata_weights.py: do not edit. In 1/256; order: sources by place, then extras by field. */\n'
                '#ifndef WARCMILL_METADATA_WEIGHTS_H\n#define WARCMILL_METADATA_WEIGHTS_H\n\n#include "extract/metadata_internal.h"\n\n'
                '/* clang-format off */\nstatic const int16_t metadata_weights[FEATURE_COUNT] = {\n')
        for i, (field, name) in enumerate(sources):
            f.write('\t' + ' '.join(f'{x},' for x in values[i * places:(i + 1) * places]) + f' /* {field}_{name} */\n')
        for i, field in enumerate(FIELDS):
            f.write('\t' + ' '.join(f'{x},' for x in values[base + i * extras:base + (i + 1) * extras]) + f' /* extras of {field} */\n')
        f.write('};\n\n')
        write_trees(f, forest)
        f.write('/* clang-format on */\n\n#endif\n')


main()
