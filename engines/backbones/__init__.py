"""Frozen feature extractors behind one protocol, and the cache of what they saw."""
