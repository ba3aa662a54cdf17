"""Tools for maintainers; users of the hub never run them."""
