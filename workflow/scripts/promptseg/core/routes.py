"""The words of volumes: how prompts on some slices become masks on all, in the order of tables and figures."""

EXTRUDE, INTERPOLATE = "extrude", "interpolate"
EACH, BETWEEN = "each", "between"
CARRY_BOX, CARRY_POINT, CARRY_MASK = "carry_box", "carry_point", "carry_mask"
MEMORY, NATIVE = "memory", "native"

# Of true contours, without a network: what they cost and bring is what every other route is set against.
CONTROL_ROUTES = (EXTRUDE, INTERPOLATE)
CARRY_ROUTES = (CARRY_BOX, CARRY_POINT, CARRY_MASK)
SLICE_ROUTES = (EACH, BETWEEN, *CARRY_ROUTES)  # of any method for images
ROUTES = (*CONTROL_ROUTES, *SLICE_ROUTES, MEMORY, NATIVE)
FILES = "files"  # nothing is asked: masks from files
SCORED_ROUTES = (*ROUTES, FILES)

# What stands for the method of the controls.
CONTOURS = "contours"

# What is shown on a slice: a box, a point, the contour of the object, or a line drawn by hand.
BOX, POINT, MASK = "box", "point", "mask"
SCRIBBLE, LASSO = "scribble", "lasso"
SLICE_PROMPTS = (BOX, POINT, MASK, SCRIBBLE, LASSO)
NOTHING = "none"  # of masks from files: no prompt, on no slice

# Whether the user tells the first and the last slice of the object, or the route has to find them.
GIVEN, OPEN = "given", "open"
EXTENTS = (GIVEN, OPEN)

LARGEST = "largest"  # the slice with the largest area of the object
ALL_SLICES = "all"  # of `each`: every slice of the object is prompted
