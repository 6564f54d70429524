"""align: which blocks of a page are in the true body.

The truth is one text, the page a list of blocks; neither marks where the other begins. Each block proposes places in the truth where
its word triples stand; the chain of proposals that runs forward through the truth and covers most words wins (a Fenwick tree of
running maxima). A block's label is the share of its words that its place covers. Short blocks count only where they meet line
boundaries of the truth, since "Share" stands in many a sentence."""
import collections
import re

CJK = '\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff'
TOKEN = re.compile('[%s]|[^\\W%s]+' % (CJK, CJK))


def tokens(text):
    return TOKEN.findall(text.lower())


class Chain:
    """Prefix maxima over positions of the truth: value and the node that reached it."""

    def __init__(self, size):
        self.best = [(0.0, -1)] * (size + 2)

    def put(self, at, value):
        at += 1
        while at < len(self.best):
            if self.best[at][0] < value[0]:
                self.best[at] = value
            at += at & -at

    def get(self, at):
        top, at = (0.0, -1), at + 1
        while at > 0:
            if self.best[at][0] > top[0]:
                top = self.best[at]
            at -= at & -at
        return top


def proposals(block, places, singles, truth):
    """(start, end, words covered) of the likeliest places of a block in the truth."""
    n = len(block)
    if n < 3:
        return [(p, p + n, n) for p in singles.get(block[0], ())[:40] if truth[p:p + n] == block]
    hits = [places.get((block[k], block[k + 1], block[k + 2]), ())[:12] for k in range(n - 2)]
    votes = collections.Counter((p - k) // 6 for k, found in enumerate(hits) for p in found)
    out = {}
    for bucket, _ in votes.most_common(6):
        low, high = bucket * 6 - 8, bucket * 6 + 14 + n // 8
        covered, start, end = set(), 1 << 30, -1
        for k, found in enumerate(hits):
            for p in found:
                if low <= p - k < high:
                    covered.update((k, k + 1, k + 2))
                    start, end = min(start, p), max(end, p + 3)
                    break
        if covered:
            out.setdefault((start, end), len(covered))
    return [(start, end, count) for (start, end), count in out.items()]


def labels(texts, body):
    """Share of each block's words that belong to BODY, 0..1."""
    truth, edges = [], set()
    for line in body.split('\n'):
        words = tokens(line)
        if words:
            edges.add(len(truth))
            truth += words
            edges.add(len(truth))
    places, singles = collections.defaultdict(list), collections.defaultdict(list)
    for i in range(len(truth) - 2):
        places[truth[i], truth[i + 1], truth[i + 2]].append(i)
    for i, word in enumerate(truth):
        singles[word].append(i)
    chain, nodes = Chain(len(truth)), []
    for index, text in enumerate(texts):
        block = tokens(text)
        n, found = len(block), []
        if not n:
            continue
        for start, end, count in proposals(block, places, singles, truth):
            if count < 0.3 * n and count < 15:
                continue
            value = float(count)
            if n <= 12:
                at_edges = (start in edges) + (end in edges)
                if n < 3 and at_edges < 1:
                    continue
                value *= (0.15, 0.6, 1.0)[at_edges] * (0.3 if n < 3 and at_edges < 2 else 1.0)
            before = chain.get(max(0, start + min(2, n // 4)))
            found.append((before[0] + value, end, len(nodes)))
            nodes.append((index, count / n, before[1]))
        for value, end, node in found:
            chain.put(end, (value, node))
    out = [0.0] * len(texts)
    at = chain.get(len(truth))[1]
    while at >= 0:
        index, share, at = nodes[at][0], nodes[at][1], nodes[at][2]
        out[index] = max(out[index], share)
    return out
