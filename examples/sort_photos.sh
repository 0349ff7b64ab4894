#!/usr/bin/env bash
# Sort a camera roll into folders, one for each class that a model knows.
#   examples/sort_photos.sh MODEL FROM TO            copies; FROM stays as it is
#   examples/sort_photos.sh MODEL FROM TO --move     moves
# Photos that the model is not sure about go to TO/unsure; set SURE to change what that means (0.6).
# Photos that cannot be read stay where they are; nothing that exists in TO is replaced.
set -euo pipefail

if [[ $# -lt 3 || $# -gt 4 || ${4---move} != --move ]]; then
  sed -n 's/^# \{0,1\}//; 2,6p' "$0" >&2
  exit 2
fi
model=$1 from=${2%/} to=${3%/}
if [[ ${4-} == --move ]]; then action="mv"; else action="cp"; fi

# Names end with NUL, so that spaces, quotes and newlines in them are just letters.
mapfile -d '' -t photos < <(find "$from/" -type f \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.png' \
  -o -iname '*.webp' -o -iname '*.gif' -o -iname '*.tif' -o -iname '*.tiff' -o -iname '*.bmp' \) -print0 | sort -z)
[[ ${#photos[@]} -gt 0 ]] || { echo "no photos in $from" >&2; exit 0; }

# One label a line for each photo, in the same order; an empty one for a photo that cannot be read (exit code 3).
labels=$(mktemp)
trap 'rm -f "$labels"' EXIT
code=0
printf '%s\0' "${photos[@]}" |
  nncli predict -m "$model" --files-from - -0 -f label --threshold "${SURE:-0.6}" --unknown-label unsure > "$labels" || code=$?
[[ $code -eq 0 || $code -eq 3 ]] || exit "$code"
mapfile -t classes < "$labels"

for k in "${!photos[@]}"; do
  photo=${photos[k]} class=${classes[k]}
  [[ -n $class && $class != */* && $class != .* ]] || continue
  mkdir -p "$to/$class"
  name=${photo##*/}
  target=$to/$class/$name
  for ((n = 2; ; n++)); do # another photo of this name, from another folder, has come before
    [[ -e $target || -L $target ]] || break
    target=$to/$class/${name%.*}-$n.${name##*.}
  done
  "$action" -- "$photo" "$target"
done
for folder in "$to"/*/; do
  printf '%6d %s\n' "$(find "$folder" -type f -printf x | wc -c)" "$folder"
done
exit "$code"
