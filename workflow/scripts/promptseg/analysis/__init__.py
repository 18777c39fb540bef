"""Tables from scores: means, intervals, comparisons, findings."""
