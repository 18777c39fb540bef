# Entry point, so that `snakemake --cores 8 --use-conda` works in the root; the workflow is in workflow/.
include: "workflow/Snakefile"


# An included file never sets the default target.
workflow.default_target = "all"
