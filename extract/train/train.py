#!/usr/bin/python3
"""train: from pages with known bodies to extract/model_tables.c, in one command.

    extract/train/train.py DATA --tool BUILD/warcmill-features --work DIR [--out extract/model_tables.c]

DATA holds the sets: NAME.tar.xz, or folders NAME with html/ID.html and truth.jsonl (id, url, lang, page_type, text). The C program
makes blocks and features (--tool), so training sees exactly what running sees. Folds are grouped by domain. Steps:

    labels   align.py, once (cached in --work)
    tables   log odds of element tokens and of words, from the other folds
    stage 1  boosted trees on the blocks' features
    stage 2  the same plus the surroundings' stage-1 probabilities, which come from models that never saw the page
    models   fold-K.model for cross-validation (warcmill article --model), final.model, and the C table

Prints the cross-validated scores of every set (4-word shingle F, word F) as it goes."""
import argparse
import collections
import glob
import json
import multiprocessing
import os
import pickle
import re
import struct
import subprocess
import sys
import tarfile
import zlib
from urllib.parse import urlsplit

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import align
import boost
import report
import wrap

# weight of a set's pages; a set that is not named counts 1
SETS = {'andythefactory-news': 1.5, 'fundus-multilingual': 1.5, 'wcxb-dev': 1.2, 'daniel': 0.8, 'chinese-web': 0.3, 'wrapped': 0.5}
FOLDS = 10
MODEL_VERSION = 1  # model.h
TAU = (38, 128)  # article_decide.c
SOFT = 0.3  # share of stage 1's opinion in what stage 2 is taught: truths are not beyond doubt


class Page:
    """One page: its truth, its blocks, its matrix."""


def group_of(row, name):
    """Pages of one group never stand in different folds: the registered domain, roughly."""
    host = urlsplit(row.get('url') or '').hostname or ''
    parts = re.sub(r'^www\d?\.', '', host).split('.')
    short = '.'.join(parts[-3:] if len(parts) > 2 and len(parts[-2]) <= 3 else parts[-2:])
    if short:
        return short
    named = re.match(r'\d{8}_(?:www\.)?([\w.-]+?)_', row['id'])
    return named.group(1) if named else name + ':' + row['id']


def fold_of(group):
    return zlib.crc32(('f' + group).encode()) % FOLDS


def unpack(data, name, work):
    for folder in (os.path.join(data, name), os.path.join(work, 'sets', name)):
        if os.path.exists(os.path.join(folder, 'truth.jsonl')):
            return folder
    for pack in (name + '.tar.xz', 'tune-' + name + '.tar.xz'):
        pack = os.path.join(data, pack)
        if os.path.exists(pack):
            os.makedirs(os.path.join(work, 'sets', name), exist_ok=True)
            with tarfile.open(pack) as tar:
                tar.extractall(os.path.join(work, 'sets', name))
            return unpack(data, name, work)
    sys.exit('no set %s in %s' % (name, data))


def read_truth(data, names, work):
    pages = []
    for name in names:
        folder = unpack(data, name, work)
        for line in open(os.path.join(folder, 'truth.jsonl'), encoding='utf8'):
            row = json.loads(line)
            if not row.get('text'):
                continue
            p = Page()
            p.set, p.id, p.truth, p.lang, p.type = name, row['id'], row['text'], row.get('lang'), row.get('page_type')
            p.url, p.path = row.get('url'), os.path.join(folder, 'html', row['id'] + '.html')
            p.group = group_of(row, name)
            p.fold = fold_of(p.group)
            pages.append(p)
    return pages


def add_wrapped(pages, work, count, rng):
    """Mirrored copies of COUNT pages, in the fold of their originals."""
    folder = os.path.join(work, 'wrapped')
    os.makedirs(folder, exist_ok=True)
    chosen = [p for p in pages if p.type in (None, 'article') and p.set != 'chinese-web']
    for p in [chosen[i] for i in rng.permutation(len(chosen))[:count]]:
        path = wrap.wrap(p, folder, rng)
        if path:
            copy = Page()
            copy.__dict__.update(p.__dict__)
            copy.path, copy.set = path, 'wrapped'
            pages.append(copy)


def dump(tool, pages, work, model=None):
    """Run the C program over PAGES and attach what it says."""
    listing, out = os.path.join(work, 'list'), os.path.join(work, 'dump')
    with open(listing, 'w') as f:
        f.writelines('%s\t%s\n' % (p.path, p.url if p.url and '\n' not in p.url else '') for p in pages)
    subprocess.run([tool] + (['--model', model] if model else []) + [listing, out], check=True)
    raw, at = np.memmap(out, dtype=np.uint8, mode='r'), 0

    def take(count, kind=np.uint8):
        nonlocal at
        size = count * np.dtype(kind).itemsize
        part = np.frombuffer(raw[at:at + size].tobytes(), dtype=kind)
        at += size
        return part

    for p in pages:
        magic, n, e, c, t = take(5, '<u4')
        assert magic == 0x45474150
        p.parent, p.token_count = take(e, '<u4'), take(e)
        p.tokens = take(int(p.token_count.sum()), '<u4')
        p.element, p.words, p.ends = take(n, '<u4').astype(int), take(n, '<u4') / 20.0, take(n, '<u4')
        p.word_count = take(n)
        p.word_hashes = take(int(p.word_count.sum()), '<u4')
        p.matrix = take(int(c) * int(n)).reshape(c, n)
        p.p1, p.p2 = take(n), take(n)
        text, start = take(t).tobytes(), 0
        p.texts = []
        for end in p.ends:
            p.texts.append(text[start:end].decode('utf8'))
            start = end


def label_one(job):
    return align.labels(*job)


def label(pages, work):
    """Aligned labels, cached by content."""
    path = os.path.join(work, 'labels.pickle')
    cache = pickle.load(open(path, 'rb')) if os.path.exists(path) else {}
    keys = [zlib.crc32('\0'.join(p.texts + [p.truth]).encode()) for p in pages]
    todo = [i for i, k in enumerate(keys) if k not in cache]
    with multiprocessing.Pool(2) as pool:
        for i, y in zip(todo, pool.imap(label_one, ((pages[i].texts, pages[i].truth) for i in todo), chunksize=8)):
            cache[keys[i]] = np.array(y, dtype=np.float32)
    pickle.dump(cache, open(path, 'wb'))
    for p, k in zip(pages, keys):
        p.y = cache[k]


def weigh(p, siblings):
    """Weight of each block: long blocks more, each page alike, less where the host has many pages (SIBLINGS)."""
    good = p.y > 0.5
    p.reach = float((p.words * good).sum())
    w = (p.words + 2) ** 0.85
    w = w / (float((w * good).sum()) + 30)
    if w.sum() > 6:
        w *= 6 / w.sum()
    p.weight = w * siblings ** -0.35 * SETS.get(p.set, 1.0) * (1.0 if p.type in (None, 'article') else 0.9)


# ---- token tables ------------------------------------------------------------------------------------------

def token_evidence(pages):
    """(hash, page, good share, bad share) of element tokens and of words, all pages."""
    elements, words = [], []
    for index, p in enumerate(pages):
        good = p.y > 0.5
        mass = (p.words + 1) ** 0.8
        sums = np.zeros((len(p.parent), 2))
        np.add.at(sums, p.element, np.stack([mass * good, mass * ~good], 1))
        for i in range(len(p.parent) - 1, 0, -1):
            sums[p.parent[i]] += sums[i]
        total = np.maximum(sums[0], 1e-9) if len(sums) else np.ones(2)
        owner = np.repeat(np.arange(len(p.parent)), p.token_count)
        keys, inverse = np.unique(p.tokens, return_inverse=True)
        shares = np.stack([np.bincount(inverse, sums[owner, k], len(keys)) / total[k] for k in (0, 1)], 1) if len(keys) else np.zeros((0, 2))
        elements.append((keys, np.full(len(keys), index), np.minimum(1, shares)))
        short = np.repeat((p.words <= 60), p.word_count)
        block = np.repeat(np.arange(len(p.y)), p.word_count)[short]
        pairs = np.unique(np.stack([p.word_hashes[short].astype(np.int64), block], 1), axis=0) if short.any() else np.zeros((0, 2), np.int64)
        keys, inverse = np.unique(pairs[:, 0], return_inverse=True)
        g = good[pairs[:, 1]]
        counts = np.stack([np.bincount(inverse, g, len(keys)), np.bincount(inverse, ~g, len(keys))], 1) if len(keys) else np.zeros((0, 2))
        words.append((keys, np.full(len(keys), index), counts / np.maximum(1, counts.sum(1, keepdims=True))))
    return [tuple(np.concatenate([row[k] for row in rows]) for k in range(3)) for rows in (elements, words)]


def table_of(evidence, pages, mask, domains, prior, floor, clip, limit):
    """Log odds of each token, pages damped by how many their domain has; {hash: weight in 1/32}."""
    groups = {g: i for i, g in enumerate(sorted({p.group for p in pages}))}
    group = np.array([groups[p.group] for p in pages])
    count = np.bincount(group[mask], minlength=len(groups))
    damp = np.maximum(1, count[group]) ** -0.6
    keys, page, shares = evidence
    use = mask[page]
    keys, page, shares = keys[use], page[use], shares[use] * damp[page[use]][:, None]
    hashes, inverse = np.unique(keys, return_inverse=True)
    good, bad = np.bincount(inverse, shares[:, 0]), np.bincount(inverse, shares[:, 1])
    pairs = np.unique(np.stack([inverse, group[page]], 1), axis=0)
    spread = np.bincount(pairs[:, 0], minlength=len(hashes))
    if prior:
        pi = good.sum() / (good.sum() + bad.sum())
        odds = np.log((good + prior * pi) / (bad + prior * (1 - pi))) - np.log(pi / (1 - pi))
    else:
        odds = np.log((good + 0.3) / (bad + 0.3))
    odds = np.clip(odds, -clip, clip)
    keep = np.where((spread >= domains) & (abs(odds) > floor) & (hashes != 0))[0]
    keep = keep[np.argsort(-abs(odds[keep]) * spread[keep] ** 0.5, kind='stable')][:limit]
    return {int(hashes[i]): int(np.clip(round(odds[i] * 32), -127, 127)) for i in keep}


def tables_of(evidence, pages, mask):
    return (table_of(evidence[0], pages, mask, 3, 0, 0.15, 3.9, 4096), table_of(evidence[1], pages, mask, 6, 2, 0.2, 3, 4096))


# ---- the model file ----------------------------------------------------------------------------------------

def write_model(path, digest, tables, stages):
    out = [b'WMAM', struct.pack('<III', MODEL_VERSION, digest, len(tables[0])), struct.pack('<I', len(tables[1]))]
    step = (np.arange(512) + 0.5) / 32 - 8
    out.append(np.round(255 / (1 + np.exp(-step))).astype(np.uint8).tobytes())
    for table in tables:
        out += [struct.pack('<Ib', k, v) for k, v in sorted(table.items())]
    for stage in stages:
        out.append(stage.pack() if stage else struct.pack('<iiii', 0, 1, 0, 0))
    with open(path, 'wb') as f:
        f.write(b''.join(out))


CHECKSUM = 'const uint64_t model_builtin_features = 0x%s;\n'
NO_CHECKSUM = CHECKSUM % ('0' * 16)  # of tables for one run


def checksum(tool, model=None):
    """What the features of the example pages come to with a model: a test compares, so that they do not change without training."""
    tests = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'data', 'site')
    run = [tool] + (['--model', model] if model else []) + ['--checksum'] + sorted(glob.glob(os.path.join(tests, '*', '*.html')))
    return CHECKSUM % subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()


def stamp(path, tool):
    """Only the checksum anew: after a change of the example pages, or of the metadata that features compare with."""
    text = open(path).read()
    with open(path, 'w') as f:
        f.write(text[:text.rindex('const uint64_t')] + checksum(tool))


def write_table(path, model, tool=None):
    data = open(model, 'rb').read()
    with open(path, 'w') as f:
        f.write('/* Generated by extract/train/train.py: do not edit. */\n#include "extract/model.h"\n\nconst unsigned char model_builtin[] = {\n')
        for i in range(0, len(data), 40):
            f.write(','.join(map(str, data[i:i + 40])) + ',\n')
        f.write('};\nconst size_t model_builtin_size = sizeof model_builtin;\n' + (checksum(tool, model) if tool else NO_CHECKSUM))


# ---- training ----------------------------------------------------------------------------------------------

def views_of(tool):
    lines = subprocess.run([tool, '--views'], check=True, capture_output=True, text=True).stdout.split('\n')
    digest, first, second, _ = map(int, lines[0].split())
    views = [(n, int(s), int(c)) for n, s, c in (line.split() for line in lines[1:] if line)]
    return digest, views[:first], views[:second]


def rows_of(p, views):
    n = p.matrix.shape[1]
    x = np.zeros((n, len(views)), np.uint8)
    for k, (_, shift, column) in enumerate(views):
        row = p.matrix[column]
        if shift == 0:
            x[:, k] = row
        elif abs(shift) >= n:
            continue
        elif shift < 0:
            x[-shift:, k] = row[:shift]
        else:
            x[:-shift, k] = row[shift:]
    return x


def sample(p, rng):
    """All blocks near good ones and all long ones, an eighth of the far short ones with eight times the weight."""
    good = p.y > 0.3
    near = np.convolve(good.astype(float), np.ones(25), 'full')[12:12 + len(good)] > 0
    sure = near | (p.words >= 15)
    keep = sure | (rng.random(len(good)) < 0.12)
    return keep, np.where(sure, 1.0, 1 / 0.12)


def fit(pages, views, o, stage, drop=()):
    x, y, w, target = [], [], [], []
    for p in pages:
        if p.reach < 15 or p.scale == 0:
            continue
        keep, factor = p.sample
        x.append(rows_of(p, views)[keep])
        y.append(p.y[keep])
        target.append((1 - SOFT * stage) * (y[-1] > 0.5) + SOFT * stage * p.score[keep])
        w.append((p.weight * factor * p.doubt)[keep] * p.scale)
    report.log('rows', sum(map(len, y)))
    options = (o.trees[stage], o.leaves, o.depth, o.rate[stage], o.regular, o.columns, o.rows, o.least)
    columns = [np.concatenate(rows) for rows in (x, y, target, w)]
    return boost.fit(o.booster, o.work, *columns, options, drop, o.seeds[stage])


JOBS = None


def refresh(o, pages, k, path, digest, tables, stages):
    """Write fold K's model as far as it is trained, and let the C program look at the fold's pages with it."""
    write_model(path, digest, tables, stages)
    dump(o.tool, [p for p in pages if p.fold == k], o.work, path)


def fit_fold(k):
    pages, views, o, stage = JOBS
    return fit([p for p in pages if p.fold != k], views, o, stage)


# groups of features for the ablation: a view belongs to the first group whose pattern its column's name matches
GROUPS = [
    ('class and id tokens', r'token_|inline_|label_token'),
    ('words', r'word_(mean|min|max|sum|first|last)|label_score|refusal'),
    ('like blocks and repeats', r'signature_|same_|repeats|prefix_'),
    ('winning containers', r'in_best|best_|in_mass|mass_|in_article'),
    ('titles, description, authors, site, JSON', r'title_|is_title|description_|body_|author_|site_|headline_'),
    ('ancestors and tags', r'tag_|in_'),
    ('containers', r'parent_|grand_'),
    ('windows and distances', r'near_|wide_|long_'),
    ('labels above, articles and titles before', r'label_|articles_before|titles_before|dates_before'),
    ('page', r'page_'),
    ('position', r'position|depth'),
    ('neighbours (all shifted views)', None),
]


def ablate(o, pages, views, digest, tables):
    """Stage 1 of fold 0 without each group of features in turn; page F of the fold."""
    learn, test = [p for p in pages if p.fold != 0], [p for p in pages if p.fold == 0]
    path = os.path.join(o.work, 'ablate.model')
    owner = {}
    for name, pattern in GROUPS:
        for k, (column, shift, _) in enumerate(views):
            if (pattern and re.match(pattern, column) and k not in owner and not shift) or (not pattern and shift):
                owner[k] = name
    for name in [None] + [name for name, _ in GROUPS]:
        drop = {k for k, group in owner.items() if name and group == name}
        refresh(o, pages, 0, path, digest, tables, [fit(learn, views, o, 0, drop), None])
        for p in test:
            p.score = p.p1 / 255.0
        report.evaluate(test, lambda p: report.choose(p.score, p.words, TAU), 'without %s (%d)' % (name, len(drop)), types=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', nargs='?')
    parser.add_argument('--tool', required=True)
    parser.add_argument('--work')
    parser.add_argument('--out')
    parser.add_argument('--sets', default=','.join(s for s in SETS if s != 'wrapped'))
    parser.add_argument('--trees', type=int, nargs=2, default=(250, 130))
    parser.add_argument('--leaves', type=int, default=24)
    parser.add_argument('--depth', type=int, default=6)
    parser.add_argument('--rate', type=float, nargs=2, default=(0.07, 0.14))
    parser.add_argument('--seeds', type=int, nargs=2, default=(1, 2), help='forests, of TREES in all, that are averaged')
    parser.add_argument('--regular', type=float, default=10, help='L2 regularisation of the leaves (lambda)')
    parser.add_argument('--least', type=float, default=3, help='least weight of a leaf')
    parser.add_argument('--columns', type=float, default=0.25, help='share of the features that a tree sees')
    parser.add_argument('--rows', type=float, default=0.6, help='share of the blocks that a tree sees')
    parser.add_argument('--wrapped', type=int, default=200, help='pages that are also shown as spamming mirrors wrap them')
    parser.add_argument('--jobs', type=int, default=2, help='models trained at once')
    parser.add_argument('--ablate', action='store_true', help='only: stage 1 of fold 0 without each group of features')
    parser.add_argument('--second', action='store_true', help="only stage 2: stage 1 is that of the models in --work (its features unchanged)")
    parser.add_argument('--sites', type=float, default=1, help='share of the sites that the trees learn from (learning curve)')
    parser.add_argument('--no-final', action='store_true')
    parser.add_argument('--stamp', action='store_true', help="only: write the features' checksum into --out again; trains nothing")
    o = parser.parse_args()
    log = report.log
    if o.stamp and o.out:
        return stamp(o.out, o.tool)
    if o.stamp or not o.data or not o.work:
        parser.error('DATA and --work, or --stamp and --out, are needed')
    o.booster = os.path.join(os.path.dirname(o.tool), 'warcmill-boost')
    os.makedirs(o.work, exist_ok=True)
    digest, views1, views2 = views_of(o.tool)
    pages = read_truth(o.data, o.sets.split(','), o.work)
    rng = np.random.default_rng(7)
    add_wrapped(pages, o.work, o.wrapped, rng)
    dump(o.tool, pages, o.work)
    label(pages, o.work)
    siblings = collections.Counter(p.group for p in pages)
    lot = dict(zip(sorted(siblings), np.random.default_rng(5).random(len(siblings))))
    for p in pages:
        p.scale, p.doubt, p.score = float(lot[p.group] < o.sites), 1.0, np.zeros(len(p.y))
        weigh(p, siblings[p.group])
        p.sample = sample(p, rng)
    log('pages', len(pages), 'blocks', sum(len(p.y) for p in pages), 'views', len(views1), len(views2))
    report.evaluate(pages, lambda p: p.y > 0.5, 'best possible choice of blocks')
    fold = np.array([p.fold for p in pages])
    evidence = token_evidence(pages)
    tables = [tables_of(evidence, pages, fold != k) for k in range(FOLDS)] + [tables_of(evidence, pages, fold >= 0)]
    log('tables', *[(len(a), len(b)) for a, b in tables])
    stages = [[None, None] for _ in range(FOLDS + 1)]
    names = [os.path.join(o.work, 'fold-%d.model' % k) for k in range(FOLDS)] + [os.path.join(o.work, 'final.model')]
    if not o.second:
        for k in range(FOLDS):
            refresh(o, pages, k, names[k], digest, tables[k], stages[k])
    if o.ablate:
        return ablate(o, pages, views1, digest, tables[0])
    for stage, views in ((0, views1), (1, views2)):
        global JOBS
        JOBS = pages, views, o, stage
        if stage == 0 and o.second:
            stages = [[boost.read_stage(name), None] for name in names]
        with multiprocessing.Pool(o.jobs) as pool:
            for k, fitted in enumerate(pool.imap(fit_fold, range(0 if stage == 0 and o.second else FOLDS if o.no_final else FOLDS + 1))):
                stages[k][stage] = fitted
                log('stage', stage + 1, 'fold' if k < FOLDS else 'final', k, fitted.describe())
        for k in range(FOLDS):
            refresh(o, pages, k, names[k], digest, tables[k], stages[k])
        for p in pages:
            p.score = (p.p2 if stage else p.p1) / 255.0
        report.evaluate(pages, lambda p: report.choose(p.score, p.words, TAU), 'stage %d' % (stage + 1), types=True)
        if stage == 0:
            report.clean(pages)
            for p in pages:  # stage 2 learns where stage 1 leaves doubt
                keep, factor = p.sample
                far = (p.score < 0.03) & (p.y < 0.3)
                some = rng.random(len(far)) < 0.15
                p.sample = keep & (~far | some), factor * np.where(far, 1 / 0.15, 1.0)
                p.doubt = (0.5 + 4 * p.score * (1 - p.score)) * p.mask
    pickle.dump([(p.set, p.id, p.fold, p.score, p.y, p.words, p.texts) for p in pages], open(os.path.join(o.work, 'cv.pickle'), 'wb'))
    if not o.no_final:
        write_model(names[FOLDS], digest, tables[FOLDS], stages[FOLDS])
        if o.out:
            write_table(o.out, names[FOLDS], o.tool)
            log('wrote', o.out, os.path.getsize(names[FOLDS]), 'bytes of model')


if __name__ == '__main__':
    main()
