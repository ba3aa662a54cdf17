"""Who may ask: access tokens checked strictly, and the register that decides what the token's bearer may do."""
