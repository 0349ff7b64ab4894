#!/usr/bin/env bash
# Compare two models on the same images: how often they agree, which is right more often, and where they differ.
#   examples/compare_models.sh MODEL_A MODEL_B FOLDER
# stdout: one line for each image that they disagree on, with both answers. An answer counts as right if the image lies
# in a folder of that name; for unsorted images leave the figures aside.
set -euo pipefail

if [[ $# -ne 3 ]]; then
  sed -n 's/^# \{0,1\}//; 2,5p' "$0" >&2
  exit 2
fi
folder=${3%/}
mapfile -d '' -t images < <(find "$folder/" -type f \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.png' \
  -o -iname '*.webp' -o -iname '*.gif' -o -iname '*.bmp' \) -print0 | sort -z)
[[ ${#images[@]} -gt 0 ]] || { echo "no images in $folder" >&2; exit 1; }

answers=$(mktemp -d)
trap 'rm -rf "$answers"' EXIT
code=0
for which in 1 2; do # one label a line for each image; exit code 3: an image could not be read, its line is empty
  printf '%s\0' "${images[@]}" | nncli predict -m "${!which}" --files-from - -0 -f label > "$answers/$which" || code=$?
  [[ $code -eq 0 || $code -eq 3 ]] || exit "$code"
done
mapfile -t a < "$answers/1"
mapfile -t b < "$answers/2"

same=0 right_a=0 right_b=0
for k in "${!images[@]}"; do
  class=${images[k]%/*} class=${class##*/}
  [[ ${a[k]} != "$class" ]] || right_a=$((right_a + 1))
  [[ ${b[k]} != "$class" ]] || right_b=$((right_b + 1))
  if [[ ${a[k]} == "${b[k]}" ]]; then
    same=$((same + 1))
  else
    printf '%q\t%s\t%s\n' "${images[k]}" "${a[k]}" "${b[k]}"
  fi
done
echo "they agree on $same of ${#images[@]} images; right: A $right_a, B $right_b" >&2
exit "$code"
