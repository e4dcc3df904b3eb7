"""A validated study, expanded to cells and grouped into sweeps."""
