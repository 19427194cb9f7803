"""Handing a run in as the course takes it: adapter, prompt, scripts; and grading it likewise."""
