"""The report in a real browser: it opens fast, cells open with mouse and keys, names stay names, it fits a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("jinja2")

from nncli.report.page import page
from tests.report.browser import Browser, needs_chromium
from tests.report.test_page import NASTY, reported

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = needs_chromium

LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
TITLE = "document.querySelector('dialog').open && document.querySelector('dialog h2').textContent"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests."""
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run with four classes."""
    folder = tmp_path_factory.mktemp("report")
    path = folder / "report.html"
    path.write_text(page([reported(folder)]), encoding="utf-8")
    return path


def complaints(browser: Browser) -> list[str]:
    """Errors and violations of the page's policy, and requests to anywhere."""
    said = [str(e) for e in browser.events if e["method"] in ("Log.entryAdded", "Runtime.exceptionThrown")]
    requests = [e["params"]["request"]["url"] for e in browser.events if e["method"] == "Network.requestWillBeSent"]
    return said + [url for url in requests if not url.startswith(("file:", "data:"))]


def test_a_cell_opens_its_images_and_closes(browser: Browser, report: Path) -> None:
    """With the mouse."""
    browser.look(1200, 900)
    browser.open(report)
    assert browser.evaluate(TITLE) is False
    browser.evaluate("document.querySelector('[data-cell=\"0-1\"]').click()")
    assert "cat, taken for dog" == browser.evaluate(TITLE)
    assert 1 == browser.evaluate("document.querySelectorAll('dialog img').length")
    assert browser.evaluate("document.querySelector('dialog img').decode().then(() => true)")
    browser.evaluate("document.querySelector('dialog form button').click()")
    assert browser.evaluate(TITLE) is False
    assert [] == complaints(browser)


def test_the_matrix_answers_to_keys(browser: Browser, report: Path) -> None:
    """One stop for Tab, arrows go over empty cells, Enter opens, Escape closes and returns."""
    browser.open(report)
    assert 1 == browser.evaluate("document.querySelectorAll('.confusion button[tabindex=\"0\"]').length")
    browser.evaluate("document.querySelector('.confusion button').focus()")
    focused = "document.activeElement.dataset.cell"
    for key, cell in (("ArrowRight", "0-1"), ("ArrowDown", "1-1"), ("ArrowRight", "1-2"), ("ArrowRight", "1-2")):
        browser.press(key)
        assert cell == browser.evaluate(focused)
    browser.press("Enter")
    assert "dog, taken for owl" == browser.evaluate(TITLE)
    browser.press("Escape")
    assert browser.evaluate(TITLE) is False
    assert "1-2" == browser.evaluate(focused)


def test_names_are_shown_and_not_executed(browser: Browser, tmp_path: Path) -> None:
    """Also in the dialog that the script makes."""
    path = tmp_path / "report.html"
    path.write_text(page([reported(tmp_path, NASTY, name=NASTY[1])]), encoding="utf-8")
    browser.open(path)
    browser.evaluate("document.querySelector('[data-cell=\"0-1\"]').click()")
    assert f"{NASTY[0]}, taken for {NASTY[1]}" == browser.evaluate(TITLE)
    assert "undefined" == browser.evaluate("typeof window.hacked")
    assert [] == complaints(browser)


def test_code_that_got_in_would_not_run(browser: Browser, report: Path, tmp_path: Path) -> None:
    """The second fence: the browser runs no script but the one whose digest the page declares."""
    path = tmp_path / "forged.html"
    path.write_text(report.read_text().replace("<main>", "<main><script>window.hacked=1</script>"), encoding="utf-8")
    browser.open(path)
    assert "undefined" == browser.evaluate("typeof window.hacked")
    assert any("Content Security Policy" in line for line in complaints(browser))


@pytest.mark.parametrize("width", [360, 1200])
def test_it_fits(browser: Browser, report: Path, width: int) -> None:
    """Nothing sticks out sideways, on a phone or a desk."""
    browser.look(width, 800)
    browser.open(report)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


def test_dark_is_dark(browser: Browser, report: Path) -> None:
    """As the reader's system says."""
    backgrounds = []
    for scheme in ("light", "dark"):
        browser.look(1200, 900, scheme)
        browser.open(report)
        backgrounds.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert ["rgb(247, 247, 245)", "rgb(22, 23, 26)"] == backgrounds


def test_a_hundred_classes_open_at_once(browser: Browser, tmp_path: Path) -> None:
    """2,000 images here, to be quick; a page of 10,000 has as many thumbnails. Under 10 MB and two seconds."""
    path = tmp_path / "report.html"
    path.write_text(page([reported(tmp_path, [f"class {k}" for k in range(100)], per_class=20)]), encoding="utf-8")
    assert path.stat().st_size < 10e6
    browser.look(1200, 900)
    browser.open(path)
    assert browser.evaluate(LOADED) < 2000
