"""What the Snakefile asks of Python: forecasts, locks, live lines, marks."""
