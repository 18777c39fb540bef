"""What is computed from scores: means, intervals, comparisons, findings, and the tables that hold them."""
