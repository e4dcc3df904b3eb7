"""Commands about a study's results."""
