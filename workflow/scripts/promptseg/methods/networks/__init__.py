"""Networks of click-based segmentation methods, whose parameters bear the names of the authors' checkpoints."""
