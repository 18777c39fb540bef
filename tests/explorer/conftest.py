"""Pages in a real browser."""

from support.browser import chromium, visit

__all__ = ["chromium", "visit"]
