"""The Coral Edge TPU: what of a model would run on it, and the compiler that puts it there."""
