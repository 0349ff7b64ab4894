#!/bin/sh
# torchmetrics 1.9.0 (torch 2.13.0): the Matthews correlation of a classifier that always says the same is nearly 1 or -1
# where classes are unbalanced. Such answers have no covariance with anything: scikit-learn says 0. The code has special
# cases for tables with an empty row or column, which divide one small number by another of its size.
# Seen: 99 of 100 are 1: always 1 has 0.985, always 0 has -0.985; 60 of 100: 0.041; 50 of 100: 0. With a third class,
# which nobody has, 0. The coefficient is chosen because classes are unbalanced, so early stopping by it stops at
# such a network. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import torch
import torchmetrics
from torchmetrics.functional.classification import binary_matthews_corrcoef, multiclass_matthews_corrcoef

found = {}
for positive in (99, 60, 50):
    truth = torch.tensor([1] * positive + [0] * (100 - positive))
    always = torch.ones_like(truth)
    found[positive] = [round(binary_matthews_corrcoef(answer, truth).item(), 3) + 0 for answer in (always, 1 - always)]
    third = multiclass_matthews_corrcoef(always, truth, num_classes=3).item()
    print(f"torchmetrics {torchmetrics.__version__}, {positive} of 100 are 1: always 1, always 0: {found[positive]}", end="")
    print(f"; with a third class: {third}")
    found[positive].append(third)
as_seen = {99: [0.985, -0.985, 0], 60: [0.041, -0.041, 0], 50: [0, 0, 0]}
raise SystemExit(0 if found == as_seen else 1)
PYTHON
