#!/usr/bin/env bash
# Package: snakemake 9.27.1 with --default-storage-provider (here snakemake-storage-plugin-fs 1.1.3, which needs rsync)
# Expected: an output marked protected() cannot be overwritten: with changed parameters Snakemake stops with
#   ProtectedOutputException, as it does without a storage. Or that both do not go together is said, as it is of
#   protected(storage.fs(...)): "Storage and protected flags are mutually exclusive".
# Seen: the log says "Write-protecting output file store/scores.txt (in storage)", but the rights are taken from the local
#   copy, which is then removed. The file in the storage stays writable, and a call with another parameter replaces it.
# Matters: protected() is for what took days or a reader's work (predictions of a large model, corrected masks). The same
#   workflow guards them on a laptop's disk and not in the storage of the cluster.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet snakemake==9.27.1 snakemake-storage-plugin-fs==1.1.3
cat > Snakefile <<'SMK'
rule scores:
    output:
        protected("scores.txt"),
    params:
        window=config["window"],
    shell:
        "echo {params.window} > {output}"
SMK
call() {
    local status=0
    venv/bin/snakemake --cores 1 --config "$@" > log.txt 2>&1 || status=$?
    echo "$*: status $status, $(grep -o "Write-protecting.*\|Write-protected output.*" log.txt)"
    return $status
}
rights() { stat -c %A "$1" | cut -c 2-3; }
call window=1
ls -l scores.txt
[ "$(rights scores.txt)" = r- ]
if [ "$(id -u)" != 0 ]; then   # root writes where nobody may
    ! call window=2
    grep -q ProtectedOutputException log.txt
fi
rm -rf .snakemake
call window=1 --default-storage-provider fs --default-storage-prefix store
ls -l store/scores.txt
[ "$(rights store/scores.txt)" = rw ]
call window=2 --default-storage-provider fs --default-storage-prefix store
[ "$(cat store/scores.txt)" = 2 ]   # replaced
