"""A worker as a process: quiet libraries, devices and memory, what it reports, how it fails."""
