"""From turns to measured clocks: cycles, what they promise, when their hours run, and the steps along them."""
