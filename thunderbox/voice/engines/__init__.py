"""Speech and language engines: one file each, behind the protocols of `thunderbox.voice.engine`."""

import os

# A thread of OpenMP that waits must sleep: by default it spins, which on a box with two cores
# takes the core that the phone's sound needs (measured: 188 ms a token instead of 1.5 ms while
# another program runs). It only counts when set before the engines' libraries are loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# But not at once: the threads of one model meet hundreds of times a token, and to be woken takes
# longer than most of these waits. In rounds of some 10 ns (measured on two cores, a token of a
# model of 0.5 billion parameters): 25 ms with none, 14 ms with 1,000, 13 ms with 10,000; beside
# two busy programs 19 ms with none and 170 ms with 10,000.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

# The same for numpy: its matrices here are too small to share (5.6 ms of features become 0.5 ms).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
