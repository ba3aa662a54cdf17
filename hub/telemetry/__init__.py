"""What whoever runs the hub can watch: metrics and traces. No name, number or text of anybody's can get into them.

Every part of the hub may import this; it knows none of them. What is recorded is of closed kinds: an enum's member, the
id of a custodian from the settings, a duration. There is no way to hand over a free text.
"""
