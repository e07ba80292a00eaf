"""The harness's statistics: one module an idea, no I/O, seeded: the same run gives the same answer each time."""
