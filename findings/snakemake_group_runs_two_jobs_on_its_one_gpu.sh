#!/usr/bin/env bash
# Package: snakemake 9.27.1, a group of jobs on a cluster with --resources (any executor, here
#   snakemake-executor-plugin-cluster-generic 1.0.9 with a submit command that starts the job in the background)
# Expected: "--resources gpu=1" makes a group of three jobs of one GPU ask for one GPU and three times the time, as the
#   documentation says: what exceeds the limit is stacked in series. The jobs then run one after another.
# Seen: one GPU, the memory of one job and the time of three are asked for, but the limits are not handed to the Snakemake
#   of the node, which has --cores all and no other limit: it starts as many of the jobs at once as the node has cores.
# Matters: two networks on one GPU, or twice the memory that was asked for, end as out of memory on a node of many cores
#   although each job fits; those that survive have benchmark times of a shared GPU.
set -euo pipefail
[ "$(nproc)" -ge 2 ]
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet snakemake==9.27.1 snakemake-executor-plugin-cluster-generic==1.0.9
cat > submit <<'SUB'
#!/usr/bin/env bash
echo "asked for: gpu $1, mem_mb $2, runtime $3" > asked.txt
nohup bash "$4" > job.txt 2>&1 &
echo $!
SUB
cat > Snakefile <<'SMK'
rule all:
    input:
        expand("masks/{image}.txt", image=range(3)),

rule masks:
    output:
        "masks/{image}.txt",
    resources:
        gpu=1,
        mem_mb=1000,
        runtime=10,
    group:
        "masks"
    shell:
        "touch running.{wildcards.image}; sleep 2; ls running.* | wc -l > {output}; sleep 2; rm running.{wildcards.image}"
SMK
most() {
    sort -n masks/* | tail -1
    rm -rf masks
}
venv/bin/snakemake --cores 3 --resources gpu=1 mem_mb=1000 > log.txt 2>&1
alone=$(most)
venv/bin/snakemake --executor cluster-generic --cluster-generic-submit-cmd \
    "bash submit {resources.gpu} {resources.mem_mb} {resources.runtime}" --jobs 1 --group-components masks=3 --latency-wait 2 \
    --seconds-between-status-checks 1 --resources gpu=1 mem_mb=1000 > log.txt 2>&1
cat asked.txt
grouped=$(most)
echo "at once on the one GPU: $alone on one machine, $grouped in the group"
grep -q "gpu 1, mem_mb 1000, runtime 30" asked.txt
[ "$alone" = 1 ]
[ "$grouped" -ge 2 ]
