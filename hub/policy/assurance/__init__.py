"""Are the policies what their authors mean, and does the engine decide as they say?

Two readings of a bundle that share nothing with :mod:`hub.policy.engine`: one as Cedar text for another engine to
decide, one as a formula for a solver. :mod:`~hub.policy.assurance.invariants` is what must always hold, in words.
"""
