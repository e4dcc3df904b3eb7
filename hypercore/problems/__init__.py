"""What cells train on: data sets, models, losses and metrics, behind one contract (contract.py)."""
