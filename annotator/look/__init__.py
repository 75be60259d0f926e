"""The look: one table of colours, icons and measures for everything that is on screen."""
