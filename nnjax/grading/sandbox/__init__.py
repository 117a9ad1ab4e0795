"""Running a learner's code where it can reach nothing: no file, no network, no other process, no right answer."""
