"""ThunderBox: a phone agent on one machine, with local models, offline."""

import os

__version__ = "0.1.0"

# They are read once, when the numeric libraries load, so they must stand before any import of
# them. Several calls share a few cores: threads that spin while they wait take the cores from
# the calls' media, and the arrays of speech features are too small to be worth a second thread.
# Some 10 µs of spinning cost less than to sleep and be woken between two steps of one model.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
