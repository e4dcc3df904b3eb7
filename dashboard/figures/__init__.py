"""Plotly figures as pure functions of frames."""
