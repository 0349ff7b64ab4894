"""Tests of nncli.data."""
