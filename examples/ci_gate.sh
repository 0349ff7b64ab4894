#!/usr/bin/env bash
# Gate a CI job on accuracy: fails if a model is worse on labeled images than it should be, and says where.
#   examples/ci_gate.sh MODEL DATA [MINIMUM]      MINIMUM: accuracy from 0 to 1 (0.9)
# Exit code 0: good enough; 4: not, or all images trained the model; anything else: it could not be measured.
# wrong.csv lists the wrong images.
set -euo pipefail

if [[ $# -lt 2 || $# -gt 3 ]]; then
  sed -n 's/^# \{0,1\}//; 2,5p' "$0" >&2
  exit 2
fi
model=$1 data=$2 minimum=${3:-0.9}

code=0
nncli evaluate "$data" -m "$model" --fail-under "$minimum" --wrong wrong.csv || code=$?
if [[ $code -eq 4 ]]; then
  echo "the surest mistakes:" >&2
  head -n 6 wrong.csv >&2
fi
exit "$code"
