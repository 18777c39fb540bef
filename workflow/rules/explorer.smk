"""The explorer of a run: every object, its scores and masks, in a folder of pages."""
