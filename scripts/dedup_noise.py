#!/usr/bin/env python3
"""Perturb the texts of a set of near-duplicates, to see what its scores owe to the set and to chance.

usage: dedup_noise.py KIND SEED <TRUTH.jsonl >OUT.jsonl

Lines are id, cluster, cls, text; all but the text is passed through.

KIND salt      every word that is not a number gets SEED's letters at its end: the same texts under another hash function
     extract   each text as one of eight extractors would have returned it from a page: whole lines lost or joined,
               menus, captions and links kept, marks and white space changed
     NAME      one of the eight alone (see EXTRACTORS)
"""
import json
import random
import re
import sys

NUMBER_WORDS = set("one two three four five six seven eight nine ten eleven twelve".split())
SYLLABLES = "ta lo mir ken sa dur vel no pri gan bes ul cor fe ny tho".split()


def invented(dice, words):
    return " ".join("".join(dice.choice(SYLLABLES) for _ in range(dice.randint(1, 3))) for _ in range(words))


def salt(text, seed):
    letters = "".join(chr(97 + (seed * 7 + i * 11 + seed * i * 5) % 26) for i in range(4))
    return re.sub(r"[A-Za-z]{2,}(?![\w'\u2019])", lambda m: m[0] if m[0].lower() in NUMBER_WORDS else m[0] + letters, text)


# ---- What extractors do: lines of a text to other lines, SITE being what all pages of one site share ----------------


def lose_edges(lines, dice, site):
    """The first paragraphs, the last ones, or both are taken for something else."""
    lost = dice.choice([(1, 0), (2, 0), (0, 1), (0, 2), (1, 1), (1, 2)])
    return lines[lost[0] : len(lines) - lost[1]] if len(lines) > sum(lost) + 1 else lines


def keep_menu(lines, dice, site):
    """The menu above, the legal lines below."""
    return site["menu"] + lines + site["legal"]


def keep_links(lines, dice, site):
    """Headlines of other articles, between and below."""
    links = [invented(dice, dice.randint(5, 11)).capitalize() for _ in range(dice.randint(3, 10))]
    at = dice.randint(1, len(lines))
    return lines[:at] + ["Related: " + links[0]] + lines[at:] + ["More stories"] + links


def keep_captions(lines, dice, site):
    """Captions of pictures, credits and what sharing buttons say."""
    out = []
    for line in lines:
        out.append(line)
        if dice.random() < 0.15:
            out.append(invented(dice, dice.randint(6, 18)).capitalize() + ". Photo: " + invented(dice, 2).title())
    return ["Share this article"] + out


def join_lines(lines, dice, site):
    """One line, words at the seams run together in places."""
    return ["".join(line + dice.choice([" ", " ", " ", ""]) for line in lines)]


def lose_short(lines, dice, site):
    """Short lines are dropped: headings, items of lists, quotes."""
    long = [line for line in lines if len(line.split()) > 14 or dice.random() < 0.2]
    return long or lines


def lose_some(lines, dice, site):
    """One paragraph in eight is lost: in a widget, or not in a paragraph at all."""
    kept = [line for line in lines if dice.random() > 0.125]
    return kept or lines


def change_marks(lines, dice, site):
    """Bullets, Markdown, dashes, quotes, blanks and hyphens as another program writes them."""
    marks = {"\u2014": "--", "\u2013": "-", "\u201c": '"', "\u201d": '"', "\u2019": "'", '"': "``", " ": "\u00a0" if dice.random() < 0.3 else " "}
    out = []
    for line in lines:
        line = "".join(marks.get(c, c) for c in line)
        line = re.sub(r"\w{9,}", lambda m: m[0][:5] + "\u00ad" + m[0][5:] if dice.random() < 0.1 else m[0], line)
        line = re.sub(r"(?<![\w.])[A-Z]\w{5,}", lambda m: "**" + m[0] + "**" if dice.random() < 0.1 else m[0], line)
        out.append(dice.choice(["", "", "* ", "> "]) + line)
    return out


EXTRACTORS = [lose_edges, keep_menu, keep_links, keep_captions, join_lines, lose_short, lose_some, change_marks]


def sites(seed):
    dice = random.Random(seed)
    return [
        {
            "menu": [invented(dice, dice.randint(1, 2)).title() for _ in range(dice.randint(4, 25))],
            "legal": [invented(dice, dice.randint(8, 30)).capitalize() + "." for _ in range(dice.randint(1, 5))],
        }
        for _ in range(40)
    ]


def main():
    kind, seed = sys.argv[1], int(sys.argv[2])
    known = {e.__name__.replace("_", "-"): e for e in EXTRACTORS}
    if kind not in known and kind not in ("salt", "extract"):
        sys.exit(f"dedup_noise.py: KIND is salt, extract or one of {', '.join(known)}")
    all_sites = sites(seed)
    for line in sys.stdin:
        row = json.loads(line)
        dice = random.Random(f"{seed} {row['id']}")
        if kind == "salt":
            row["text"] = salt(row["text"], seed)
        else:
            extractor = known.get(kind) or dice.choice(EXTRACTORS)
            lines = [part for part in row["text"].split("\n") if part.strip()]
            row["text"] = "\n".join(extractor(lines, dice, dice.choice(all_sites))) if lines else ""
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
