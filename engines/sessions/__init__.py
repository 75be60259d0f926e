"""The stateful desks of the engine: one object per journey."""
