#!/usr/bin/env bash
# Package: snakemake 9.27.1, --max-jobs-per-timespan
# Expected: "50/1m" (the example of the option's help) starts at most 50 jobs a minute. A run of one job that touches a file
#   takes a second or two, as without the option.
# Seen: after the last job the process stays until the time span is over: after each look for jobs it sets a timer in a thread
#   that Python waits for at its end. With 100/10s the call takes 10 s longer than with 100/1s, though one job of 100 was
#   started, the log says "1 of 1 steps (100%) done" and all files are there.
# Matters: limits for a cluster's queue are given per minute or hour ("100/1h"). A finished run then holds its shell, its
#   allocation or the next step of a pipeline for that long.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet snakemake==9.27.1
cat > Snakefile <<'SMK'
rule one:
    output:
        touch("one.txt"),
SMK
# Seconds from the file to the end of the process.
stays() {
    rm -f one.txt
    venv/bin/snakemake --cores 1 --max-jobs-per-timespan "$1" > log.txt 2>&1 || { cat log.txt; exit 1; }
    grep --quiet "1 of 1 steps (100%) done" log.txt
    seconds=$(($(date +%s) - $(stat --format %Y one.txt)))
    echo "limit $1: the process ended $seconds s after its only job"
}
stays 100/1s
short=$seconds
stays 100/10s
[ "$short" -le 5 ] && [ "$seconds" -ge 8 ]
