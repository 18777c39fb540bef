"""Masks of a whole volume against the truth."""
