"""Training of the closed vocabulary on labelled pictures and the vectors of a text network."""
