"""The checks: one class a code, whose docstring is its documentation."""
