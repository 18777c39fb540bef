#!/usr/bin/env bash
# Package: snakemake 9.27.1 with its default limit of jobs, --max-jobs-per-timespan 100/1s
# Expected: while one long job has the only core and another one waits, Snakemake looks for jobs to start when one ends, and
#   for the limit at most once a second.
# Seen: it looks as often in a second as jobs have ended so far. After each look a timer of one second is set, though others are
#   running; each makes it look, which sets the next. Behind 60 quick jobs it looks 60 times a second, and every look works out
#   resources and sizes of inputs of all waiting jobs again. The timers die out only at a moment when no job waits.
# Matters: runs of many small jobs (one per image and method) beside long ones: the process that starts the jobs takes time of
#   their cores, and asks the disk for the same files over and over.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet snakemake==9.27.1
cat > Snakefile <<'SMK'
QUICK = expand("quick/{number}", number=range(config["quick"]))

rule all:
    input:
        QUICK,
        "long.txt",
        "last.txt",

rule quick:
    output:
        touch("quick/{number}"),
    priority: 2

rule long:
    output:
        touch("long.txt"),
    priority: 1
    shell:
        "date +%s.%N > start; sleep 4; date +%s.%N > end"

rule last:
    output:
        touch("last.txt"),
SMK
cat > count.py <<'PY'
import sys
import time

from snakemake.cli import main
from snakemake.scheduling.job_scheduler import JobScheduler

select = JobScheduler.job_selector


def look(self, jobs):
    with open("looks", "a") as file:
        print(time.time(), file=file)
    return select(self, jobs)


JobScheduler.job_selector = look
main(sys.argv[1:])
PY
run() {
    rm -rf quick long.txt last.txt looks
    venv/bin/python count.py --cores 1 --quiet all --config "quick=$1" > log.txt 2>&1 || { cat log.txt; exit 1; }
    looks=$(awk -v start="$(cat start)" -v end="$(cat end)" 'start < $1 && $1 < end' looks | wc -l)
    echo "after $1 quick jobs: $looks looks during the 4 s of the long job"
}
run 1
few=$looks
run 60
[ "$few" -le 12 ] && [ "$looks" -ge 120 ]
