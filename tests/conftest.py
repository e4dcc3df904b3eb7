"""Settings of every test."""

from hypothesis import settings

# A loaded machine breaks any limit of wall time; pytest-timeout ends what hangs.
settings.register_profile("hypercore", deadline=None)
settings.load_profile("hypercore")
