"""A closed list of words that a small frozen backbone can look for without any text network."""
