"""What the presentation and the paper printed, and which of our cells it is about."""
