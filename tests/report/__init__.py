"""Tests of the report, some of them in a browser."""
