#!/usr/bin/python3
"""What host evidence gains in `warcmill build`: a set's pages as an archive, built with and without it, both scored.

usage: host_evidence.py SET --tool BUILD/warcmill --work DIR [--min-pages N]
       host_evidence.py SET --models TRAINED --work DIR [--min-pages N]

SET holds truth.jsonl (id, url, text) and html/ID.html. A page's host is its address', else the part between underscores of its id;
hosts with fewer than N pages (5) are left out, since nothing recurs there. With --models each page is read by a program that never saw its
domain: TRAINED is the work folder of extract/train/train.py, and a program is built of this tree with each of its fold-K.model. Pages that are documents of both corpora are scored by 4-word
shingles and by words, precision and recall averaged over pages, and so are those alone whose text host evidence changed."""
import argparse
import collections
import gzip
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent

WORD = re.compile(r"\w+")


def host_of(page):
    if page.get("url"):
        return urllib.parse.urlsplit(page["url"]).hostname
    parts = page["id"].split("_")
    return parts[1] if len(parts) > 2 and "." in parts[1] else None


def record(address, html):
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + html
    head = (f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {address}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(body)}\r\n\r\n")
    return gzip.compress(head.encode() + body + b"\r\n\r\n", mtime=0)


def build(tool, archive, folder, *options):
    subprocess.run(["rm", "-rf", folder], check=True)
    subprocess.run([tool, "build", archive, "-o", folder, "--quiet", "--format", "jsonl", "--compress", "none", *options], check=True)
    return {row["metadata"]["url"]: row for part in sorted(folder.glob("documents/*.jsonl")) for row in map(json.loads, part.open(encoding="utf-8"))}


def shingles(text, n):
    words = WORD.findall(text if n > 1 else text.lower())
    return collections.Counter(tuple(words[i:i + n]) for i in range(max(1, len(words) - n + 1)) if words[i:i + n])


def score(pairs, n):
    precisions, recalls = [], []
    for truth, text in pairs:
        a, b = shingles(truth, n), shingles(text, n)
        shared = sum((a & b).values())
        precisions.append(shared / sum(b.values()) if b else 0.)
        recalls.append(shared / sum(a.values()) if a else 0.)
    precision, recall = statistics.mean(precisions), statistics.mean(recalls)
    return f"{2 * precision * recall / (precision + recall or 1):.3f} ({precision:.3f}, {recall:.3f})"


def show(name, addresses, truth, corpora):
    if not addresses:
        return
    for label, rows in corpora:
        pairs = [(truth[a], rows[a]["text"]) for a in addresses]
        print(f"{name}, {len(addresses)} pages, {label}: shingles {score(pairs, 4)}, words {score(pairs, 1)}")


def held_out_programs(models, work):
    """A program for each fold, of a copy of this tree whose tables are that fold's model; those of an earlier call are used again."""
    import train
    tree, programs = work / "tree", [work / f"warcmill-{fold}" for fold in range(train.FOLDS)]
    if all(program.exists() for program in programs):
        return programs
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns("build", ".git"))
    subprocess.run(["cmake", "-S", tree, "-B", work / "programs", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"], check=True, stdout=subprocess.DEVNULL)
    for fold, program in enumerate(programs):
        train.write_table(tree / "extract" / "model_tables.c", models / f"fold-{fold}.model")
        subprocess.run(["ninja", "-C", work / "programs", "warcmill"], check=True, stdout=subprocess.DEVNULL)
        shutil.copy(work / "programs" / "warcmill", program)
    return programs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=pathlib.Path)
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--tool")
    chosen.add_argument("--models", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--min-pages", type=int, default=5)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    programs, fold_of = [given.tool], lambda row: 0
    if given.models:
        sys.path.insert(0, str(ROOT / "extract" / "train"))
        import train
        programs, fold_of = held_out_programs(given.models, given.work), lambda row: train.fold_of(train.group_of(row, given.set.name))
    hosts, truth = collections.defaultdict(list), {}
    for line in (given.set / "truth.jsonl").open(encoding="utf-8"):
        page = json.loads(line)
        if page.get("text") and host_of(page):
            hosts[host_of(page)].append(page)
    archives = [given.work / f"set-{number}.warc.gz" for number in range(len(programs))]
    outputs = [archive.open("wb") for archive in archives]
    for host, pages in sorted(hosts.items()):
        for number, page in enumerate(pages if len(pages) >= given.min_pages else []):
            address = f"http://{host}/{number}"
            truth[address] = page["text"]
            outputs[fold_of(page)].write(record(address, (given.set / "html" / (page["id"] + ".html")).read_bytes()))
    without, both = {}, {}
    for program, archive, out in zip(programs, archives, outputs):
        out.close()
        without.update(build(program, archive, given.work / "without", "--keep-all", "--no-host-evidence"))
        both.update(build(program, archive, given.work / "with", "--keep-all"))
    common = sorted(truth.keys() & without.keys() & both.keys())
    print(f"{len(truth)} pages of {sum(len(p) >= given.min_pages for p in hosts.values())} hosts; documents: {len(without)} without, {len(both)} with host evidence")
    corpora = [("without", without), ("with", both)]
    show("all", common, truth, corpora)
    show("changed", [a for a in common if without[a]["text"] != both[a]["text"]], truth, corpora)


if __name__ == "__main__":
    main()
