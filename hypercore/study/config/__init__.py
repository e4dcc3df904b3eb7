"""A study's YAML file, validated in words."""
