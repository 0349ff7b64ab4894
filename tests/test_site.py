"""The site of docs/: every page has a place in it, and what a code host does by itself is done."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.lessons import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"


def test_every_page_is_in_the_index() -> None:
    """docs/index.rst lists the chapters in their order, and all pages of reference, some of them first."""
    listed = re.findall(r"^   ([\w/*-]+)$", (DOCS / "index.rst").read_text(encoding="utf-8"), re.M)
    chapters = [path.stem for path in sorted((DOCS / "guide").glob("*.md")) if path.stem != "README"]
    assert ["guide/README", *(f"guide/{chapter}" for chapter in chapters)] == listed[: len(chapters) + 1]
    assert "*" == listed[-1]
    assert {path.parent.name for path in DOCS.rglob("*.md")} == {"docs", "guide"}


def test_pictures_follow_the_look_and_code_has_pages() -> None:
    """A picture of two looks becomes two images; a link to a file outside of docs/ leads to a page of it."""
    named: set[str] = set()
    text = (
        '<picture>\n<source media="(x)" srcset="../images/a-dark.svg">\n<img alt="A" src="../images/a-light.svg">\n'
        "</picture>\n[b.py](../../src/b.py) [c](../c.md)"
    )
    written = runpy.run_path(str(DOCS / "conf.py"))["for_the_site"](text, "guide/01", named)
    assert (
        "![A](../images/a-light.svg){.only-light}\n![A](../images/a-dark.svg){.only-dark}\n"
        '<a href="../source/src/b.py.html">b.py</a> [c](../c.md)'
    ) == written
    assert {"src/b.py"} == named


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Formulas are MathML, and nothing is fetched from anywhere."""
    for package in ("sphinx", "furo", "myst_parser"):
        pytest.importorskip(package)
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-d", str(tmp_path / "trees"), str(DOCS), str(tmp_path)]
    subprocess.run(command, check=True)
    page = (tmp_path / "guide" / "05-backpropagation.html").read_text(encoding="utf-8")
    assert "<math" in page
    assert [] == re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(?:https?:)?//', page)
    assert "<h1>src/nncli/network/loss.py</h1>" in (
        tmp_path / "source" / "src" / "nncli" / "network" / "loss.py.html"
    ).read_text(encoding="utf-8")
