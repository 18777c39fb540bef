"""Images, truths and predictions of a run in the formats of other tools."""
