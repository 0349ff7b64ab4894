"""The page of a report: what is in it, and that no name in it is code."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("jinja2")

from nncli.data.image.image_format import ImageFormat
from nncli.evaluation.evaluation import Evaluation
from nncli.report.page import page
from nncli.report.run import ReportedRun
from nncli.run.files import RunFiles
from tests.fixtures import random_model
from tests.folders import write_image

if TYPE_CHECKING:
    from collections.abc import Sequence

NASTY = (
    "<script>window.hacked=1</script>",
    "\"><img src=x onerror='window.hacked=1'>",
    "</script><svg onload=window.hacked=1>",
    "{{ 7*7 }}$x^2$\x1b[2J\u202e\udcff",
)
HISTORY: dict[str, list[float | None]] = {
    "epoch": [1, 2, 3],
    "loss": [2.0, 1.5, 1.25],
    "val_loss": [2.1, 1.8, 1.75],
    "accuracy": [0.2, 0.5, 0.75],
    "val_accuracy": [0.25, 0.4, 0.5],
}


class Elements(HTMLParser):
    """The start tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append((tag, dict(attrs)))


def reported(
    folder: Path,
    classes: Sequence[str] = ("cat", "dog", "owl", "yak"),
    *,
    per_class: int = 3,
    name: str = "run-1",
    files: RunFiles | None = None,
) -> ReportedRun:
    """A run with images on the disk: the first image of each class is taken for the next class, with 0.9."""
    n = len(classes)
    model = random_model(tuple(classes), image_format=ImageFormat(4, 4, "grayscale", "stretch"))
    paths: list[str] = []
    actual: list[int] = []
    probabilities = np.full((n * per_class, n), 0.1 / (n - 1), np.float32)
    for k in range(n):
        for i in range(per_class):
            paths.append(str(write_image(folder / str(k) / f"{i}.png", 20 * k, seed=i)))
            probabilities[len(actual), (k + (i == 0)) % n] = 0.9
            actual.append(k)
    evaluation = Evaluation(tuple(classes), paths, np.array(actual), probabilities)
    return ReportedRun(name, model, files or RunFiles(folder, HISTORY, {}, "a: 1\nb: <2>\n"), evaluation, "on images")


def data_of(html: str) -> list[dict[str, Any]]:
    """What the script reads."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    data: list[dict[str, Any]] = json.loads(found[1])
    return data


def test_everything_is_in_one_file(tmp_path: Path) -> None:
    """No element fetches anything: pictures are data, links lead within the page."""
    html = page([reported(tmp_path)])
    for tag, attributes in Elements(html).found:
        for name in ("src", "href", "xlink:href", "action", "data"):
            value = attributes.get(name) or "data:"
            assert value.startswith(("data:", "#")), (tag, value)
        assert tag not in ("link", "iframe", "object", "base") or attributes.get("rel") == "icon"
    assert "url(http" not in html
    assert "@import" not in html


def test_the_page_names_the_only_script_that_may_run(tmp_path: Path) -> None:
    """The digest in its policy is the script's; it has no other and no inline handlers."""
    html = page([reported(tmp_path)])
    policy = next(a["content"] or "" for tag, a in Elements(html).found if a.get("http-equiv"))
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert 1 == len(scripts)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not [name for _, attributes in Elements(html).found for name in attributes if name.startswith("on")]


def test_names_are_text(tmp_path: Path) -> None:
    """Tags, quotes, template code, escape sequences and odd bytes in classes and names stay what they are: text."""
    plain, nasty = page([reported(tmp_path)]), page([reported(tmp_path, NASTY, name=NASTY[0])])
    kinds = [[tag for tag, _ in Elements(html).found] for html in (plain, nasty)]
    assert kinds[0] == kinds[1]
    assert "<script>window" not in nasty
    assert "&lt;script&gt;window.hacked=1" in nasty
    assert "{{ 7*7 }}$x^2$\\x1b[2J\\u202e\\xff" in nasty
    assert nasty.encode("utf-8")
    assert "{{ 7*7 }}$x^2$\\x1b[2J\\u202e\\xff" == data_of(nasty)[0]["classes"][3]


def test_a_doubtful_label_is_shown_with_both_probabilities(tmp_path: Path) -> None:
    """That of the label, and that of what the image looks like."""
    assert '<span>cat 0.03</span><span class="to">→ dog 0.90</span>' in page([reported(tmp_path)])


def test_a_cell_leads_to_its_images(tmp_path: Path) -> None:
    """Two cats are right, one is taken for a dog; each has its thumbnail."""
    html = page([reported(tmp_path)])
    data = data_of(html)[0]
    assert (2, 1) == (len(data["cells"]["0-0"]), len(data["cells"]["0-1"]))
    src, name, probability = data["images"][str(data["cells"]["0-1"][0])]
    assert src.startswith("data:image/webp;base64,")
    assert ("0/0.png", "0.90") == (name, probability)
    assert 1 == html.count('data-cell="0-1" data-count="1">1</button>')


def test_what_a_person_asks_for_first(tmp_path: Path) -> None:
    """Figures, curves, wrong images, classes, config."""
    html = page([reported(tmp_path)])
    assert "<dt>accuracy</dt><dd>66.7%</dd>" in html
    assert "4 of 12, most confident mistakes first" in html
    assert "Most frequent confusions" in html
    assert 4 == len(re.findall("<svg class=", html))  # loss, accuracy, reliability, coverage
    assert "b: &lt;2&gt;\n" in html
    assert "What the first layer looks for" in html


def test_several_runs_are_compared(tmp_path: Path) -> None:
    """Side by side: figures, curves, the settings that differ; each has its own cells."""
    runs = [reported(tmp_path), reported(tmp_path, ("cat", "dog"), name="run-2", per_class=4)]
    for run, rate in zip(runs, (0.1, 0.2), strict=True):
        run.model.training["config"] = {"training.learning_rate": rate, "training.seed": 0}
    html = page(runs)
    assert "<h1>2 runs</h1>" in html
    assert '<tr><th scope="row">accuracy</th><td>0.6667</td><td class="best">0.7500</td></tr>' in html
    assert "<code>training.learning_rate</code></th><td>0.1</td><td>0.2</td>" in html
    assert "training.seed</code>" not in html
    assert 2 == len(data_of(html))
    assert "<li>run-1</li><li>run-2</li>" in html


def test_without_images_the_figures_of_training_are_shown(tmp_path: Path) -> None:
    """A run that was moved without its photos still has a report; one without any file, too."""
    run = reported(tmp_path)
    assert run.evaluation
    metrics = run.evaluation.report() | {"best_epoch": 2, "epochs": 3, "seconds": 1.25}
    moved = ReportedRun("moved", run.model, RunFiles(tmp_path, HISTORY, metrics), None, "no images")
    html = page([moved])
    assert "<dd>2 / 3</dd>" in html
    assert "Wrong images" not in html
    assert {} == data_of(html)[0]["images"]
    bare = page([ReportedRun("bare", run.model, RunFiles(tmp_path), None, "nothing")])
    assert "Confusion matrix" not in bare
    assert "Model and settings" in bare


@pytest.mark.parametrize("matrix", [[[1], [1, 2]], [[1]], "x", None, [["a"] * 4] * 4, [[-1] * 4] * 4, [[0.5] * 4] * 4])
def test_figures_that_make_no_sense_are_left_out(tmp_path: Path, matrix: object) -> None:
    """A run's metrics.json may be anyone's."""
    model = random_model(("cat", "dog", "owl", "yak"))
    metrics = {"accuracy": "<b>", "best_epoch": {}, "epochs": [], "confusion": {"classes": 5, "matrix": matrix}}
    html = page([ReportedRun("run", model, RunFiles(tmp_path, {}, metrics), None, "nothing")])
    assert "Confusion matrix" not in html
    assert "<b>" not in html


def test_images_that_are_gone_are_left_out(tmp_path: Path) -> None:
    """Between predicting and drawing a file may vanish."""
    run = reported(tmp_path)
    assert run.evaluation
    Path(run.evaluation.paths[0]).unlink()
    data = data_of(page([run]))[0]
    assert "0-1" not in data["cells"]
    assert "1-2" in data["cells"]


def test_equal_runs_give_equal_pages(tmp_path: Path) -> None:
    """No clock and no random name is in it."""
    assert page([reported(tmp_path)]) == page([reported(tmp_path)])
