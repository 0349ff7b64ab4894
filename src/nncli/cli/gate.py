"""`--fail-under`: whether accuracy, of labels macro F1, or of numbers R2 is below a gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.cli.evaluation_report import known_line
from nncli.cli.messages import warn
from nncli.cli.multilabel import is_macro_f1_below
from nncli.cli.regression import is_r2_below
from nncli.text import counted

if TYPE_CHECKING:
    from nncli.cli.evaluation_report import Report


def is_below(report: Report, limit: float) -> bool:
    """Whether a gate is not met; the reason is told."""
    if "task" in report:
        is_figure_below = {"multilabel": is_macro_f1_below, "regression": is_r2_below}[report["task"]]
        return is_figure_below(report, limit)
    if not report["images"]:
        warn(f"--fail-under {limit:g} cannot be met: {known_line(report)}")
        return True
    if report["accuracy"] < limit:
        counts = f"{report['correct']:,} of {counted(report['images'], 'image')}"
        warn(f"accuracy {report['accuracy']:.4f} ({counts}) is below --fail-under {limit:g}")
        return True
    return False
