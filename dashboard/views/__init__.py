"""One module a page, each with a function ``page``.

Not named ``pages``: Streamlit would take the modules of such a folder for pages of its own.
"""
