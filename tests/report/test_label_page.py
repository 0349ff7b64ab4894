"""The page of doubtful labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.report import label_page as module
from nncli.report.label_page import label_page
from tests.folders import write_image

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def row(path: object, label: str = "cat", suggested: str = "dog") -> dict[str, object]:
    """A doubtful image."""
    return {
        "path": str(path),
        "label": label,
        "suggested": suggested,
        "probability": 0.875,
        "label_probability": 0.0625,
    }


def test_every_image_is_shown_with_both_labels(tmp_path: Path) -> None:
    """And a picture, if it is still there."""
    page = label_page("Labels", ["a line"], [row(write_image(tmp_path / "a.png", 90)), row(tmp_path / "gone.png")])
    assert "1. <s>cat</s> 0.06 → <b>dog</b> 0.88" in page
    assert 1 == page.count('<img src="data:image/')
    assert "not there as a file" in page
    assert "<p>a line</p>" in page


def test_no_name_is_ever_markup(tmp_path: Path) -> None:
    """Neither of a class nor of a file; and the page runs no script anyway."""
    page = label_page("<i>", ["<b>"], [row(tmp_path / "<script>x</script>\n.png", '"><script>', "<img src=x>")])
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "\\x0a.png" in page
    assert "default-src 'none'" in page


def test_a_page_stays_small_enough_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones, and how many there are."""
    monkeypatch.setattr(module, "MOST_SHOWN", 2)
    page = label_page("Labels", [], [row(f"{k}.png") for k in range(5)])
    assert "The first 2 of 5; the table has all." in page
    assert "3. <s>" not in page
