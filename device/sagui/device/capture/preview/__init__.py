"""What a person sees while photos are taken."""
