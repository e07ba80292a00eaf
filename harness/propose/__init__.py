"""From evidence to edits of policies: one module a rule, each a pure function; what they propose is tried out first."""
