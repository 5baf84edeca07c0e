"""Who gets in: the token, the gate in front of the app, and the certificates. It knows no other room of the server."""
