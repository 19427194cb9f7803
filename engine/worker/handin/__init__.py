"""Scripts that `yiwen export --course` hands in as they stand: nothing in Yiwen imports them.

They run where only torch, transformers and peft are, from the course's versions (transformers 4.45,
peft 0.13) up to ours, and take the run's prompt and settings from the utils.py written beside them.
"""
