"""A registry of models, on the publisher's side: keys, publishing, renewing, checking, serving.

The registry is a folder of static files that The Update Framework describes (https://theupdateframework.io): whoever
serves it cannot change what devices accept. Described in ``docs/registry.md``.
"""
