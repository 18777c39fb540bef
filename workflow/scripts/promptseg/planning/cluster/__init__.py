"""Runs on a cluster: what jobs ask the site for, and what keeps such a run going or says why it does not."""
