#!/usr/bin/env bash
# Package: snakemake 9.27.1, a group of jobs on a cluster with --keep-incomplete (any executor, here
#   snakemake-executor-plugin-cluster-generic 1.0.9 with a submit command that starts the job in the background)
# Expected: --keep-incomplete leaves the file of a failed job where it is. What an earlier run left for a job of the group
#   that never started is still of the old parameters, so that the next call makes it.
# Seen: when one job fails, the main process records all jobs of its group as finished with today's parameters. The files of
#   those that never started hold the old value, and the next call, after the mending, says that all requested files are
#   present and up to date. (Without the option all files of the group are deleted, also of jobs that ended well.)
# Matters: the option is what one takes against that deletion when a group holds hours of predictions. Afterwards scores of
#   the old window stand beside those of the new one, the run counts as complete, and nothing tells them apart.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet snakemake==9.27.1 snakemake-executor-plugin-cluster-generic==1.0.9
cat > submit <<'SUB'
#!/usr/bin/env bash
nohup bash "$1" > job.txt 2>&1 &
echo $!
SUB
cat > Snakefile <<'SMK'
rule all:
    input:
        expand("scores/{image}.txt", image=range(4)),

rule scores:
    output:
        "scores/{image}.txt",
    params:
        window=config["window"],
    threads: 999  # all that there are: one job after another
    group:
        "scores"
    shell:
        "echo {wildcards.image} >> started; echo {params.window} > {output}; test $(wc -l < started) != {config[failing]}"
SMK
call() {
    : > started
    local status=0
    venv/bin/snakemake --executor cluster-generic --cluster-generic-submit-cmd "bash submit" --jobs 1 --latency-wait 2 \
        --group-components scores=4 --seconds-between-status-checks 1 --config "$@" > log.txt 2>&1 || status=$?
    echo "$*: status $status, $(wc -l < started) jobs started, windows of the files: $(cat scores/* 2> /dev/null | tr '\n' ' ')"
    return $status
}
windows() { sort scores/* | tr -d '\n'; }
call window=1 failing=0
[ "$(windows)" = 1111 ]
! call window=2 failing=2 --keep-incomplete   # the second of four fails
[ "$(windows)" = 1122 ]
call window=2 failing=0
grep "Nothing to be done" log.txt
[ "$(windows)" = 1122 ]   # two files are still of window 1
! call window=3 failing=2
[ -z "$(ls scores 2> /dev/null)" ]   # without the option: all are gone, the first job's too
