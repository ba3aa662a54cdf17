#!/bin/sh
# Choose versions anew and write requirements*.txt: every file by hash, for every platform, naming no download address.
# Usage: sh scripts/lock.sh PATH-TO-UV
set -eu
uv="$1"
lock() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$@"
}
lock pyproject.toml --extra demo --group build --output-file requirements.txt
lock pyproject.toml --extra demo --group dev --constraint requirements.txt --output-file requirements-dev.txt
lock pyproject.toml --group linkage --constraint requirements-dev.txt --output-file requirements-linkage.txt
