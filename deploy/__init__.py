"""What reaches out and changes something: the team's OpenRouter account, from compiled files alone."""
