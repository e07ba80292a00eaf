"""`vane week`: Monday's work from the market to the pull request's branch."""
