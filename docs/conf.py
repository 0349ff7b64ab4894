"""The site of docs/, built by Sphinx; extra ``docs``.

    sphinx-build -W docs build/site        then open build/site/index.html

The pages are the Markdown files beside this one, which read as well on a code host.
Three things a code host does by itself are done here: formulas become MathML, which browsers draw without a script;
a picture of two looks follows the look of the page; and the files of code that the pages name become pages themselves.
Nothing is fetched, neither while building nor while reading, and the search works without a server.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from posixpath import dirname, join, normpath, relpath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]

project = "nncli"
extensions = ["myst_parser"]
exclude_patterns = ["images/**"]
html_theme = "furo"
html_title = "nncli"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_math_renderer = "mathml"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
myst_enable_extensions = ["attrs_inline"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 3

PICTURE = re.compile(r'<picture>\n<source [^>]*srcset="([^"]+)">\n<img alt="([^"]+)" src="([^"]+)">\n</picture>')
FILE_OUTSIDE = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[\w./-]+)\)")


def for_the_site(text: str, page: str, named: set[str]) -> str:
    """A page's Markdown as Sphinx wants it; adds to ``named`` the files outside of docs/ that it links to."""

    def link(match: re.Match[str]) -> str:
        target = normpath(join("docs", dirname(page), match[2]))
        if target.startswith("docs/"):
            return match[0]
        named.add(target)
        address = relpath(f"source/{target}.html", dirname(page) or ".")
        return f'<a href="{address}">{escape(match[1]).replace("`", "")}</a>'

    text = PICTURE.sub(r"![\2](\3){.only-light}\n![\2](\1){.only-dark}", text)
    return FILE_OUTSIDE.sub(link, text)


def read_page(app: Any, page: str, source: list[str]) -> None:
    """Prepare a page before it is parsed."""
    named: set[str] = set()
    source[0] = for_the_site(source[0], page, named)
    app.env.metadata[page]["files"] = sorted(named)


def pages_of_code(app: Any) -> Iterator[tuple[str, dict[str, str], str]]:
    """A page for each file that a page names."""
    for name in sorted({name for page in app.env.metadata.values() for name in page.get("files", ())}):
        language = {".py": "python", ".md": "markdown"}.get(Path(name).suffix, "text")
        lines = app.builder.highlighter.highlight_block((ROOT / name).read_text(encoding="utf-8"), language)
        yield f"source/{name}", {"title": name, "body": f"<h1>{name}</h1>{lines}"}, "page.html"


def write_formula(translator: Any, node: Any) -> None:
    """MathML of a formula in LaTeX."""
    from docutils.nodes import SkipNode, math_block
    from docutils.utils.math.latex2mathml import tex2mathml

    block = isinstance(node, math_block)
    formula = tex2mathml(node.astext(), as_block=block)
    translator.body.append(f'<div class="math" tabindex="0">{formula}</div>' if block else formula)
    raise SkipNode


FOR_KEYBOARD_AND_EAR = {
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    'class="caption" role="heading">': 'class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="Pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    '<th class="head"><p></p></th>': "<td></td>",
    '<th class="head"></th>': "<td></td>",
}
"""What scrolls can be reached with the keyboard, and what is a region has a name: the theme leaves this out."""


def finish_pages(app: Any, error: Exception | None) -> None:
    """Complete the pages that the theme wrote."""
    for path in () if error else Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for old, new in FOR_KEYBOARD_AND_EAR.items():
            text = text.replace(old, new)
        text = re.sub(r"<p>(?=<img [^>]*only-(?:light|dark))", '<p class="picture" tabindex="0">', text)
        if path.name == "search.html":
            text = re.sub(r'(<article role="main"[^>]*>)', r"\1<h1>Search</h1>", text)
        path.write_text(text, encoding="utf-8")


def setup(app: Any) -> None:
    """Connect the functions above with Sphinx."""
    app.connect("source-read", read_page)
    app.connect("html-collect-pages", pages_of_code)
    app.connect("build-finished", finish_pages)
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
