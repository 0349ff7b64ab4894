#!/bin/sh
# torchmetrics 1.9.0 (torch 2.13.0): the area under the ROC curve with thresholds= leaves out all that lies at
# probability 1, because the curve begins at "at least 1" instead of at (0, 0). In float32 a softmax says exactly 1 from
# about 17 on, so a trained network's certain answers are what is left out. More thresholds do not help.
# Seen: four answers of 1.0, two of them right: 0.0 instead of 0.5; 1, 1, 0.2, 0.1 for 1, 0, 0, 1: 0.25 instead of 0.375,
# which thresholds=None has (scikit-learn, too). Multiclass likewise. Thresholds are offered to save memory.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import torch
import torchmetrics
from torchmetrics.functional.classification import binary_auroc, multiclass_auroc

print(f"torchmetrics {torchmetrics.__version__}")
found = []
for scores, truth in (([1.0, 1.0, 1.0, 1.0], [0, 1, 0, 1]), ([1.0, 1.0, 0.2, 0.1], [1, 0, 0, 1])):
    given = torch.tensor(scores), torch.tensor(truth)
    areas = [binary_auroc(*given, thresholds=thresholds).item() for thresholds in (None, 11, 10001)]
    print(f"{scores} for {truth}: exact {areas[0]}, 11 and 10001 thresholds {areas[1:]}")
    found.append(areas)
logits = torch.tensor([[20.0, 0.0], [20.0, 0.0], [0.0, 20.0], [0.0, 20.0]])
given = logits.softmax(1), torch.tensor([0, 1, 0, 1])
areas = [multiclass_auroc(*given, num_classes=2, thresholds=thresholds).item() for thresholds in (None, 1001)]
print(f"softmax of two classes, half of them right: exact {areas[0]}, 1001 thresholds {areas[1]}")
raise SystemExit(0 if [*found, areas] == [[0.5, 0, 0], [0.375, 0.25, 0.25], [0.5, 0.375]] else 1)
PYTHON
