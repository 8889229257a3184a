"""Private keys: files in folders, found by what their public half is called."""
