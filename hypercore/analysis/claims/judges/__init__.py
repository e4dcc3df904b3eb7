"""How each claim is judged."""
