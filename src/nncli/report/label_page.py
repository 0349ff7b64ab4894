"""A page of doubtful labels to look through: each image, its label, and what the network takes it for.

It needs no extra and works offline. Names come from strangers: they are made printable and escaped wherever they stand,
and the page declares that it runs no script (Content Security Policy).
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from nncli.report.images import data_uri
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

MOST_SHOWN = 500
"""Images on the page; the table has all."""

SIDE = 128
"""Of a thumbnail, in pixels."""

STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
ol { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 1rem; }
ol { padding: 0; list-style: none; }
figure { margin: 0; } img { width: 100%; border-radius: 4px; image-rendering: auto; }
figcaption { font-size: .85rem; overflow-wrap: anywhere; } s { opacity: .7; }
.path { opacity: .7; font-size: .75rem; }
"""


def label_page(title: str, summary: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """The page as HTML.

    Args:
        title: What was checked.
        summary: Lines about it.
        rows: ``path``, ``label``, ``suggested``, ``probability`` of the latter and ``label_probability`` of each
            doubtful image, in the order of the page.
    """
    shown = rows[:MOST_SHOWN]
    pictures = dict(_pictures(str(row["path"]) for row in shown))
    figures = "\n".join(_figure(number, row, pictures.get(number, "")) for number, row in enumerate(shown))
    left = f"<p>The first {len(shown)} of {len(rows):,}; the table has all.</p>" if len(rows) > len(shown) else ""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{_text(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style></head>\n'
        f"<body>\n<main>\n<h1>{_text(title)}</h1>\n{''.join(f'<p>{_text(line)}</p>' for line in summary)}{left}\n"
        f"<ol>\n{figures}\n</ol>\n</main>\n</body>\n</html>\n"
    )


def _figure(number: int, row: Mapping[str, Any], picture: str) -> str:
    path, label, suggested = (_text(str(row[key])) for key in ("path", "label", "suggested"))
    image = f'<img src="{picture}" alt="{path}" loading="lazy">' if picture else "<p>not there as a file</p>"
    doubt = f"<s>{label}</s> {row['label_probability']:.2f} → <b>{suggested}</b> {row['probability']:.2f}"
    return (
        f'<li><figure>{image}<figcaption>{number + 1}. {doubt}<div class="path">{path}</div></figcaption></figure></li>'
    )


def _pictures(paths: Iterable[str]) -> Iterable[tuple[int, str]]:
    from nncli.pictures.thumbnails import encoded, thumbnail

    for number, path in enumerate(paths):
        tile: NDArray[np.uint8] | None = thumbnail(path, SIDE)
        if tile is not None:
            yield number, data_uri(encoded(tile))


def _text(text: str) -> str:
    return escape(printable(text))
