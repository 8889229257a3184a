"""The page *Now*."""
