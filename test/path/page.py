# SPDX-License-Identifier: BSD-2-Clause
"""Judges a page of xskim replay --report: well-formed, whole pictures, nothing fetched, text from outside is text.

usage: page.py FILE PICTURES [TEXT]     TEXT must be on it, as text; prints what is wrong
"""
import html.parser
import re
import sys
import xml.etree.ElementTree

VOID = {"meta", "br", "img", "link", "hr", "input"}
OPTIONAL = {"tr", "td", "th", "p"}  # their end tags may be left out
ALLOWED = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "b", "span", "code", "pre", "table", "tr",
           "td", "th", "figure", "figcaption", "svg", "g", "path", "rect", "polygon", "text", "tspan", "desc"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.text, self.wrong, self.ids = [], [], [], set()

    def handle_starttag(self, tag, attributes):
        if tag not in ALLOWED:
            self.wrong.append(f"<{tag}> has no business here")
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "srcset", "data", "action") or name.startswith("on"):
                self.wrong.append(f"<{tag} {name}={value}>")
            if name == "id" and value in self.ids:
                self.wrong.append(f"id {value} twice")
            self.ids |= {value} if name == "id" and value != "gnuplot_canvas" else set()
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL:
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.text.append(data)


path, pictures, *texts = sys.argv[1:]
source = open(path, encoding="utf-8").read()
page = Page()
page.feed(source)
page.close()
wrong = page.wrong + [f"<{tag}> is not closed" for tag in page.open if tag not in OPTIONAL]
svgs = re.findall(r"<svg.*?</svg>", source, re.S)
for svg in svgs:
    root = xml.etree.ElementTree.fromstring(svg)
    if not any(len(path.get("d", "")) > 20 for path in root.iter("{http://www.w3.org/2000/svg}path")):
        wrong.append("a picture with nothing on it")
if len(svgs) != int(pictures):
    wrong.append(f"{len(svgs)} pictures")
if "@import" in source or re.search(r"url\(", source):
    wrong.append("a style that fetches something")
wrong += [f"{text!r} is not on it" for text in texts if text not in "".join(page.text)]
print("\n".join(wrong), end="")
sys.exit(bool(wrong))
