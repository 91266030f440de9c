#!/usr/bin/env bash
# kill -9 of the product at random moments under load: eng/kill-test.sh [kills] [report.json] [seed]
set -euo pipefail
cd "$(dirname "$0")/.."
export ENERGYTTT_KILLS="${1:-20}"
export ENERGYTTT_KILL_REPORT="${2:-}"
export ENERGYTTT_KILL_SEED="${3:-1}"
[ -z "$ENERGYTTT_KILL_REPORT" ] || ENERGYTTT_KILL_REPORT="$(realpath -m "$ENERGYTTT_KILL_REPORT")"
dotnet test tests/Faults -c Release --filter "FullyQualifiedName~Kills.KillTests" --logger "console;verbosity=normal"
