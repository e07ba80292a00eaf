#!/bin/sh
# Make .venv with the tool in it, as requirements.txt pins it. Does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/.bootstrapped

if cmp -s requirements.txt "$stamp"; then
    exit 0
fi
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo 'bootstrap: Python 3.11 or newer is needed. macOS: brew install python@3.13' >&2
    exit 1
fi
[ -x .venv/bin/python ] || python3 -m venv .venv
rm -f "$stamp"
.venv/bin/python -m pip --disable-pip-version-check --quiet --no-input install --requirement requirements.txt
cp requirements.txt "$stamp"
