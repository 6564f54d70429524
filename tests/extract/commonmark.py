#!/usr/bin/env python3
"""commonmark: does the Markdown of an article, rendered by an implementation of CommonMark, say what its plain text says?

    commonmark.py WARCMILL FILE|FOLDER...

compares the words of both for every page and names those that differ. Exit status 1 if any do, 77 without cmark."""
import html
import json
import re
import shutil
import subprocess
import sys


def texts(warcmill, form, pages):
    run = subprocess.run([warcmill, 'article', '--keep-all', '--text', form] + pages, check=True, capture_output=True)
    return [json.loads(line) for line in run.stdout.decode().splitlines()]


def rendered(markdown):
    markdown = re.sub(r'(?m)^\|( --- \|)+$', '', markdown)  # tables are no part of CommonMark: their bars stay text
    page = subprocess.run(['cmark'], input=markdown, check=True, capture_output=True, text=True).stdout
    page = re.sub(r'<li>\n?|</li>|<br />|</p>|</h\d>', ' ', page)
    return html.unescape(re.sub(r'<[^>]*>', '', page))


def main():
    warcmill, pages = sys.argv[1], sys.argv[2:]
    if not shutil.which('cmark'):
        print('cmark is not installed: skipped')
        return 77
    bad = count = 0
    for plain, markdown in zip(texts(warcmill, 'plain', pages), texts(warcmill, 'markdown', pages)):
        a, b = (re.findall(r'\w+', text) for text in (plain['text'], rendered(markdown['text'])))
        count += 1
        if a == b:
            continue
        bad += 1
        at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        print(plain['id'], 'plain:', ' '.join(a[max(0, at - 3):at + 6]), '| rendered:', ' '.join(b[max(0, at - 3):at + 6]))
    print('%d pages, %d whose words differ' % (count, bad))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
