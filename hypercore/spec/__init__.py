"""Words and contracts: what a stack, a clipping, a cell and a result column are. No torch."""
