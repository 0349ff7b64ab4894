#!/bin/sh
# mlxtend 0.25.0: proportion_difference() gives a p-value that is large for a large difference: it is the probability of a
# smaller z. The order of the two decides, and its docstring says neither.
# Seen: 90 against 80 of 100 right: p = 0.977, read as "no difference"; 80 against 90: 0.023; 99 against 1: 1.
# The same z in a test of two sides has p = 0.0455, statsmodels 0.15.0 with pooled variance 0.0477.
# Who compares p with 0.05 never finds a first model that is better.
# nncli compare tests pairs of answers (McNemar's exact test). Exit code 0: still so; 1: it behaves otherwise now;
# 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    mlxtend==0.25.0 statsmodels==0.15.0 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import mlxtend
from mlxtend.evaluate import proportion_difference
from scipy.stats import norm
from statsmodels.stats.proportion import proportions_ztest

found = []
for first, second in ((90, 80), (80, 90), (99, 1)):
    z, p = proportion_difference(first / 100, second / 100, n_1=100)
    _, pooled = proportions_ztest([first, second], [100, 100])
    print(f"mlxtend {mlxtend.__version__}, {first} and {second} of 100: z {z:.3f}, p {p:.3f}; ", end="")
    print(f"two-sided {2 * norm.sf(abs(z)):.4f}, pooled {pooled:.4f}")
    found.append(round(p, 3))
raise SystemExit(0 if found == [0.977, 0.023, 1] else 1)
PYTHON
