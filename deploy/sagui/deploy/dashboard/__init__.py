"""The fleet in a browser: what it sees now, what it saw, and which model it runs."""
