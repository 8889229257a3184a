"""A broker that knows its devices: a private authority, a certificate for each, and who may say what."""
