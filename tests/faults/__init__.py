"""Faults on purpose: each module has a `sweep`, short in the tests and long from the command line."""
