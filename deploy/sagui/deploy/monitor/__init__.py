"""A fleet in the terminal: what its devices see, and how they are."""
