"""Joins study, train and results for one sweep: resume, cache, progress."""
