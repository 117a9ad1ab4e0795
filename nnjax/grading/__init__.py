"""The engine of the exercises: check an answer, name the mistake, mark a class in a sandbox.

Imported piece by piece (``nnjax.grading.checking``, ``nnjax.grading.classroom``): some of the pieces run where the
others must not be.
"""
