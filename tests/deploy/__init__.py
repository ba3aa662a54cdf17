"""The deployment examples, checked as far as a machine without a container engine allows."""
