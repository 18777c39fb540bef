#!/usr/bin/env bash
# Package: snakemake 9.27.1
# Expected: Snakemake notes checksums of a job's inputs, so that a newer time alone reruns nothing. It reads an input for that
#   once in a run, or at most once per job.
# Seen: after each job every input is read once for each of the job's outputs, and again after the next job with the same
#   input, though nothing has changed. Three jobs of four outputs read their common input twelve times, in the process
#   that starts jobs: none starts meanwhile. There is nothing to see of it, neither in the log nor in times of jobs.
# Matters: --max-checksum-file-size is raised where tables of images, in gigabytes, should not rerun hours of work because they
#   were copied; with a method per job and several tables per method that is read dozens of times, at about 1 GB a second.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet snakemake==9.27.1
head -c 500000 /dev/zero > images.bin
cat > Snakefile <<'SMK'
PARTS = ("masks", "scores", "clicks", "seconds")

rule all:
    input:
        expand("{part}_{method}", part=PARTS, method=("a", "b", "c")),

rule ask:
    input:
        "images.bin",
    output:
        touch(expand("{part}_{{method}}", part=PARTS)),
SMK
cat > count.py <<'PY'
import hashlib
import sys

from snakemake.cli import main

digest = hashlib.file_digest


def counted(file, algorithm):
    with open("reads", "a") as reads:
        print(getattr(file, "name", "nothing"), file=reads)
    return digest(file, algorithm)


hashlib.file_digest = counted
main(sys.argv[1:])
PY
venv/bin/python count.py --cores 1 --quiet all > log.txt 2>&1 || { cat log.txt; exit 1; }
reads=$(grep -c '^images.bin$' reads)
echo "3 jobs of 4 outputs: their common input was read $reads times"
[ "$reads" -eq 12 ]
