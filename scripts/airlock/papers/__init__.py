"""The papers of an image: what it is made of and under which licences, for people and programs that never run it."""
