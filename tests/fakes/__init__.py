"""Stand-ins for services of others."""
