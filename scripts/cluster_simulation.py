#!/usr/bin/env python3
"""A run in many small shards of invented pages, at two sizes: do formulas and constants a page say what each stage leaves?

usage: cluster_simulation.py PROGRAM [--shards A,B] [--partitions A,B] [--pages N] [--part-bytes N] [--work DIR]

Each shard is one archive of N pages (200), each unit of each stage one process. Of 100 pages 60 are stories of their own, 30 exact and
10 near copies of those, shuffled over all shards; lengths are log-normal. What is computed ahead is held against what is there at
both sizes; what depends on texts is measured a page at the smaller size (or a part, a partition) and held against the larger. Ends
with 1 when anything is off by more than 5 %.

The table: for each kind of file how many and how many bytes there are at the larger size, and what was foretold."""
import argparse
import bisect
import collections
import gzip
import itertools
import json
import math
import pathlib
import random
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile

HEAD = 88  # bytes before the payload of a stage file
MARK = 16 + 8 * 320  # of a file of keys or pairs: its length, and hashes of its head and of its bins
RUN_HEAD = 16 + 8 * 321  # of a run file: where its bins are
PAIRS_HEAD = 40
DONE = len("done\n")
TOLERANCE = 5.0

# stage, files, units of the stage, bytes of each file, then bytes of each of so many things; None: measured at the smaller size.
KINDS = [
    ("extract", r"spool-\d+", "shards", 0, None, "pages"),
    ("extract", r"extract-\d+", "shards", HEAD + DONE, 0, "pages"),
    ("digests", r"digests-\d+", "shards", HEAD, 40, "inputs"),
    ("hosts", r"hosts", "run", HEAD, None, "pages"),
    ("df", r"df", "run", HEAD + 32, 0, "pages"),
    ("sign", r"signatures-\d+", "shards", HEAD, 416, "pages"),
    ("sign", r"infos-\d+", "shards", HEAD, 104, "pages"),
    ("sign", r"exact-\d+", "shards", HEAD, 16, "pages"),
    ("sign", r"urls-\d+", "shards", HEAD, None, "pages"),
    ("sign", r"sign-\d+", "shards", HEAD + DONE, 0, "pages"),
    ("keys", r"keys-\d+\.run", "shards", RUN_HEAD, 160, "texts"),
    ("keys", r"keys-\d+", "shards", HEAD + MARK, 0, "pages"),
    ("match", r"match-\d+\.pairs", "partitions", PAIRS_HEAD, 24, "pairs"),
    ("match", r"match-\d+", "partitions", HEAD + MARK, 0, "pages"),
    ("cluster", r"fates", "run", HEAD + 96, None, "pages"),
    ("emit", r"(documents|duplicates|rejected)/part-\d+\..*", None, 0, None, "pages"),
    ("emit", r"emit-\d+", "parts", HEAD, None, "parts"),
]
STAGES = ["extract", "digests", "hosts", "df", "sign", "keys", "match", "cluster", "emit"]

# ---- Pages -------------------------------------------------------------------------------------------------------------------

STORIES, EXACT, NEAR = 60, [8, 5, 4, 2, 2, 2] + 7 * [1], [4, 2] + 4 * [1]  # copies of the first stories, of 60
SYLLABLES = ["ta", "lo", "mir", "ken", "sa", "dur", "vel", "no", "pri", "gan", "bes", "ul", "cor", "fe", "ny", "tho"]
WORDS = ["".join(parts) for size in (1, 2, 3, 4) for parts in itertools.product(SYLLABLES, repeat=size)][:20000]
WEIGHTS = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(WORDS))))
LENGTHS = [round(math.exp(statistics.NormalDist(math.log(320), .6).inv_cdf((i + .5) / STORIES))) for i in range(STORIES)]


def words_of(dice, count):
    return [WORDS[bisect.bisect(WEIGHTS, dice.random() * WEIGHTS[-1])] for _ in range(count)]


def text_of(story, variant):
    """Words of a story; a near copy has others in some places."""
    words = words_of(random.Random(story), LENGTHS[(story * 37 + story // STORIES * 7) % STORIES])
    if variant:
        dice = random.Random(f"{story} {variant}")
        for at in range(variant, len(words), 40):
            words[at] = words_of(dice, 1)[0]
    return words


def html_of(number, story, variant):
    words, host = text_of(story, variant), number // 50
    paragraphs = "".join(f"<p>{' '.join(words[at:at + 50]).capitalize()}.</p>\n" for at in range(0, len(words), 50))
    also = " ".join(words_of(random.Random(f"host {host}"), 30))
    links = "".join(f'<li><a href="/{i}">{WORDS[300 + i]}</a></li>' for i in range(12))
    return (f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{' '.join(words[:6])}</title></head><body><nav><ul>{links}</ul></nav>"
            f"<article><h1>{' '.join(words[:6])}</h1>\n{paragraphs}<p>{also.capitalize()}.</p></article><footer>{WORDS[host % 200]}</footer></body></html>\n")


def record(address, kind, status, body):
    body = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n".encode() + body
    head = (f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {address}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(body)}\r\n\r\n")
    return gzip.compress(head.encode() + body + b"\r\n\r\n", compresslevel=1, mtime=0)


def all_pages(count):
    """(story, variant) of COUNT pages, a multiple of 100."""
    pages = []
    for first in range(0, count // 100 * STORIES, STORIES):
        pages += [(first + i, 0) for i in range(STORIES)]
        pages += [(first + i, 0) for i, copies in enumerate(EXACT) for _ in range(copies)]
        pages += [(first + 20 + i, 1 + variant) for i, copies in enumerate(NEAR) for variant in range(copies)]
    random.Random(count).shuffle(pages)
    return pages


def write_archives(folder, shards, pages_each):
    folder.mkdir(parents=True)
    pages = all_pages(shards * pages_each)
    for shard in range(shards):
        with (folder / f"crawl-{shard:05}.warc.gz").open("wb") as out:
            for number in range(shard * pages_each, (shard + 1) * pages_each):
                address = f"http://site{number // 50:05}.example/{number:08}"
                out.write(record(address, "text/html", "200 OK", html_of(number, *pages[number]).encode()))
                if number % 5 == 0:
                    out.write(record(address + ".png", "image/png", "200 OK", random.Random(number).randbytes(500)))
                if number % 20 == 0:
                    out.write(record(address + "x", "text/html", "404 Not Found", b"<p>nothing</p>"))


# ---- A run ---------------------------------------------------------------------------------------------------------------------


def warcmill(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def units_of(program, corpus):
    lines = (line.split("\t") for line in warcmill(program, "run", "status", "--plan", corpus).splitlines())
    return {line[0].strip(): line[2] for line in lines if len(line) > 2}


def run_stages(program, corpus):
    for stage in STAGES:
        units = int(units_of(program, corpus)[stage])
        for unit in range(units):
            warcmill(program, "run", stage, "--plan", corpus, "--shard", f"{unit}/{units}", "-j", 1, "--quiet")


def count_files(corpus):
    """files and bytes of each kind, and those that no kind is for."""
    found, strange = collections.defaultdict(lambda: [0, 0]), []
    for path in corpus.rglob("*"):
        name = str(path.relative_to(corpus)).removeprefix(".work/")
        if not path.is_file() or re.fullmatch(r"plan\.json|df\.table|lock|extract-\d+\.lock", name):
            continue
        kinds = [kind for _, kind, *_ in KINDS if re.fullmatch(kind, name)]
        if not kinds:
            strange.append(name)
        for kind in kinds:
            found[kind][0] += 1
            found[kind][1] += path.stat().st_size
    return found, strange


def different_texts(work):
    texts = set()
    for path in work.glob("exact-*"):
        payload = path.read_bytes()[HEAD:]
        texts.update(payload[at:at + 16] for at in range(0, len(payload), 16))
    return len(texts - {bytes(16)})


def accepted_pairs(work):
    """How many there are in all partitions, and which."""
    count, pairs = 0, set()
    for path in work.glob("match-*.pairs"):
        payload = path.read_bytes()[PAIRS_HEAD:]
        count += len(payload) // 24
        pairs.update(struct.unpack_from("II", payload, at) for at in range(0, len(payload), 24))
    return count, pairs


def bins_of(work, pairs):
    """The bins in which the texts of each pair meet."""
    keys = collections.defaultdict(set)
    wanted = set(itertools.chain(*pairs))
    for path in work.glob("keys-*.run"):
        run = path.read_bytes()
        starts = struct.unpack_from("321Q", run, 16)
        words = struct.unpack_from(f"{starts[-1]}Q", run, RUN_HEAD)
        for at, word in enumerate(words):
            if word & 0xFFFFFFFF in wanted:
                keys[word & 0xFFFFFFFF].add((bisect.bisect(starts, at) - 1, word >> 32))
    return [{bin for bin, _ in keys[a] & keys[b]} for a, b in pairs]


def found_in(bins, partitions):
    """A pair is found once in each partition that has a bin of its."""
    firsts = [320 * partition // partitions for partition in range(partitions)]
    return sum(len({bisect.bisect(firsts, bin) for bin in each}) for each in bins)


def simulate(program, folder, shards, partitions, pages_each, part_bytes):
    write_archives(folder / "in", shards, pages_each)
    corpus = folder / "corpus"
    warcmill(program, "run", "plan", folder / "in", "-o", corpus, "--shards", shards, "--partitions", partitions, "--max-part-bytes", part_bytes)
    run_stages(program, corpus)
    files, strange = count_files(corpus)
    units = units_of(program, corpus)
    counts = {"shards": int(units["extract"]), "partitions": int(units["match"]), "parts": int(units["emit"]), "run": 1, "inputs": shards,
              "pages": (files[r"signatures-\d+"][1] - HEAD * int(units["extract"])) // 416, "texts": different_texts(corpus / ".work"), 
              "table": (corpus / ".work/df.table").stat().st_size}
    counts["pairs"], pairs = accepted_pairs(corpus / ".work")
    counts["different pairs"] = len(pairs)
    bins = bins_of(corpus / ".work", pairs)
    warcmill(program, "run", "finish", "--plan", corpus, "--quiet")
    manifest = json.loads((corpus / "manifest.json").read_text())
    counts |= {kind: manifest["counters"][kind] for kind in ("documents", "duplicates", "records")}
    if strange:
        sys.exit(f"files of no stage: {strange[:5]}")
    return counts, files, bins


# ---- What was foretold ---------------------------------------------------------------------------------------------------------------


class Table:
    def __init__(self):
        self.bad = False

    def row(self, stage, what, foretold, there, how):
        off = 100 * (there - foretold) / foretold if foretold else (100. if there else 0.)
        self.bad = self.bad or abs(off) > TOLERANCE
        print(f"{stage:8} {what:34} {foretold:14,.0f} {there:14,.0f} {off:+7.2f} %  {how}")


def foretell(table, small, large):
    (counts, files, _), (more, many, _) = small, large
    for stage, kind, units, head, each, of in KINDS:
        n, there = files[kind]
        how = f"{head:,} a file" + (f", {each} of the {of}" if each else "")
        if each is None:  # what a thing takes follows from the smaller size
            each = (there - head * n) / counts[of]
            how = f"{each:,.1f} of the {of}, measured" + (f"; {head} a file" if head else "")
        else:
            if abs(there - head * n - each * counts[of]) > TOLERANCE / 100 * there:
                table.row(stage, f"{kind}: bytes, smaller size", head * n + each * counts[of], there, how)
        expected = more[units] if units else n / counts["pages"] * more["pages"]
        table.row(stage, f"{kind}: files", expected, many[kind][0], f"of the {units}" if units else "a page, measured")
        table.row(stage, f"{kind}: bytes", head * expected + each * more[of], many[kind][1], how)


def foretell_counts(table, small, large, pages_each, shards):
    counts, more = small[0], large[0]
    pages = pages_each * shards
    table.row("extract", "pages", pages, more["pages"], "as generated")
    table.row("sign", "different texts", .7 * pages, more["texts"], "as generated, 70 of 100")
    table.row("match", "different pairs", counts["different pairs"] / counts["pages"] * more["pages"], more["different pairs"], "a page, measured")
    foretold = found_in(small[2], more["partitions"]) / counts["pages"] * more["pages"]
    table.row("match", "pairs of all partitions", foretold, more["pairs"], "of bins of keys that texts share, measured")
    if found_in(small[2], counts["partitions"]) != counts["pairs"]:
        table.row("match", "pairs, smaller size", found_in(small[2], counts["partitions"]), counts["pairs"], "of bins")
    table.row("cluster", "documents", .6 * pages, more["documents"], "as generated, 60 of 100")
    table.row("cluster", "duplicates", .4 * pages, more["duplicates"], "as generated, 40 of 100")
    table.row("emit", "parts", counts["parts"] / counts["pages"] * more["pages"], more["parts"], "a page, measured")


def main():
    def two(text):
        return [int(number) for number in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--shards", type=two, default=[20, 160], help="at the two sizes (20,160)")
    parser.add_argument("--partitions", type=two, default=[10, 40], help="at the two sizes (10,40)")
    parser.add_argument("--pages", type=int, default=200, help="a shard (200); shards times this is a multiple of 100")
    parser.add_argument("--part-bytes", default="200K", help="of a part (200K); there should be many parts at both sizes")
    parser.add_argument("--work", type=pathlib.Path, help="an empty folder (a temporary one)")
    given = parser.parse_args()
    if any(shards * given.pages % 100 for shards in given.shards):
        parser.error("shards times pages is not a multiple of 100")
    work = given.work or pathlib.Path(tempfile.mkdtemp(prefix="warcmill-simulation-"))
    try:
        sizes = [simulate(given.program.resolve(), work / str(i), given.shards[i], given.partitions[i], given.pages, given.part_bytes) for i in range(2)]
        for counts, _, _ in sizes:
            print(", ".join(f"{value:,} {name}" for name, value in counts.items() if name not in ("run", "table")) + f"; df table {counts['table']:,} bytes")
        print(f"\n{'stage':8} {'what':34} {'foretold':>14} {'there':>14} {'off':>9}")
        table = Table()
        foretell(table, *sizes)
        foretell_counts(table, *sizes, given.pages, given.shards[1])
        return table.bad
    finally:
        if not given.work:
            shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
