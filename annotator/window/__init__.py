"""The window: actions, pages and messages around the canvas and the panels."""
