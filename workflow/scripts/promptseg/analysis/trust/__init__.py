"""What a method's confidence is worth: risk and coverage, failure detection, thresholds, the gain by discarding."""
