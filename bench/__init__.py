"""Measures how fast soc-core is, beside other programs on the same lines: `python -m bench`."""
