"""What is wrong with the user's input, as data: codes, spans, notes, help. Rendering is apart."""
