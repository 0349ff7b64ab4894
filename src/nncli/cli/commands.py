"""The commands there are, in the order of the help, and what other tools call them."""

from __future__ import annotations

COMMANDS = {
    "init": "nncli.cli.init",
    "train": "nncli.cli.train",
    "predict": "nncli.cli.predict",
    "evaluate": "nncli.cli.evaluate",
    "compare": "nncli.cli.compare",
    "crossval": "nncli.cli.crossval",
    "check": "nncli.cli.check",
    "explain": "nncli.cli.explain",
    "tune": "nncli.cli.tune",
    "show": "nncli.cli.show",
    "report": "nncli.cli.report",
    "export": "nncli.cli.export",
    "demo": "nncli.cli.demo",
    "lesson": "nncli.cli.lesson",
    "gradcheck": "nncli.cli.gradcheck",
    "cache": "nncli.cli.cache",
    "schema": "nncli.cli.schema",
    "completion": "nncli.cli.completion",
}
"""Command -> module, which holds a click command named `command`."""

NEIGHBORS = {
    **dict.fromkeys(("val", "test", "eval"), "evaluate"),
    **dict.fromkeys(("classify", "infer"), "predict"),
    **dict.fromkeys(("info", "inspect", "summary", "summarize", "describe"), "show"),
    "fit": "train",
    **dict.fromkeys(("diff", "versus", "mcnemar"), "compare"),
    **dict.fromkeys(("cv", "cross-validate", "cross_validate", "kfold"), "crossval"),
    **dict.fromkeys(("plot", "visualize", "dashboard", "html"), "report"),
    "validate": "check",
    **dict.fromkeys(("lessons", "learn", "tutorial"), "lesson"),
    **dict.fromkeys(("example", "quickstart", "try"), "demo"),
    **dict.fromkeys(("onnx", "convert"), "export"),
    **dict.fromkeys(("optimize", "search", "sweep", "hpo"), "tune"),
    **dict.fromkeys(("why", "saliency", "gradcam", "interpret"), "explain"),
    **dict.fromkeys(("new", "setup", "create", "start"), "init"),
}
"""Names of commands in other tools."""
