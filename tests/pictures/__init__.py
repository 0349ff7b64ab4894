"""Tests of the pictures that explain."""
