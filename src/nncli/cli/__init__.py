"""The command line: one file per command, each with a click command named `command`; main.py puts them together.

Results go to stdout, everything for people to stderr (messages.py). A command file imports nothing at its top that
imports NumPy or Pillow, so that ``--help`` and a misspelt option answer at once.
"""
