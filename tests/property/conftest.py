"""Property tests have no deadline of their own: how long one example takes says more of the machine than of the rule."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
