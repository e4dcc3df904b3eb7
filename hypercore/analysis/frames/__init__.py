"""Tables read, joined and judged, and the entries that statistics take."""
