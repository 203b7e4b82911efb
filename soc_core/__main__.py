"""Starts the program `soc`, also as `python -m soc_core`."""

from soc_core.cli.program import soc


def main() -> None:
    """Run the command line and end the process with its exit code."""
    soc(prog_name="soc")


if __name__ == "__main__":
    main()
