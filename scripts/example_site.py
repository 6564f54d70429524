#!/usr/bin/env python3
"""Serves the example site on loopback for scripts/crawl-example.sh.

It acts as an HTTP proxy that is the origin of every host at once, so that a crawler sees two dozen host names without any
name resolution. What it sends is told by tests/data/site/site.tsv: status, content type, the character set the page is
converted to, chunked or compressed transfer, one further header.

usage: example_site.py FOLDER     (prints the port it listens on, then serves until it is ended)
"""
import gzip
import http.server
import os
import sys
import zlib


def encode(text, charset):
    """The page's bytes in the character set of its row."""
    if charset == "utf-16-le-bom":
        return b"\xff\xfe" + text.encode("utf-16-le")
    if charset == "utf-8-bom":
        return b"\xef\xbb\xbf" + text.encode("utf-8")
    return text.encode({"shift_jis": "cp932"}.get(charset, charset), "xmlcharrefreplace")


def read_site(folder):
    """Address -> row of site.tsv. A page that both crawls fetch stands there twice, the same."""
    site = {}
    with open(os.path.join(folder, "site.tsv"), encoding="utf-8") as table:
        for line in table:
            if not line.startswith("#"):
                _, url, *row = line.rstrip("\n").split("\t")
                site[url] = row
    return site


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder, site = "", {}

    def version_string(self):
        return "example"

    def log_message(self, *_):
        pass

    def body(self, file, charset):
        if file == "-":
            return b""
        with open(os.path.join(self.folder, file), "rb") as page:
            content = page.read()
        return content if charset == "-" else encode(content.decode("utf-8"), charset)

    def do_GET(self):
        row = self.site.get(self.path)
        if row is None:
            row = ["-", "404", "text/plain", "-", "identity", "-"]
        file, status, kind, charset, coding, header = row
        body = self.body(file, charset)
        self.send_response(int(status))
        self.send_header("Content-Type", kind)
        if header != "-":
            self.send_header(*header.split(": ", 1))
        if "gzip" in coding:
            body = gzip.compress(body, 6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        elif coding == "deflate":
            body = zlib.compress(body)
            self.send_header("Content-Encoding", "deflate")
        if "chunked" in coding:
            self.send_header("Transfer-Encoding", "chunked")
            pieces = [body[at:at + 1500] for at in range(0, len(body), 1500)] + [b""]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    Origin.folder, Origin.site = sys.argv[1], read_site(sys.argv[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    print(server.server_address[1], flush=True)
    server.serve_forever()


main()
