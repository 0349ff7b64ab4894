"""Faults on purpose, and what must be whole after them: `python -m tests.faults` runs the long sweeps.

Each sweep is a module with a function `sweep(n)`, which raises AssertionError at the first broken promise and returns a
line of figures. The tests run the same code with a small n. docs/reliability.md has the promises and the last figures.
"""
