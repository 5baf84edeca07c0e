"""The system around paces-live: the service manager, and the checks of doctor."""
