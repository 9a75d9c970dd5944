"""`airlock check`: runs the probe in the image, keeps its facts, and has them judged. `run.py` tells the story."""
