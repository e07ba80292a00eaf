"""A first set of policies from what a team has: openclaw.json, a LiteLLM config.yaml, or the article's skeleton."""
