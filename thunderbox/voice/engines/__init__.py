"""Speech and language engines: one file each, behind the protocols of `thunderbox.voice.engine`."""

import os

# A thread of OpenMP that waits must sleep: by default it spins, which on a box with two cores
# takes the core that the phone's sound needs (measured: 188 ms a token instead of 1.5 ms while
# another program runs). It only counts when set before the engines' libraries are loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# The same for numpy: its matrices here are too small to share (5.6 ms of features become 0.5 ms).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
