"""What an exported file, ours or of another maker, makes of photos on this machine's runtime."""
