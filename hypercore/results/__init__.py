"""Results on disk: schemas, crash-safe files, the store of cells. No torch, no pandas."""
