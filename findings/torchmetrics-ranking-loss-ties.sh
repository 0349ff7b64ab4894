#!/bin/sh
# torchmetrics 1.9.0 (torch 2.13.0): the ranking loss of labels that have the same score depends on the order of the
# classes: ties are broken by place, and the later class counts as the higher one.
# Its source, Tsoumakas et al. (2010), and scikit-learn count a pair as wrong unless the right label has more.
# Seen for scores 0.5, 0.5: 1 where the first label is right and 0 where the second is; for 1, 1, 1, 0 (sigmoids in float32
# say exactly 1 from about 17 on) 0.667 where the first is right, 0 where the third is. scikit-learn 1.9.1: 1 and 0.667,
# in any order. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import torch
import torchmetrics
from torchmetrics.functional.classification import multilabel_ranking_loss

print(f"torchmetrics {torchmetrics.__version__}")
found = []
for scores, places in (([0.5, 0.5], (0, 1)), ([1.0, 1.0, 1.0, 0.0], (0, 1, 2))):
    losses = []
    for place in places:
        truth = torch.zeros(1, len(scores), dtype=torch.int64)
        truth[0, place] = 1
        losses.append(round(multilabel_ranking_loss(torch.tensor([scores]), truth, len(scores)).item(), 3))
    print(f"scores {scores}, the right label at place {places}: {losses}")
    found.append(losses)
raise SystemExit(0 if found == [[1, 0], [0.667, 0.333, 0]] else 1)
PYTHON
