"""Tests of the five parts."""
