"""What a study's cells come to: comparisons, effects, ranges, residuals."""
