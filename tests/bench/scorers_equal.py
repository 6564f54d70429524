#!/usr/bin/env python3
"""Hold warcmill-bench's scorers against reference scorers written in Python, to four decimals.

usage: scorers_equal.py WARCMILL_BENCH SHARED

SHARED/tools holds the reference scorers, SHARED/data the sets. Exits with 77 (skipped) where they are not. Results are made
from each set's truth by a seeded hand: paragraphs dropped, doubled and foreign, letters upper-cased, fields wrong or missing.
"""
import json
import lzma
import os
import random
import re
import subprocess
import sys
import tarfile
import tempfile

PAGES = 100
ROUGE_PAGES = 12


def numbers(text, names):
    """All numbers of the lines that start with one of NAMES, by line."""
    found = {}
    for line in text.splitlines():
        for name in names:
            if line.startswith(name):
                found[name] = re.findall(r"\d+(?:\.\d+)?", line[len(name):])
    return found


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def mangle(text, dice, foreign):
    parts = [p for p in text.split("\n") if dice.random() > 0.1]
    for _ in range(dice.randrange(3)):
        parts.insert(dice.randrange(len(parts) + 1), foreign[:dice.randrange(1, 400)])
    if parts and dice.random() < 0.5:
        parts.append(parts[dice.randrange(len(parts))])
    return "\n".join(p.upper() if dice.random() < 0.15 else p.title() if dice.random() < 0.1 else p for p in parts)


def make_result(row, dice, foreign):
    if dice.random() < 0.03:
        return None
    result = {"id": row["id"], "text": mangle(row.get("text") or "", dice, foreign) if dice.random() > 0.03 else ""}
    for key in ("title", "author", "date"):
        value = row.get(key)
        choice = dice.random()
        if not value or value != value or choice < 0.2:
            continue
        if choice < 0.4:
            value = "Nobody of Nowhere"
        elif key == "author" and choice < 0.7 and isinstance(value, list):
            value = "; ".join(value)
        elif key == "title" and choice < 0.7:
            value = value.upper() + " !"
        result[key] = value
    return result


def check(program, tool, folder, results, rouge):
    names = ["shingle4", "wordF1(macro)", "char5", "snippet", "rougeLsum", "title", "author", "date"]
    options = ["--rouge"] if rouge else []
    ours = numbers(run(program, "extraction", folder, results, *options), names)
    theirs = numbers(run(sys.executable, tool, folder, results, *options), names)
    if ours != theirs:
        sys.exit(f"{folder}: differ\n  reference {theirs}\n  here      {ours}")
    if rouge and "rougeLsum" not in ours and "shingle4" in ours:
        sys.exit(f"{folder}: no ROUGE")


def check_public(program, tool, folder, rows, made):
    """The same truth and results in the layout of the public benchmark give the same figures of the body."""
    names = ["shingle4", "wordF1(macro)", "char5"]
    public = folder + "-public"
    os.makedirs(public)
    with open(os.path.join(public, "ground-truth.json"), "w", encoding="utf8") as out:
        json.dump({r["id"]: {"articleBody": r.get("text"), "url": r.get("url")} for r in rows}, out)
    with open(os.path.join(public, "found.json"), "w", encoding="utf8") as out:
        json.dump({m["id"]: {"articleBody": m["text"]} for m in made}, out)
    ours = numbers(run(program, "extraction", public, os.path.join(public, "found.json")), names)
    theirs = numbers(run(sys.executable, tool, folder, os.path.join(folder, "made.json")), names)
    if ours != theirs:
        sys.exit(f"{public}: differ\n  reference {theirs}\n  here      {ours}")


def check_set(program, shared, archive, work):
    with tarfile.open(archive) as tar:
        member = next(m for m in tar if m.name.endswith("truth.jsonl"))
        rows = [json.loads(line) for line in tar.extractfile(member)]
    dice = random.Random(os.path.basename(archive))
    dice.shuffle(rows)
    foreign = next((r["text"] for r in rows if r.get("text")), "a few foreign words that stand nowhere else")
    for size, rouge in ((PAGES, False), (ROUGE_PAGES, True)):
        part = [r for r in rows if len(r.get("text") or "") < 8000][:size] if rouge else rows[:size]
        folder = os.path.join(work, f"{os.path.basename(archive)}-{size}")
        os.makedirs(folder)
        made = [m for m in (make_result(r, dice, foreign) for r in part) if m]
        with open(os.path.join(folder, "truth.jsonl"), "w", encoding="utf8") as out:
            out.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in part)
        with open(os.path.join(folder, "made.jsonl"), "w", encoding="utf8") as out:
            out.writelines(json.dumps(m, ensure_ascii=False) + "\n" for m in made)
        with open(os.path.join(folder, "made.json"), "w", encoding="utf8") as out:
            json.dump({m["id"]: m["text"] for m in made}, out)
        tool = os.path.join(shared, "tools", "score_extraction.py")
        for name in ("made.jsonl",) if rouge else ("made.jsonl", "made.json"):
            check(program, tool, folder, os.path.join(folder, name), rouge and any(r.get("text") for r in part))
        if not rouge:
            check_public(program, tool, folder, part, made)


def check_dedup(program, shared, work):
    rows = []
    with lzma.open(os.path.join(shared, "data", "dedup", "synd_tune.jsonl.xz"), "rt", encoding="utf8") as source:
        for line in source:
            row = json.loads(line)
            rows.append({k: row[k] for k in ("id", "cluster", "cls")})
    dice = random.Random("dedup")
    truth, clusters = os.path.join(work, "truth.jsonl"), os.path.join(work, "clusters.tsv")
    with open(truth, "w", encoding="utf8") as out:
        out.writelines(json.dumps(r) + "\n" for r in rows)
    with open(clusters, "w", encoding="utf8") as out:
        for row in rows:
            if dice.random() < 0.02:
                continue
            found = row["cluster"] if dice.random() > 0.1 else dice.randrange(500)
            out.write(f"{row['id']}\tc{found}\n")
        out.write("stranger\tc0\n")
    names = ["documents", "  recall", "pair precision"]
    tool = os.path.join(shared, "tools", "score_dedup.py")
    theirs = [line for line in run(sys.executable, tool, truth, clusters).splitlines()]
    ours = run(program, "dedup", truth, clusters).splitlines()
    for line in theirs:
        if line not in ours:
            sys.exit(f"dedup: the line '{line}' is not among\n" + "\n".join(ours))
    if not any(line.startswith(n) for n in names for line in theirs):
        sys.exit("dedup: the reference printed nothing known")


def main():
    program, shared = sys.argv[1:3]
    if not os.path.isdir(os.path.join(shared, "tools")):
        print(f"skipped: no reference scorers in {shared}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        folder = os.path.join(shared, "data", "extraction")
        for name in sorted(os.listdir(folder)):
            if name.endswith(".tar.xz"):
                check_set(program, shared, os.path.join(folder, name), work)
                print("equal:", name)
        check_dedup(program, shared, work)
        print("equal: duplicates")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main()
