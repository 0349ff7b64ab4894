"""The page of a report: everything in one file, and no name in it is ever code.

Names come from strangers. They are made printable and escaped wherever the template writes them; what the script reads
is JSON without angle brackets, which it sets as text. If a name ever got through, the browser would still run only the
script whose digest the page declares (Content Security Policy).
"""

from __future__ import annotations

import base64
import hashlib
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
import PIL
from markupsafe import Markup

from nncli import __version__
from nncli.config.writing import yaml_value
from nncli.model.summary import in_words
from nncli.report.run import history_curves, section
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nncli.report.run import ReportedRun

HERE = Path(__file__).parent

COMPARED = ("accuracy", "loss", "calibration_error", "images")


def page(runs: Sequence[ReportedRun]) -> str:
    """The whole page as HTML.

    Args:
        runs: At least one.
    """
    sections = [section(run, k, 1 / len(runs)) for k, run in enumerate(runs)]
    script, style = ((HERE / name).read_text(encoding="utf-8") for name in ("page.js", "page.css"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = _environment().get_template("page.html.j2")
    return template.render(
        runs=sections,
        comparison=_comparison(runs, sections) if len(runs) > 1 else None,
        data=[_for_script(part) for part in sections],
        environment=_versions(),
        script=Markup(script),  # noqa: S704 - the project's own file
        style=Markup(style),  # noqa: S704
        script_digest=digest,
    )


def _for_script(part: dict[str, Any]) -> dict[str, Any]:
    """Data for the page's script to open a cell of a run's confusion matrix."""
    return {"classes": [*map(printable, part["facts"]["classes"])], "cells": part["cells"], "images": part["images"]}


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["yaml"] = yaml_value  # settings as a config has them
    environment.filters["words"] = in_words
    environment.filters["counted"] = "{:,}".format
    environment.filters["svg"] = Markup  # drawings contain no text of a user (charts.py)
    return environment


def _shown(value: Any) -> Any:
    """Text that a page can show: no control characters, no marks that turn the reading direction."""
    return printable(value) if type(value) is str else value


def _versions() -> list[tuple[str, str]]:
    system = f"{platform.system()} {platform.machine()}"
    versions = (("nncli", __version__), ("Python", platform.python_version()), ("NumPy", np.__version__))
    return [*versions, ("Pillow", PIL.__version__), ("system", system)]


def _comparison(runs: Sequence[ReportedRun], sections: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several runs side by side: figures, curves, and the settings that are not the same in all."""
    figures = [part["figures"] for part in sections]
    measured = [(name, [run.get(name) for run in figures]) for name in COMPARED]
    rows = [
        {"name": name.replace("_", " "), "values": values, "best": _best(name, values)}
        for name, values in measured
        if set(values) != {None}
    ]
    rows.append({"name": "parameters", "values": [part["facts"]["n_parameters"] for part in sections], "best": None})
    keys = list(dict.fromkeys(key for part in sections for key in part["settings"]))
    settings = [(key, [part["settings"].get(key) for part in sections]) for key in keys]
    return {
        "names": [run.name for run in runs],
        "rows": rows,
        "settings": [(key, values) for key, values in settings if any(value != values[0] for value in values)],
        "curves": history_curves([run.files.history for run in runs]),
    }


def _best(name: str, values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    if name == "images" or len(set(known)) < 2:
        return None
    return max(known) if name == "accuracy" else min(known)
