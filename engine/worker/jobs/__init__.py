"""What a worker is asked to do beside training: score, translate, probe, merge, serve."""
