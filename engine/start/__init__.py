"""From a wish to a worker: the request, what it will do, need and take, the launch."""
