"""`sagui doctor`: what this machine lacks, and the command that mends it. A module for each group of checks."""
