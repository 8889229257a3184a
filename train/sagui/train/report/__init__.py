"""What a training tells a person: ``report.html`` and the pictures of a run."""
