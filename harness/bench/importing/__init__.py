"""Suites of other tools as ours: promptfoo's YAML tests, and JSON lines in BFCL's form."""
