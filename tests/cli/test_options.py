"""Options that several commands share."""

from __future__ import annotations

import click
import pytest

from nncli.cli.options import Share


@pytest.mark.parametrize(("text", "number"), [("0", 0.0), ("1", 1.0), ("0.9", 0.9), ("5e-1", 0.5)])
def test_a_share_is_a_number_from_0_to_1(text: str, number: float) -> None:
    """Both ends count."""
    assert number == Share().convert(text, None, None)


@pytest.mark.parametrize("text", ["-0.1", "1.1", "90", "nan", "inf", "", "x"])
def test_anything_else_is_a_usage_error(text: str) -> None:
    """NaN too: nothing is below it, and every gate would be open."""
    with pytest.raises(click.BadParameter):
        Share().convert(text, None, None)
