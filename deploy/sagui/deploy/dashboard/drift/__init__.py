"""The page *Drift*."""
