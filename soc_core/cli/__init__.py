"""The program `soc`: one file per group of commands."""
