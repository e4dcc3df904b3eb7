"""What report and dashboard say and draw."""
