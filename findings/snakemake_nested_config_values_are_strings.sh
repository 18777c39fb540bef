#!/usr/bin/env bash
# Package: snakemake 9.27.1, --config with nested values and lists
# Expected: what the option's help shows, "--config \"foo={'bar': 42}\"" in Python's format, sets the number 42 as
#   "--config bar=42" does, and False is false.
# Seen: at the top level numbers and True/False get their types; within a mapping or a list every value is a string: '42',
#   'False' (which is true in an if) and ['1', '2']. Beside values from a configuration file both kinds stand in one
#   mapping, and twice a tolerance of 3 is '33'.
# Matters: settings of datasets and scores are nested. A switch turned off on the command line stays on, a list of
#   tolerances matches no number of the tables, and a run without a schema of its configuration ends well.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet snakemake==9.27.1
echo 'scores: {strict: true, tolerance: 2}' > config.yaml
cat > Snakefile <<'SMK'
import json

configfile: "config.yaml"

scores = config["scores"]
with open("seen.txt", "w") as file:
    strict = "strict" if scores["strict"] else "not strict"
    print(json.dumps(config, sort_keys=True), strict, scores["tolerance"] * 2, sep="; ", file=file)

rule all:
SMK
look() {
    venv/bin/snakemake --cores 1 --dry-run --config "$@" > log.txt 2>&1 || { cat log.txt; exit 1; }
    cat seen.txt
}
venv/bin/snakemake --help | tr -s ' \n' ' ' | grep -F "\`--config \"foo={'bar': 42}\"\`" > help.txt
look tolerance=3 strict=False
grep -qF '"strict": false, "tolerance": 3}; strict; 4' seen.txt
look "scores={'tolerance': 3}" "tolerances=[1, 2]"
[ "$(cat seen.txt)" = '{"scores": {"strict": true, "tolerance": "3"}, "tolerances": ["1", "2"]}; strict; 33' ]
look "scores={'strict': False}"
[ "$(cat seen.txt)" = '{"scores": {"strict": "False", "tolerance": 2}}; strict; 4' ]
