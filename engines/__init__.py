"""Segmentation engines: numpy and torch, no screen, no document."""

import os

# Read by torch's thread pool when torch is first imported. Threads that wait by spinning take the
# processor from those that work: on two shared cores that made live answers up to twice as slow.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
