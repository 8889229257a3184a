"""What is heard now, for all pages."""
