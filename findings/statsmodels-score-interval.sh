#!/bin/sh
# statsmodels 0.15.0 with scipy 1.17.1: the score interval of a difference of two proportions ends in an error for one in
# six ordinary pairs, 90 and 80 of 100 right among them: "f(a) and f(b) must have different signs", or a NaN in the solver.
# Seen: of all pairs of 5, 10, ... 95 of 100, 305 have an interval, 56 an error. method="newcomb" and "agresti-caffo" have
# one for each.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import warnings

import scipy
import statsmodels
from statsmodels.stats.proportion import confint_proportions_2indep

warnings.simplefilter("ignore")
errors = {method: {} for method in ("score", "newcomb", "agresti-caffo")}
for first in range(5, 100, 5):
    for second in range(5, 100, 5):
        for method, failed in errors.items():
            try:
                confint_proportions_2indep(first, 100, second, 100, method=method)
            except ValueError as error:
                failed[first, second] = str(error)
counts = {method: len(failed) for method, failed in errors.items()}
print(f"statsmodels {statsmodels.__version__}, scipy {scipy.__version__}: errors of 361 pairs: {counts}")
print("90 and 80 of 100, score:", errors["score"].get((90, 80), "no error"))
as_seen = counts == {"score": 56, "newcomb": 0, "agresti-caffo": 0} and (90, 80) in errors["score"]
raise SystemExit(0 if as_seen else 1)
PYTHON
