"""Models, data sets and the vectorised training loop: cells in, records of facts out."""
