#!/usr/bin/env bash
# Installs what the tests need, runs every test and ends with the line "N passed, N failed".
#   ./test.sh [--filter EXPRESSION] [room...]     e.g. ./test.sh History Grains
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
# shellcheck source=eng/prepare.sh
source eng/prepare.sh

rooms=(); filter=()
while (($#)); do
  case $1 in
    --filter) filter=(--filter "$2"); shift ;;
    -h|--help) sed -n '2,3p' "$0"; exit 0 ;;
    *) rooms+=("$1") ;;
  esac
  shift
done

need_dotnet; need_postgres; need_node; need_compiler; need_chromium; need_python

results=artifacts/test-results; rm -rf "$results"; mkdir -p "$results"
say "building (Release, warnings are errors)"
dotnet build EnergyTTT.sln -c Release -v quiet --nologo || { echo "the build failed: no test was run" >&2; echo "0 passed, 1 failed"; exit 1; }
# The browser tests look at the product as it is shipped.
if ((${#rooms[@]} == 0)) || [[ " ${rooms[*]} " == *" EndToEnd "* ]]; then
  ./run.sh --build || { echo "0 passed, 1 failed"; exit 1; }
fi

broken=0; started=$SECONDS
for project in tests/*.Tests tests/Faults; do
  name=$(basename "$project"); room=${name%.Tests}
  if ((${#rooms[@]})) && [[ " ${rooms[*]} " != *" $room "* ]]; then continue; fi
  # Faults that need root's rights or minutes are eng/faults.sh's.
  chosen=("${filter[@]}")
  if [[ $room == Faults ]]; then chosen=(--filter "Form!=long${filter[1]:+&(${filter[1]})}"); fi
  say "testing $name"
  t=$SECONDS
  # A test that hangs must not hang the run: ten minutes without a finished test end the room with a dump of its name.
  dotnet test "$project" -c Release --no-build --nologo -v quiet "${chosen[@]}" \
    --logger "trx;LogFileName=$PWD/$results/$name.trx" --logger "console;verbosity=minimal" --blame-hang-timeout 10m --blame-hang-dump-type none --results-directory "$results/$name" || broken=1
  printf '%s took %d s\n' "$name" $((SECONDS - t)) >&2
  [[ -s $results/$name.trx ]] || { echo "$name wrote no results" >&2; broken=1; missing=$((${missing:-0} + 1)); }
done

count() { cat "$results"/*.trx 2>/dev/null | grep -o '<Counters [^>]*' | grep -oE " $1=\"[0-9]+\"" | grep -oE '[0-9]+' | awk '{n+=$1} END {print n+0}'; }
passed=$(count passed); failed=$(( $(count failed) + $(count error) + $(count timeout) + $(count aborted) + ${missing:-0} ))
# A test that should run and did not is a failure here: nothing in this house is skipped silently.
not_run=$(( $(count total) - $(count passed) - $(count failed) ))
if ((not_run > 0)); then echo "$not_run tests were skipped or not executed; in this house that is a failure" >&2; failed=$((failed + not_run)); fi
if ((broken && failed == 0)); then failed=1; fi
printf 'tests took %d s\n' $((SECONDS - started)) >&2
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
