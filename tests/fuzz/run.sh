#!/usr/bin/env bash
# Tries every operation of the OpenAPI document with a schema fuzzer against a real server on loopback, then reads its metrics with the
# parser of Prometheus' client library. Fails on any finding.
# Usage: tests/fuzz/run.sh [server binary]
set -euo pipefail
cd "$(dirname "$0")/../.."
server=${1:-target/debug/plexi-server}
here=tests/fuzz
venv=target/fuzz/venv
if ! cmp --silent "$here/requirements.txt" "$venv/requirements.txt"; then
    rm -rf "$venv"
    mkdir -p target/fuzz
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --no-deps --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
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
export FUZZ_ADDRESS="http://127.0.0.1:$port"
export SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1
"$venv/bin/python" "$here/accounts.py" "$FUZZ_ADDRESS" "$folder/out"

# phase NAME SECONDS [OPTION..]: fuzzes as this account, with a new session after so many seconds (0: for every request).
phase() {
    echo "== as $1"
    FUZZ_NAME=$1 FUZZ_SESSION_SECONDS=$2 "$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run \
        "$FUZZ_ADDRESS/api/v1/openapi.json" --checks all --max-examples "${FUZZ_EXAMPLES:-15}" --seed 1 --workers 1 \
        --suppress-health-check all --no-color "${@:3}"
}
# What ends the fuzzer's own session has an account and a session for every request of its own.
ends_sessions='/auth/(sign-out|password|sessions)'
phase admin 300 --exclude-path-regex "$ends_sessions"
phase leaver 0 --include-path-regex "$ends_sessions"
# What somebody without power may do is told by no schema; but no answer may be a failure or of another shape than is said.
phase member 300 --exclude-path-regex "$ends_sessions" --exclude-checks positive_data_acceptance
"$venv/bin/python" "$here/metrics.py" "$FUZZ_ADDRESS"
if grep -q ' ERROR ' "$folder/err" "$folder"/data/logs/latest.txt 2>/dev/null; then
    echo "the server logged errors while it was fuzzed:" >&2
    grep -h ' ERROR ' "$folder/err" "$folder"/data/logs/latest.txt | head -20 >&2
    exit 1
fi
