"""Pages without the extra: no template, no script; the first things that a person wants to see of a run.

The whole report (page.py) has more: cells that open their images, confidence, doubtful labels, runs side by side. Names
come from strangers; they are made printable and escaped wherever they stand.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.report.run import section
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from nncli.report.run import ReportedRun

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Content Security Policy: the page runs no script and asks nobody for anything."""


def document(title: str, body: Sequence[str], footer: str, name: str = "") -> str:
    """A page in the report's style.

    Args:
        title: Its heading.
        body: Pieces of HTML.
        footer: Its last line.
        name: What a browser's tab says; by default the title.
    """
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{text(name or title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<style>{style}</style></head>\n<body>\n'
        f"<header><h1>{text(title)}</h1></header>\n<main>\n{chr(10).join(body)}\n</main>\n"
        f"<footer>{text(footer)}</footer>\n</body>\n</html>\n"
    )


def plain_page(run: ReportedRun, footer: str) -> str:
    """A page about one run."""
    return document(run.name, [*_parts(section(run, 0, 1.0))], footer)


def _parts(part: Mapping[str, Any]) -> Iterator[str]:
    """Figures, curves, confusion matrix, wrong images, weights."""
    tiles = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in part["tiles"])
    yield f'<p class="muted">{text(part["origin"])}</p><dl class="tiles">{tiles}</dl>'
    yield columns([(drawing["svg"], drawing["legend"]) for drawing in part["curves"]])
    if part["confusion"]:
        classes = part["confusion"]["classes"]
        rows = [
            [name, *(str(count) for count, _ in row)]
            for name, row in zip(classes, part["confusion"]["rows"], strict=True)
        ]
        hint = "A row per actual class, a column per predicted class."
        table_ = table(["", *classes], rows)
        yield f'<div class="card scroll" tabindex="0"><h2>Confusion matrix</h2><p class="hint">{hint}</p>{table_}</div>'
    wrong = [
        figure(image["src"], image["name"], f"{image['actual']}, taken for {image['predicted']} {image['probability']}")
        for image in part["wrong"]
    ]
    if wrong:
        yield f'<div class="card tiny"><h2>Wrong images</h2><div class="gallery">{"".join(wrong)}</div></div>'
    weights = "".join(f'<img src="{tile}" alt="weights of a unit">' for tile in part["weights"])
    if weights:
        yield f'<div class="card"><h2>What the first layer looks for</h2><div class="weights">{weights}</div></div>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, the first cell of each row its heading."""
    top = "".join(f'<th scope="col">{text(name)}</th>' if name else "<td></td>" for name in head)
    body = "".join(
        f'<tr><th scope="row">{text(first)}</th>{"".join(f"<td>{text(cell)}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    )
    return f'<table class="plain"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def columns(drawings: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Drawings with their legends, beside each other where there is room."""
    cards = "".join(f'<div class="card">{svg}{legend(names)}</div>' for svg, names in drawings)
    return f'<div class="columns">{cards}</div>'


def legend(names: Sequence[str]) -> str:
    """Names in the series colors."""
    return f'<ul class="legend">{"".join(f"<li>{text(name)}</li>" for name in names)}</ul>'


def figure(src: str, alt: str, caption: str) -> str:
    """A picture with a caption."""
    return (
        f'<figure><img src="{src}" alt="{text(alt)}" loading="lazy"><figcaption>{text(caption)}</figcaption></figure>'
    )


def text(words: str) -> str:
    """Text for a page: printable and escaped."""
    return escape(printable(words))
