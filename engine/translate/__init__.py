"""The translator as seen from outside: its client, its protocol, what was translated."""
