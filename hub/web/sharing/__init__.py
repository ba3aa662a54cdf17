"""The sharing report for the partnership."""
