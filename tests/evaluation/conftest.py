"""Tests of labeled folders work in an empty folder of their own."""

from tests.cli.conftest import place

__all__ = ["place"]
