"""The canvas: one picture with what is drawn, accepted and proposed on it, and the tools to draw.

It holds no truth: it shows what it is given and tells by signals what a person did.
"""
