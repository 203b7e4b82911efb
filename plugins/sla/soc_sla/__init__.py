"""What is promised for each incident: how soon somebody responds, and how soon it is resolved."""
