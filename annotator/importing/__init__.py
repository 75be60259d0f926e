"""Readers of labels that were made elsewhere."""
