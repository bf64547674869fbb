#!/bin/sh
# Installs what the program and its tests need: Python packages into .venv, and a PostgreSQL to test against where the
# machine has none. Does nothing when nothing changed.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/.installed
wanted=$(cat requirements-dev.lock requirements-postgres.lock scripts/setup.sh | cksum)

if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    echo "Installing Python packages into .venv ..."
    [ -x .venv/bin/python ] || "${PYTHON:-python3}" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock

    if ! .venv/bin/python -c 'from tests.postgres import find_programs; find_programs()' 2>/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            echo "Installing PostgreSQL from Debian ..."
            apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
        else
            echo "Installing PostgreSQL as a Python package ..."
            .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-postgres.lock
        fi
    fi
    echo "$wanted" > "$stamp"
fi
