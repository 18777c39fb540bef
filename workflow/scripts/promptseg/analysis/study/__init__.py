"""The published study: its numbers beside ours, and its findings as computed statements."""
