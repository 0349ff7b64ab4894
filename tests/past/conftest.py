"""Old runs are looked at in the way of the tests of the command line."""

from tests.cli.conftest import nncli, place  # noqa: F401
