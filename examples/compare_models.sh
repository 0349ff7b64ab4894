#!/usr/bin/env bash
# Compare two models on the same images: which is better, whether that can be chance, and where they differ.
#   examples/compare_models.sh MODEL_A MODEL_B FOLDER      FOLDER: one folder per class
# stdout: one line for each image that they answer differently: path, class, both answers. Images that trained one of
# the models are left out. Exit code 4: B is worse than A by more than chance.
set -euo pipefail

if [[ $# -ne 3 ]]; then
  sed -n 's/^# \{0,1\}//; 2,5p' "$0" >&2
  exit 2
fi
differences=$(mktemp)
trap 'rm -f "$differences"' EXIT
code=0
nncli compare "$1" "$2" "$3" --gate not-worse --differences "$differences" >&2 || code=$?
[[ $code -eq 0 || $code -eq 3 || $code -eq 4 ]] || exit "$code"
tail -n +2 "$differences"
exit "$code"
