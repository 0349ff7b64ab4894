#!/bin/sh
# MNN 3.6.1 (PyPI): the command `mnnconvert` runs `pip install -U aliyun-log-python-sdk` in whatever environment is first
# on the path, without a question and without a word in its documentation; the import of MNN.tools.utils.log does it.
# Seen: with the real pip it replaced protobuf 7.36 by 5.29.6, after which onnx 1.23.2 could not be imported any more.
# Here a stand-in for pip writes down what it is asked and refuses, so nothing is installed and nothing is sent.
# A way around: `import _tools; _tools.mnnconvert(["", "-f", "ONNX", ...])`, the converter alone.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    MNN==3.6.1 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
mkdir "$folder/bin"
printf '#!/bin/sh\necho "pip $*" >> "%s/asked"\nexit 1\n' "$folder" > "$folder/bin/pip"
chmod +x "$folder/bin/pip"
PATH="$folder/bin:$PATH" "$folder/venv/bin/mnnconvert" --version > "$folder/out" 2>&1 || true
cat "$folder/asked" 2> /dev/null || { echo "mnnconvert asked pip for nothing"; exit 1; }
grep -q "pip install -U aliyun-log-python-sdk" "$folder/asked"
