"""The guard that Cursor asks: the parts of one program, which `emit` joins into `vane-cursor-guard`.

Python 3.11 or later, standard library only, and quick to start: Cursor starts it for each event.
"""
