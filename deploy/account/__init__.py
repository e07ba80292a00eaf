"""`vane account`: the team's OpenRouter account, brought to what generated/openrouter/ says."""
