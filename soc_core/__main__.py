"""Starts the program `soc`, also as `python -m soc_core`."""

import atexit
import gc

from soc_core.cli.program import soc


def main() -> None:
    """Run the command line and end the process with its exit code."""
    atexit.register(gc.freeze)  # what is left goes with the process; looking it through for garbage takes 0.4 s
    soc(prog_name="soc")


if __name__ == "__main__":
    main()
