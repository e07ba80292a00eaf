"""The compiler: policies and a lock in, what the Macs read out. Pure: no network, clock, environment or random."""

VERSION = "0.1.0"
