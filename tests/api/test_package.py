"""``import nncli``: quick, and complete."""

from __future__ import annotations

import subprocess
import sys

import pytest

import nncli


def test_the_import_alone_loads_nothing_heavy() -> None:
    """The command line imports the package too."""
    program = "import sys, nncli; print(nncli.__version__, *{'numpy', 'PIL', 'yaml', 'click'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert f"{nncli.__version__}\n" == result.stdout


def test_loading_does_not_import_training() -> None:
    """As little as `nncli predict` does."""
    program = "import sys; from nncli import load; print(*{'yaml', 'nncli.training', 'click'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "\n" == result.stdout


@pytest.mark.parametrize("name", nncli.__all__)
def test_every_name_is_there(name: str) -> None:
    """What `from nncli import *` promises; it also shows in a shell."""
    assert getattr(nncli, name)
    assert name in dir(nncli)


def test_another_name_is_an_attribute_error() -> None:
    """As in any module."""
    with pytest.raises(AttributeError, match="module 'nncli' has no attribute 'lode'"):
        nncli.lode  # type: ignore[attr-defined]  # noqa: B018
