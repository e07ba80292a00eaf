"""The commands of `vane`: each module has `run(asked) -> exit code`."""
