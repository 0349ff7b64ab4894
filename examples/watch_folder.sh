#!/usr/bin/env bash
# Watch a folder and predict every image that arrives: one line each, path, label, probability, until Ctrl-C.
#   examples/watch_folder.sh MODEL FOLDER [SECONDS]      looks every SECONDS (2)
# The model is loaded once. A file is looked at when nobody has written to it for a second.
set -euo pipefail

if [[ $# -lt 2 || $# -gt 3 ]]; then
  sed -n 's/^# \{0,1\}//; 2,4p' "$0" >&2
  exit 2
fi
model=$1 folder=${2%/} pause=${3:-2}
[[ -d $folder ]] || { echo "$folder: no such folder" >&2; exit 2; }
nncli show "$model" > /dev/null # says at once if there is no such model

new_files() {
  local -A seen
  local file
  while true; do
    while IFS= read -r -d '' file; do
      [[ -z ${seen[$file]+x} ]] || continue
      seen[$file]=1
      printf '%s\0' "$file"
    done < <(find "$folder/" -type f ! -name '.*' ! -newermt '1 second ago' \
      \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.png' -o -iname '*.webp' -o -iname '*.gif' \) -print0 | sort -z)
    sleep "$pause"
  done
}

new_files | nncli predict -m "$model" --files-from - -0
