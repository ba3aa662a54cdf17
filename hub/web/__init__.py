"""What people see in a browser. Thin: asks the service, shows what came back."""
