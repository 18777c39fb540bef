"""promptseg: measure how well promptable segmentation models segment medical images."""

__version__ = "0.1.0"
