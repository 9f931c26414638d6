#!/usr/bin/env bash
# Tries every operation of the OpenAPI document with a schema fuzzer against a real server on loopback. Fails on any finding.
# Usage: tests/fuzz/run.sh [server binary]
set -euo pipefail
cd "$(dirname "$0")/../.."
server=${1:-target/debug/plexi-server}
venv=target/fuzz/venv
if [ ! -x "$venv/bin/schemathesis" ]; then
    mkdir -p target/fuzz
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "schemathesis>=4,<5"
fi
folder=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$server" --set "server.listen=127.0.0.1:$port" --set "server.data_dir=$folder/data" >"$folder/out" 2>"$folder/err" &
pid=$!
finish() {
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
token=$(python3 tests/fuzz/sign_in.py "http://127.0.0.1:$port" "$folder/out")
# What ends the fuzzer's own session would turn every later answer into 401.
"$venv/bin/schemathesis" --config-file tests/fuzz/schemathesis.toml run "http://127.0.0.1:$port/api/v1/openapi.json" \
    --header "Authorization: Bearer $token" \
    --checks all --max-examples "${FUZZ_EXAMPLES:-15}" --seed 1 --workers 1 --suppress-health-check all \
    --exclude-path-regex '/auth/(sign-out|password|sessions)' \
    --no-color
if grep -q ' ERROR ' "$folder/err" "$folder"/data/logs/latest.txt 2>/dev/null; then
    echo "the server logged errors while it was fuzzed:" >&2
    grep -h ' ERROR ' "$folder/err" "$folder"/data/logs/latest.txt | head -20 >&2
    exit 1
fi
