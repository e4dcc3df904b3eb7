"""Names that stood for something else until the presentation's own code was known.

Rows and checkpoints of then are read as what they were; a config of then now asks for something else.
"""

# By column, then by name: the name of today of what it stood for.
STOOD_FOR = {
    "clipping": {"on": "running_mean(all)"},
    "model": {"cnn": "cnn-relu-valid-final"},
}
