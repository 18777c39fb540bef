"""Volumes: one object over all slices of an image, by every route from a few prompts to a mask in three dimensions."""
