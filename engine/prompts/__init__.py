"""A pair becomes scored tokens: strategies, few-shot examples, the prompt builder."""
