"""Photos themselves: looked into, and written out."""
