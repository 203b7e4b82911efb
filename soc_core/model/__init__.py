"""The nouns of the trade: frozen values that every other room speaks in."""
