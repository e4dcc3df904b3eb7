"""Statistics, comparison, regions, claims: pure functions of frames."""
