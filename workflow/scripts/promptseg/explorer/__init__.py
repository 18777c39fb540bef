"""The explorer of a run: a folder with a page of every object, its scores and masks, that opens without a server."""
