"""A team's repository to begin with: policies, workflows, owners and editor settings, made of what this project has."""
