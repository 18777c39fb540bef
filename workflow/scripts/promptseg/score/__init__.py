"""Predicted masks against the truth."""
