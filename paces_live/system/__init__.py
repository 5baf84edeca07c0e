"""What paces-live has to do with the system it runs on: service manager, health checks."""
