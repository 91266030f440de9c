#!/usr/bin/env bash
# Makes every fault of docs/measurements/faults.md to real processes and writes what came of it:
#   eng/faults.sh [--filter EXPRESSION] [--report FILE]      default report: artifacts/faults.md
# Needs PostgreSQL's programs; root's rights, iproute2, nftables and libfaketime for partitions, the small disk and wrong clocks. What is missing fails.
# The short form of the same faults is part of ./test.sh.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
report=artifacts/faults.md; filter=()
while (($#)); do
  case $1 in
    --filter) filter=(--filter "${2:?--filter needs an expression}"); shift ;;
    --report) report=${2:?--report needs a file}; shift ;;
    *) sed -n '2,5p' "$0"; exit 2 ;;
  esac
  shift
done
mkdir -p "$(dirname "$report")"; report=$(realpath -m "$report")
load() { cut -d' ' -f1 /proc/loadavg; }
{
  echo "Commit $(git describe --always --dirty 2>/dev/null || echo unknown), $(date -u +%FT%RZ), $(nproc) processors, load average before: $(load)."
  echo
  echo '| fault | how it was made | what came of it |'
  echo '|---|---|---|'
} >"$report"
dotnet build tests/Faults -c Release -v quiet --nologo
code=0
ENERGYTTT_FAULTS=long ENERGYTTT_FAULTS_REPORT=$report \
  dotnet test tests/Faults -c Release --no-build --nologo "${filter[@]}" --logger "console;verbosity=normal" || code=$?
{ echo; if ((code == 0)); then echo "Every fault was survived as it must be; load average after: $(load)."; else echo "**Some faults were not survived as they must be** (see the log of the run); load average after: $(load)."; fi; } >>"$report"
cat "$report"
exit $code
