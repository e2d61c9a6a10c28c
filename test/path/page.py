# SPDX-License-Identifier: BSD-2-Clause
"""Judges a page of xskim (replay --report, bench --html): well-formed, whole pictures, nothing fetched, and text from
outside is text.

usage: page.py FILE PICTURES LINES [TEXT]     prints what is wrong

So many pictures, with at least so many lines of ten points or more in all of them; TEXT must be on it, as text.
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


path, pictures, lines, *texts = sys.argv[1:]
drawn = 0
source = open(path, encoding="utf-8").read()
page = Page()
page.feed(source)
page.close()
wrong = page.wrong + [f"<{tag}> is not closed" for tag in page.open if tag not in OPTIONAL]
svgs = re.findall(r"<svg.*?</svg>", source, re.S)
for svg in svgs:
    for group in xml.etree.ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}g"):
        if "_plot_" in group.get("id", ""):
            shapes = "".join(shape.get("d", "") + shape.get("points", "") for shape in group.iter())
            drawn += len(re.findall(r"[\d.]+,[\d.]+", shapes)) >= 10
if len(svgs) != int(pictures):
    wrong.append(f"{len(svgs)} pictures")
if drawn < int(lines):
    wrong.append(f"{drawn} lines are drawn")
if "@import" in source or re.search(r"url\(", source):
    wrong.append("a style that fetches something")
wrong += [f"{text!r} is not on it" for text in texts if text not in "".join(page.text)]
print("\n".join(wrong), end="")
sys.exit(bool(wrong))
