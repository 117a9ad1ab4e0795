"""The lessons as notebooks: built from their sources, carried to the learner, filled in for the lecturer."""
