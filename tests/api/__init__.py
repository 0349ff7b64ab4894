"""Tests of nncli as a Python package."""
