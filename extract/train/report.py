"""report: scores of predictions while training. The same measures as the project's bench: 4-word shingles (5 characters where words are
not spaced) and bags of words."""
import collections
import re
import time

import numpy as np

START = time.time()
WORD = re.compile(r'\w+')
UNSPACED = {'zh', 'ja', 'ko', 'th'}


def log(*parts):
    print('[%4.0fs]' % (time.time() - START), *parts, flush=True)


def shingles(text):
    words = WORD.findall(text)
    return collections.Counter(tuple(words[i:i + 4]) for i in range(max(1, len(words) - 3)) if words)


def rates(truth, text):
    a, b = shingles(truth), shingles(text)
    both = sum((a & b).values())
    return both, sum(b.values()) - both, sum(a.values()) - both


def precision_recall(rows):
    """Precision and recall averaged over pages, as the well-known benchmark does."""
    p = np.mean([1.0 if fp == fn == 0 else tp / (tp + fp) if tp else 0.0 for tp, fp, fn in rows if tp + fp])
    r = np.mean([1.0 if fp == fn == 0 else tp / (tp + fn) if tp else 0.0 for tp, fp, fn in rows if tp + fn])
    return 2 * p * r / (p + r) if p + r else 0.0, p, r


def bag(truth, text, split):
    a, b = collections.Counter(split(text.lower())), collections.Counter(split(truth.lower()))
    if not a or not b:
        return float(not a and not b)
    return 2 * sum((a & b).values()) / (sum(a.values()) + sum(b.values()))


def fives(text):
    flat = re.sub(r'\W+', '', text)
    return [flat[i:i + 5] for i in range(max(1, len(flat) - 4)) if flat]


def choose(score, words, tau):
    """article_decide's per-page threshold."""
    p = np.round(score * 255).astype(np.int64)
    w = 3 * np.round(words).astype(np.int64) + 1
    order = np.argsort(-p, kind='stable')
    taken, good, total = np.cumsum(w[order]), np.cumsum((w * p)[order]), (w * p).sum()
    f = good / np.maximum(1, 255 * taken + total)
    best = p[order[int(f.argmax())]] if len(p) else 128
    sel = p >= min(max(best, tau[0]), tau[1])
    if words[sel].sum() < 25:
        alt = interval(p, words)
        if words[alt].sum() > words[sel].sum():
            return alt
    return sel


def interval(p, words):
    best = total = 0.0
    start = low = high = 0
    for i, v in enumerate((2 * np.round(words) + 1) * (p - 51)):
        if total <= 0:
            total, start = 0.0, i
        total += v
        if total > best:
            best, low, high = total, start, i + 1
    out = np.zeros(len(p), bool)
    out[low:high] = True
    return out & (p > 30)


def page_text(p, selected):
    return '\n'.join(t for t, s in zip(p.texts, selected) if s)


def evaluate(pages, pick, tag, types=False):
    sets, bags, langs = (collections.defaultdict(list) for _ in range(3))
    for p in pages:
        text = page_text(p, pick(p))
        p.counts = rates(p.truth, text)
        tp, fp, fn = p.counts
        p.f = bag(p.truth, text, fives) if p.lang in UNSPACED else 2 * tp / max(1, 2 * tp + fp + fn)
        sets[p.set].append(p)
        if p.set == 'daniel':
            langs[p.lang].append(p.f)
        if p.set == 'wcxb-dev':
            bags[p.type].append(bag(p.truth, text, WORD.findall))
    parts = []
    for name, rows in sets.items():
        spread = [precision_recall([p.counts for p in rows if p.fold == k])[0] for k in sorted({p.fold for p in rows})]
        parts.append('%s %.4f (P %.4f R %.4f; %s) pageF %.4f' % (name[:9], *precision_recall([p.counts for p in rows]), '/'.join('%.3f' % f for f in spread), np.mean([p.f for p in rows])))
    log('%-28s' % tag, ' | '.join(parts))
    if types and bags:
        log('    word F', ' '.join('%s %.3f' % (k, np.mean(v)) for k, v in sorted(bags.items())), 'all %.4f' % np.mean([x for v in bags.values() for x in v]), 'mean of types %.4f' % np.mean([np.mean(v) for v in bags.values()]))
    if types and langs:
        log('    daniel', ' '.join('%s %.3f' % (k, np.mean(v)) for k, v in sorted(langs.items())))


def clean(pages):
    """Bad truths, by a model that never saw the page. Where its sure selection is more than the truth and covers it, the truth was cut short
    (paid articles, first pages of several) or another article follows: what it holds likely after the truth's end has next to no weight
    (mask), as it would teach that good text is bad. Where it hardly meets the truth, the page weighs a tenth."""
    cut = wrong = 0
    for p in pages:
        p.mask = np.ones(len(p.y))
        good, sure = p.y > 0.5, p.score > 0.6
        if not p.scale or p.type not in (None, 'article') or not good.any():
            continue
        chosen, right = p.words[sure].sum(), p.words[sure & good].sum()
        if chosen > 1.5 * max(p.reach, 1) and right > 0.7 * p.reach:
            after = np.arange(len(good)) > np.where(good)[0][-1]
            p.mask[after & (p.score > 0.3)] = 0.05
            cut += 1
        elif right < 0.25 * p.reach and chosen > 60:
            p.scale = 0.1
            wrong += 1
    log('truths cut short: %d, wrong: %d' % (cut, wrong))
