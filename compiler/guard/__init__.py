"""What guards look up at each request: `guard.json`, written for both of them, checked, and read back."""
