#!/usr/bin/env bash
# Package: snakemake 9.27.1, rerun trigger params
# Expected: a job runs again when its parameters change.
# Seen: parameters are kept and compared as a sorted list of values without their names. Two that swap their values, or a
#   value that moves from one name to another, are no change: nothing to be done. One mapping as a single parameter is
#   compared with its names.
# Matters: pairs of numbers are what scoring takes (tolerances in mm and in pixels, lower and upper end of an intensity
#   window, height and width): after a correction of two that stood the wrong way round the old results stay.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet snakemake==9.27.1
cat > Snakefile <<'SMK'
rule all:
    input:
        "named.txt",
        "mapping.txt",

rule named:
    output:
        "named.txt",
    params:
        millimetres=config["mm"],
        pixels=config["px"],
    shell:
        "echo {params.millimetres} mm, {params.pixels} px > {output}"

rule mapping:
    output:
        "mapping.txt",
    params:
        tolerance={"millimetres": config["mm"], "pixels": config["px"]},
    shell:
        "echo {params.tolerance[millimetres]} mm, {params.tolerance[pixels]} px > {output}"
SMK
call() {
    venv/bin/snakemake --cores 1 --quiet all --config "$@" > log.txt 2>&1 || { cat log.txt; exit 1; }
    echo "$*: named $(cat named.txt); mapping $(cat mapping.txt)"
}
call mm=2 px=3
call mm=3 px=2
[ "$(cat named.txt)" = "2 mm, 3 px" ]     # not made again
[ "$(cat mapping.txt)" = "3 mm, 2 px" ]   # made again
call mm=4 px=2
[ "$(cat named.txt)" = "4 mm, 2 px" ]     # another value is a change
