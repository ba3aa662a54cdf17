"""Share unless a specific legal impediment: loads ``policies/``, decides field by field, releases, explains.

The rules are reviewed text (``policies/``); this package reads them strictly, compiles them to bit masks and answers in
three-valued logic: what cannot be ruled out withholds. Pure, but for reading the files it is pointed at.
"""
