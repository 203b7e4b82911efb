"""A dashboard for the shift, in a browser: a door of the house beside the command line."""
