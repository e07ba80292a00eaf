"""Mutation tests (`make mutants`): small faults put into functions, one at a time, and whether a test sees them.

Test modules are imported once; each mutant is a fork in which one live function has another code. docs/mutants.md has
the results, and why neither mutmut nor cosmic-ray does it.
"""
