#!/bin/sh
# mlxtend 0.25.0: mcnemar() says p = 0 for two classifiers that never disagree.
# Seen: for the table [[90, 0], [0, 10]] chi-squared is infinite and p 0.0, the strongest possible difference, between two
# classifiers with the same answers; exact=True says 1.0. With one disagreement each way, where neither is better, the
# corrected statistic is 0.5 instead of 0, because |b - c| - 1 is squared while it is negative.
# nncli compare uses the exact test. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    mlxtend==0.25.0 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from mlxtend.evaluate import mcnemar, mcnemar_table

truth = np.repeat([0, 1], 50)
answers = truth.copy()
answers[::10] = 1 - answers[::10]
same = mcnemar_table(y_target=truth, y_model1=answers, y_model2=answers)
chi_squared, p = mcnemar(ary=same)
_, exact = mcnemar(ary=same, exact=True)
print(f"the same answers twice, {same.tolist()}: chi-squared {chi_squared}, p {p}; exact p {exact}")
once, _ = mcnemar(ary=np.array([[90, 1], [1, 8]]))
print(f"one disagreement each way: chi-squared {once}")
raise SystemExit(0 if (p, exact, once) == (0, 1, 0.5) and np.isinf(chi_squared) else 1)
PYTHON
