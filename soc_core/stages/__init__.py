"""The five stages that events and incidents pass through; they do not know one another."""
