"""ThunderBox: a phone agent in one process, with local models, offline."""

__version__ = "0.1.0"
