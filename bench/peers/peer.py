#!/usr/bin/env python3
"""One peer of the benchmark harness, run by Python. usage: peer.py TOOL

Speaks lines of JSON: first {"name", "version"} or {"absent": why}; then for every line {"path", "url"} on standard input one
line {"seconds", "text", "title", "author", "date"} or {"error"}. Seconds are this process's
processor time, from the bytes in memory to the tool's own result; making plain text of its HTML is not counted.
"""
import gzip
import json
import logging
import os
import re
import sys
import time

BLOCK = re.compile(r"</?(?:p|div|h[1-6]|li|ul|ol|table|tr|blockquote|pre|section|article|figure|figcaption|br|hr)\b[^>]*>", re.I)


def version_of(package):
    try:
        from importlib.metadata import version

        return version(package)
    except Exception:
        return "unknown"


def text_of(html):
    from lxml import html as lxml_html

    tree = lxml_html.fromstring("<div>" + BLOCK.sub(lambda m: "\n" + m.group(0), html) + "</div>")
    lines = (" ".join(line.split()) for line in tree.text_content().split("\n"))
    return "\n".join(line for line in lines if line)


def readability():
    from readability import Document

    def extract(data, url):
        document = Document(data)
        return {"html": document.summary(), "title": document.short_title()}

    return version_of("readability-lxml"), extract


def trafilatura():
    import trafilatura as t

    def extract(data, url):
        found = t.bare_extraction(data, url=url or None, include_comments=False, with_metadata=True)
        if not found:
            return {"text": ""}
        get = found.get if isinstance(found, dict) else lambda key: getattr(found, key, None)
        return {"text": get("text"), "title": get("title"), "author": get("author"), "date": get("date")}

    return version_of("trafilatura"), extract


def resiliparse():
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding
    from resiliparse.parse.html import HTMLTree

    def extract(data, url):
        tree = HTMLTree.parse(bytes_to_str(data, detect_encoding(data)))
        return {"text": extract_plain_text(tree, main_content=True, alt_texts=False), "title": tree.title}

    return version_of("resiliparse"), extract


def newspaper4k():
    import newspaper

    def extract(data, url):
        article = newspaper.Article(url or "http://localhost/")
        article.download(input_html=data)
        article.parse()
        date = article.publish_date
        return {"text": article.text, "title": article.title, "author": article.authors,
                "date": date.isoformat() if date else None}

    return version_of("newspaper4k"), extract


def justext():
    import justext as j

    stop_words = j.get_stoplist("English")

    def extract(data, url):
        return {"text": "\n".join(p.text for p in j.justext(data, stop_words) if not p.is_boilerplate)}

    return version_of("jusText"), extract


def warcio():
    from warcio.archiveiterator import ArchiveIterator

    def read(path):
        records = size = 0
        with open(path, "rb") as stream:
            for record in ArchiveIterator(stream):
                size += len(record.content_stream().read())
                records += 1
        return {"records": records, "bytes": size}

    return version_of("warcio"), read


def fastwarc():
    from fastwarc.stream_io import FileStream
    from fastwarc.warc import ArchiveIterator

    def read(path):
        records = size = 0
        for record in ArchiveIterator(FileStream(path, "rb"), parse_http=True):
            size += len(record.reader.read())
            records += 1
        return {"records": records, "bytes": size}

    return version_of("fastwarc"), read


TOOLS = {f.__name__: f for f in (readability, trafilatura, resiliparse, newspaper4k, justext, warcio, fastwarc)}
READERS = ("warcio", "fastwarc")


def answer(name, work, request):
    if name in READERS:
        start = time.process_time()
        result = work(request["path"])
    else:
        with open(request["path"], "rb") as page:
            data = page.read()
        if request["path"].endswith(".gz"):
            data = gzip.decompress(data)
        start = time.process_time()
        result = work(data, request.get("url"))
    seconds = time.process_time() - start
    if "html" in result:
        result["text"] = text_of(result.pop("html"))
    return {"seconds": seconds, **result}


def main():
    # The tools' own chatter must not get between the answers.
    out = os.fdopen(os.dup(1), "w", encoding="utf8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    logging.disable(logging.CRITICAL)

    def write(value):
        out.write(json.dumps(value) + "\n")
        out.flush()

    name = sys.argv[1]
    try:
        version, work = TOOLS[name]()
    except ImportError as error:
        write({"absent": f"cannot be loaded: {error}"})
        return
    write({"name": name, "version": f"{version}, Python {sys.version.split()[0]}"})
    for line in sys.stdin:
        try:
            write(answer(name, work, json.loads(line)))
        except Exception as error:  # a peer's failure is a result, whatever it is
            write({"error": f"{type(error).__name__}: {str(error)[:200]}"})


if __name__ == "__main__":
    main()
