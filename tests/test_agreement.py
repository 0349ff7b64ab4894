"""The numbers that other libraries have, too (docs/agreement.md), from those that are installed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from benchmarks import agreement

LARGEST = {"temperature, to four digits": 1e-4}
"""Where more than rounding is lost."""

ASKED = {
    name: (module, agreement.LIBRARIES[name])
    for name, module in (
        ("torch", "torch"),
        ("optax", "optax"),
        ("scikit-learn", "sklearn"),
        ("netcal", "netcal"),
        ("scipy", "scipy"),
        ("cleanlab", "cleanlab"),
    )
}
ASKED["torch"] = ("torch", partial(agreement.of_torch, rounds=1))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ASKED)
def test_a_library_computes_the_same(name: str) -> None:
    """But for rounding."""
    module, compared = ASKED[name]
    pytest.importorskip(module)
    for what, _, found in compared():
        assert float(found.split()[0]) <= LARGEST.get(what, 1e-12), what


def test_the_document_has_a_row_of_each() -> None:
    """As the command wrote them."""
    text = Path(agreement.DOCUMENT).read_text()
    rows = text.partition(agreement.BEGIN)[2].partition(agreement.END)[0].splitlines()[2:]
    assert list(agreement.LIBRARIES) == list(dict.fromkeys(row.split()[1] for row in rows))
