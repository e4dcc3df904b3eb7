"""The dashboard: pure data and figure functions, and the pages that show them. Never torch."""
