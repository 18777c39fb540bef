"""Methods meet prompts: what is asked, in which batches, and what becomes of the answers."""
