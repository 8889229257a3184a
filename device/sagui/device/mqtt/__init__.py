"""The device's place on a broker: one connection that is kept, what goes out over it, and what comes in."""
