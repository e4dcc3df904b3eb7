"""What a training job does: load what is trained, train the rest, resume, keep records."""
