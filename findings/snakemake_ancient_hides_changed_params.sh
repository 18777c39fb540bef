#!/usr/bin/env bash
# Package: snakemake 9.27.1, rerun triggers input, mtime, params (all that it has by default, but for code and environment)
# Expected: ancient() says that the time of an input does not count. A job whose parameters changed runs, as it does when
#   its input was made long ago.
# Seen: while the job that makes the input runs in the same call, the job behind ancient() is not looked at: it is not
#   planned, although its own parameter changed. A second call then plans it. Without the change upstream it is planned.
# Matters: ancient() is the advice for weights and images that are made again with equal content. Two changes at once, one
#   upstream and one in a scoring job, leave old scores beside new predictions, and the run ends as complete.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet snakemake==9.27.1
cat > Snakefile <<'SMK'
rule all:
    input:
        "scores.txt",

rule images:
    output:
        "images.txt",
    params:
        window=config["window"],
    shell:
        "echo {params.window} > {output}"

rule scores:
    input:
        ancient("images.txt"),
    output:
        "scores.txt",
    params:
        tolerance=config["tolerance"],
    shell:
        "echo {params.tolerance} > {output}"
SMK
call() {
    venv/bin/snakemake --cores 1 --quiet all --rerun-triggers input mtime params --config "$@" > log.txt 2>&1 || { cat log.txt; exit 1; }
    echo "$*: images $(cat images.txt), scores $(cat scores.txt)"
}
call window=1 tolerance=1
call window=1 tolerance=2
[ "$(cat scores.txt)" = 2 ]   # the change of a parameter alone is seen
call window=2 tolerance=3
[ "$(cat images.txt) $(cat scores.txt)" = "2 2" ]   # scores are still those of tolerance 2
call window=2 tolerance=3
[ "$(cat scores.txt)" = 3 ]   # the same call again makes them
