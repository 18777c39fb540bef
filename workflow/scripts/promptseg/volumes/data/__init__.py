"""From the files of a case to a stack of slices, and the objects in it."""
