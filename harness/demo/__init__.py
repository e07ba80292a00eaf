"""`vane demo`: a week from beginning to end, in a scratch repository, without a key and without a network."""
