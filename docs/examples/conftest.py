"""The examples are distributions of their own: `tests/journeys/test_examples.py` installs them and runs their tests."""

collect_ignore_glob = ["*"]
