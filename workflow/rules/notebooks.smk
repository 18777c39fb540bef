"""Execute the notebooks on the results of the run: `snakemake --cores 1 notebooks`.

It needs Jupyter's packages: `.venv/bin/pip install -e '.[notebook]'`.
"""

NOTEBOOKS = ["explore_results", "add_a_method"]


rule execute_notebook:
    input:
        notebook=os.path.relpath(WORKFLOW.parent / "notebooks" / "{notebook}.ipynb"),
        scores=rules.aggregate.output.scores,
        statistics=rules.aggregate.output.statistics,
        lib=library("execute_notebook"),
    output:
        notebook="<results>/notebooks/{notebook}.ipynb",
        page="<results>/notebooks/{notebook}.html",
    log:
        "<logs>/execute_notebook/{notebook}.log",
    wildcard_constraints:
        notebook="|".join(NOTEBOOKS),
    conda:
        "../../envs/notebook.yaml"
    params:
        results=lambda wildcards: RESULTS,
        shared=lambda wildcards: SHARED,
        configfiles=[os.path.abspath(file) for file in workflow.configfiles],
    script:
        "../scripts/execute_notebook.py"


rule notebooks:
    input:
        collect("<results>/notebooks/{notebook}.{ending}", notebook=NOTEBOOKS, ending=["ipynb", "html"]),
