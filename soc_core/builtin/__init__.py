"""The plugins that come with the house: rules, the trigger rule, a tracker and a notifier of last resort."""
