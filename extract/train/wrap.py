"""wrap: copies of pages as spamming mirrors serve them, for training: blocks of keyword links before and after the page's content, in
invented words of a foreign script. The truth stays the same. Text is written as character references, so any charset will do."""
import os
import re

SCRIPTS = [
    [chr(c) for c in range(0x4e00, 0x4e00 + 2500, 7)],
    [chr(c) for c in range(0x430, 0x450)],
    [chr(c) for c in range(0xe01, 0xe2f)],
    [chr(c) for c in range(0x627, 0x64b) if chr(c).isalpha()],
    [chr(c) for c in range(0x3b1, 0x3ca)],
    list('abdefgiklmnoprstuz'),
]


def word(rng, letters):
    return ''.join('&#%d;' % ord(rng.choice(letters)) for _ in range(rng.integers(2, 8)))


def keywords(rng, letters):
    """One block of links, as a list, a table, paragraphs or a mere run; now and then with plain text between."""
    kind = rng.integers(5)
    pool = [word(rng, letters) for _ in range(12)]
    items = []
    for _ in range(rng.integers(12, 70)):
        text = ' '.join(rng.choice(pool) for _ in range(rng.integers(1, 5)))
        items.append('<a href="/%s.html">%s</a>' % (rng.integers(1e6), text))
        if kind == 4:
            items[-1] += ' ' + ' '.join(rng.choice(pool) for _ in range(rng.integers(3, 20))) + ', '
    open_, between, close = [('<ul><li>', '<li>', '</ul>'), ('<div>', ' | ', '</div>'), ('<table><tr><td>', '<td>', '</table>'),
                             ('<p>', '<p>', '</p>'), ('<div><p>', ' ', '</p></div>')][kind]
    return open_ + between.join(items) + close


def wrap(page, folder, rng):
    """Write a wrapped copy of PAGE's file to FOLDER; its path, or None where the page has no body tag."""
    html = open(page.path, 'rb').read()
    opened = re.search(rb'<body[^>]*>', html, re.I)
    closed = html.lower().rfind(b'</body')
    if not opened or closed < opened.end():
        return None
    letters = SCRIPTS[rng.integers(len(SCRIPTS))]
    head = ''.join(keywords(rng, letters) for _ in range(rng.integers(1, 4))).encode()
    tail = ''.join(keywords(rng, letters) for _ in range(rng.integers(1, 4))).encode()
    path = os.path.join(folder, page.set + '-' + page.id + '.html')
    with open(path, 'wb') as f:
        f.write(html[:opened.end()] + head + html[opened.end():closed] + tail + html[closed:])
    return path
