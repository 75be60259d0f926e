"""The open document: what a person made, with neither Qt nor torch."""
