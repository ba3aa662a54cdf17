"""The command line: ``hub serve``, ``hub ask``, ``hub demo``, ``hub audit``, ``hub policy``, ``hub schema``."""
