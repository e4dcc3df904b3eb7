"""Claims as data, and the verdicts that a study's evidence gives them."""
