"""The words of every room for prompts, masks and settings, in the order of tables and figures."""

STUDY_MODES = ("mode1", "mode2", "mode3", "mode4", "mode5")
SCRIBBLE_MODES = ("scribble_centre", "scribble_walk", "scribble_contour")
DRAWN_MODES = SCRIBBLE_MODES[1:]  # by chance
LASSO = "lasso"
LINE_MODES = (*SCRIBBLE_MODES, LASSO)  # a run has them where it asks for them
SINGLE_MODES = (*STUDY_MODES, *LINE_MODES)  # one prompt, whose answer is not corrected
ITERATIVE = "iterative"
EVERYTHING = "everything"  # the mode without prompts
MODES = (*SINGLE_MODES, ITERATIVE)
ALL_MODES = (*MODES, EVERYTHING)
AUTOMATIC = "automatic"  # no prompt: masks from files
SCORED_MODES = (*ALL_MODES, AUTOMATIC)
POINT_MODES = ("mode1", "mode2", ITERATIVE)
BOX_MODES = ("mode3", "mode4", "mode5")

# The status of clicks after the end of what a person recorded: neither a failure nor beyond the method.
NOT_RECORDED = "not_recorded"

# Which candidate counts: the first, the one with the highest predicted IoU, the one with the highest true IoU.
SELECTIONS = ("first", "best_score", "oracle")

# Numbers of clicks after which comparisons are made, and those of the headline table.
COMPARED_CLICKS = (1, 3, 5, 9)
HEADLINE_CLICKS = (1, 5, 9)
