"""Segmentation engines: numpy and torch, no screen, no document."""
