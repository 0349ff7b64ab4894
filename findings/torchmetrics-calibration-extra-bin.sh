#!/bin/sh
# torchmetrics 1.9.0 (torch 2.13.0): the calibration error has n_bins + 1 bins: answers of confidence exactly 1, which a
# float32 softmax says from a distance of about 17 on, are a bin of their own beside the last one.
# Its documentation: n_bins, the "number of bins". Guo et al. (2017): M bins, 1.0 in the last. With one bin the error is
# |mean confidence - accuracy|.
# Seen: ten answers of 0.92, all right, ten of 1.0, eight right: 0.14 for 1, 5 and 10 bins instead of 0.96 - 0.9 = 0.06.
# Who compares figures with another program's compares something else. nncli puts 1.0 in the last bin.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import torch
import torchmetrics
from torchmetrics.functional.classification import multiclass_calibration_error

confidence = torch.tensor([0.92] * 10 + [1.0] * 10)
right = torch.tensor([1] * 18 + [0] * 2)
probabilities = torch.stack([1 - confidence, confidence], dim=1)
expected = abs(confidence.mean() - right.float().mean()).item()
errors = [round(multiclass_calibration_error(probabilities, right, 2, n_bins=n).item(), 4) for n in (1, 5, 10)]
print(f"torchmetrics {torchmetrics.__version__}, 1, 5 and 10 bins: {errors}; all lie in one bin: {expected:.4f}")
raise SystemExit(0 if errors == [0.14] * 3 and abs(expected - 0.06) < 1e-6 else 1)
PYTHON
