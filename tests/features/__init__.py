"""Tests of nncli.features."""
