"""The partnership of the hard cases: the demo's agencies and a school, in one process, over their real protocols."""
