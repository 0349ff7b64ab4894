"""Benchmarks against peers; `python -m benchmarks` runs all and writes docs/benchmarks.md.

Each module answers one question, runs alone as `python -m benchmarks.<module>`, and prints a table. Every measurement
is a process of its own; opponents take turns for several rounds, and the median of the rounds counts. Variables that
tell a BLAS library what to do are taken out of the environment: every opponent decides for itself.
"""
