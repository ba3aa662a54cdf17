"""The pages of information governance officers, and the page on which a worker answers them."""
