"""Numbers in, numbers out: intervals, aggregates, regions of stability."""
